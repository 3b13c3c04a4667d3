import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { createConfig, lintFromString } from "@redocly/openapi-core";
import { Validator } from "@seriousme/openapi-schema-validator";
import { THIS_BUILD } from "../../../functions/domain/build.ts";
import { TEXT_CODES } from "../../../functions/domain/problem-texts.ts";
import { openApiDocument, operationKey } from "../../../functions/reference/openapi.ts";
import { OPERATIONS } from "../../../functions/reference/operations/every-operation.ts";
import { isSchema, type JsonSchema } from "../../../functions/reference/schemas/json-schema.ts";
import { PROBLEM_CODES } from "../../../functions/reference/schemas/message-views.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { everyRoute } from "../../../functions/runtime/handlers/every-route.ts";
import type { Route } from "../../../functions/runtime/http.ts";
import { healthRoute } from "../../../functions/runtime/http-edge.ts";
import { DOCUMENT, faultOf, operationAt, part, schemaFor } from "../../builders/api-description.ts";

/** Every object in a JSON value, with the pointer to it. */
const objectsIn = function* (value: unknown, at = "#"): Generator<readonly [string, JsonSchema]> {
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* objectsIn(item, `${at}/${index}`);
  if (!isSchema(value)) return;
  yield [at, value];
  for (const [name, inner] of Object.entries(value)) yield* objectsIn(inner, `${at}/${name.replaceAll("/", "~1")}`);
};

const schemas = part("components", "schemas");
const version = (): string =>
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")).version;

describe("The description of the API", () => {
  let dataDir: string;
  let routes: readonly Route[];

  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), "relais-openapi-"));
    const config = loadConfig({ RELAIS_DATA_DIR: dataDir, RELAIS_SETUP_TOKEN: "x".repeat(32) });
    routes = [...everyRoute(compose(config, { component: "test" })), healthRoute(THIS_BUILD)];
  });
  after(() => rmSync(dataDir, { recursive: true }));

  it("is what the routes, the schemas and the catalogue of problems make (else: npm run openapi)", () => {
    assert.deepEqual(DOCUMENT, JSON.parse(JSON.stringify(openApiDocument(routes, version()))));
  });

  it("describes every route, and nothing that is no route", () => {
    assert.deepEqual(Object.keys(OPERATIONS).toSorted(), routes.map(operationKey).toSorted());
    const [first = healthRoute(THIS_BUILD)] = routes;
    assert.throws(
      () => openApiDocument([{ ...first, path: "/v1/forgotten" }], "1"),
      /\/v1\/forgotten is not described/,
    );
  });

  it("names every code of a problem at an operation that may answer it", () => {
    const named = new Set(
      [...objectsIn([part("components", "responses"), part("paths")])].flatMap(([, { code }]) =>
        isSchema(code) && Array.isArray(code.enum) ? code.enum : [],
      ),
    );
    const pages = JSON.stringify(part("paths", "/google_gmail/confirm"));
    const missing = PROBLEM_CODES.filter((code) => !named.has(code) && !pages.includes(`\`${code}\``));
    // Two are only named within a dry run, and no operation has a wrong method.
    assert.deepEqual(missing, ["grant_revoked", "paused", "method_not_allowed"]);
    for (const code of PROBLEM_CODES) assert.ok(TEXT_CODES.includes(code));
  });

  it("describes every member of every body", () => {
    const silent = [...objectsIn(schemas)].flatMap(([at, { properties }]) =>
      Object.entries(isSchema(properties) ? properties : {})
        .filter(([, member]) => isSchema(member) && member.description === undefined && member.$ref === undefined)
        .map(([name]) => `${at}/${name}`),
    );
    assert.deepEqual(silent, []);
    assert.ok(Object.keys(schemas).length > 50);
  });

  it("gives every member of a body a type", () => {
    const shapeless = [...objectsIn(schemas)].flatMap(([at, { properties }]) =>
      Object.entries(isSchema(properties) ? properties : {})
        .filter(([, member]) => isSchema(member))
        .filter(
          ([, member]) =>
            !["type", "$ref", "anyOf", "enum", "const"].some((word) => Object.hasOwn(Object(member), word)),
        )
        .map(([name]) => `${at}/${name}`),
    );
    assert.deepEqual(shapeless, []);
  });

  it("passes a strict validator of OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(DOCUMENT));
    assert.ok(valid, JSON.stringify(errors));
    const broken = await new Validator().validate({ ...DOCUMENT, paths: { "/v1": { get: {} } }, info: {} });
    assert.equal(broken.valid, false);
  });

  it("passes a style linter without a complaint", async () => {
    const config = await createConfig({ extends: ["recommended-strict"] });
    const problems = await lintFromString({ source: JSON.stringify(DOCUMENT), config });
    assert.deepEqual(
      problems.map(({ ruleId, message, location }) => [ruleId, message, location[0]?.pointer]),
      [],
    );
    const broken = await lintFromString({ source: JSON.stringify({ ...DOCUMENT, servers: [] }), config });
    assert.notDeepEqual(broken, []);
  });

  it("has examples that are as it says", () => {
    let seen = 0;
    const faults = [...objectsIn(DOCUMENT)].flatMap(([at, { schema, examples, example, ...rest }]) => {
      const named = isSchema(examples) ? Object.values(examples).map((one) => (isSchema(one) ? one.value : one)) : [];
      const own = Array.isArray(examples) ? examples.map((value) => [rest, value]) : [];
      const pairs = isSchema(schema)
        ? [...named, ...(example === undefined ? [] : [example])].map((value) => [schema, value])
        : own;
      return pairs.flatMap(([shape, value]) => {
        seen += 1;
        const fault = faultOf(isSchema(shape) ? shape : {}, value);
        return fault === null ? [] : [`${at}: ${fault}`];
      });
    });
    assert.deepEqual(faults, []);
    assert.ok(seen > 50, String(seen));
  });

  it("tells a wrong body from a right one", () => {
    const body = schemaFor(operationAt("POST", "/v1/messages")?.requestBody, "application/json") ?? {};
    assert.equal(faultOf(body, { to: "b@example.org", subject: "s", text: "t" }), null);
    for (const wrong of [
      { to: 1 },
      { too: "b@example.org" },
      { attachments: [{ path: "/etc/passwd", content: "" }] },
      [],
    ]) {
      assert.notEqual(faultOf(body, wrong), null, JSON.stringify(wrong));
    }
  });
});
