import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { messageJson } from "../../../functions/client/new-message.ts";
import { isSchema } from "../../../functions/reference/schemas/json-schema.ts";
import { root } from "../../../infra/build/repository.ts";
import { faultOf, operationAt, schemaFor } from "../../builders/api-description.ts";

interface Call {
  readonly method: string;
  readonly path: string;
  /** Null if the request has no body, or one that stands in a file. */
  readonly body: unknown;
}

const withoutContinuations = (text: string): string => text.replaceAll(/\\\n\s*/g, " ");

/** The requests of curl in a document. */
const curlCalls = (text: string): Call[] =>
  [
    ...withoutContinuations(text).matchAll(/\bcurl [^\n]*?"\$RELAIS(\/[^"?]*)[^"]*"[^\n]*?(?:-d '([^']*)'|(?=\n)|$)/gs),
  ].map(([command, path = "", data]) => ({
    method: /-X (\w+)/.exec(command)?.[1] ?? (command.includes(" -d ") ? "POST" : "GET"),
    path: path.replaceAll(/\$\w+/g, "x"),
    body: data === undefined ? null : JSON.parse(data),
  }));

const OPENING = "{[(";
const CLOSING = "}])";

/** The text of the literal whose bracket stands at an index. */
const literalAt = (text: string, start: number): string => {
  let depth = 0;
  for (let at = start; at < text.length; at += 1) {
    const character = text[at] ?? "";
    if (OPENING.includes(character)) depth += 1;
    if (CLOSING.includes(character)) depth -= 1;
    if (depth === 0) return text.slice(start, at + 1);
  }
  throw new Error("a literal does not end");
};

/** What JavaScript in a document sends, as the client writes it. */
const scriptCalls = (text: string): Call[] =>
  [...text.matchAll(/(JSON\.stringify|messages\.send|messages\.batch)\((?=[{[])/g)].map((match) => {
    const literal = literalAt(text, match.index + match[0].length);
    const value = new Function(`return (${literal});`)();
    return match[1] === "messages.batch"
      ? { method: "POST", path: "/v1/messages/batch", body: { items: value.map(messageJson) } }
      : { method: "POST", path: "/v1/messages", body: messageJson(value) };
  });

const DOCUMENTS = ["README.md", "README.fr.md", ...globSync("functions/**/*.md", { cwd: root })].filter((path) =>
  existsSync(join(root, path)),
);

const bodySchema = (method: string, path: string) =>
  schemaFor(operationAt(method, path)?.requestBody, "application/json");

describe("The examples in the documents", () => {
  let checked = 0;

  for (const document of DOCUMENTS) {
    const text = readFileSync(join(root, document), "utf8");
    const calls = [...curlCalls(text), ...scriptCalls(text)];
    if (calls.length === 0) continue;
    it(`are requests that the API's description allows: ${document}`, () => {
      for (const { method, path, body } of calls) {
        assert.ok(isSchema(operationAt(method, path)), `${method} ${path} is no operation`);
        if (body !== null) assert.equal(faultOf(bodySchema(method, path) ?? {}, body), null, JSON.stringify(body));
        checked += 1;
      }
    });
  }

  it("are found", () => assert.ok(checked >= 10, String(checked)));
});
