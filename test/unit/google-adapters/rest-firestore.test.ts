import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Firestore, Timestamp } from "@google-cloud/firestore";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { GoogleApiError } from "../../../functions/adapters/google-cloud/canonical-status.ts";

const NAME = "projects/p/databases/(default)/documents/kinds/a";
const TIME = "2026-11-30T01:02:03.000000007Z";

describe("Firestore's package over our own transport", () => {
  let answer: unknown;
  let asked: { readonly path: string; readonly authorization: string; readonly body: unknown }[];
  let database: Firestore;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { authorization = "" } = request.headers;
    asked.push({ path: request.url ?? "", authorization, body: JSON.parse(Buffer.concat(parts).toString()) });
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  });
  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
    database = openDatabase("p", `127.0.0.1:${(server.address() as AddressInfo).port}`);
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    asked = [];
  });

  it("reads a document whose fields are named as the API's own members", async () => {
    const fields = {
      updateTime: { stringValue: "never" },
      limit: { integerValue: "9007199254740991" },
      error: { nullValue: null },
      at: { timestampValue: TIME },
      list: { arrayValue: { values: [{ doubleValue: 0.5 }, { booleanValue: true }] } },
    };
    answer = [{ found: { name: NAME, fields, createTime: TIME, updateTime: TIME }, readTime: TIME }];
    const document = await database.doc("kinds/a").get();
    assert.deepEqual(document.data(), {
      updateTime: "never",
      limit: Number.MAX_SAFE_INTEGER,
      error: null,
      at: new Timestamp(Date.parse("2026-11-30T01:02:03Z") / 1_000, 7),
      list: [0.5, true],
    });
    assert.deepEqual(document.updateTime, new Timestamp(Date.parse("2026-11-30T01:02:03Z") / 1_000, 7));
    const path = "/v1/projects/p/databases/(default)/documents:batchGet";
    const body = { documents: [NAME] };
    assert.deepEqual(asked, [{ path, authorization: "Bearer owner", body }]);
  });

  it("writes times to the nanosecond, and fields named as the API's own members", async () => {
    answer = { writeResults: [{ updateTime: TIME }], commitTime: TIME };
    const lastUpdateTime = new Timestamp(1, 5);
    const [result] = await database
      .batch()
      .update(database.doc("kinds/a"), { limit: { value: 1 }, readTime: new Timestamp(2, 30) }, { lastUpdateTime })
      .commit();
    assert.equal(result?.writeTime.nanoseconds, 7);
    const [{ body } = { body: undefined }] = asked;
    const fields = {
      limit: { mapValue: { fields: { value: { integerValue: 1 } } } },
      readTime: { timestampValue: "1970-01-01T00:00:02.000000030Z" },
    };
    const write = {
      update: { name: NAME, fields },
      updateMask: { fieldPaths: ["limit", "readTime"] },
      currentDocument: { updateTime: "1970-01-01T00:00:01.000000005Z" },
    };
    assert.deepEqual(body, { writes: [write] });
  });

  it("asks for a page by a plain number, and takes an error after the first results for no answer", async () => {
    answer = [{ readTime: TIME }, { error: { code: 503, status: "UNAVAILABLE", message: "half way" } }];
    await assert.rejects(
      database.collection("kinds").where("x", "<", Number.POSITIVE_INFINITY).limit(3).get(),
      (error) => error instanceof GoogleApiError && error.status === "UNAVAILABLE",
    );
    const [{ body } = { body: undefined }] = asked;
    const { structuredQuery }: { structuredQuery?: { limit?: unknown; where?: unknown } } = Object(body);
    assert.equal(structuredQuery?.limit, 3);
    assert.match(JSON.stringify(structuredQuery?.where), /"doubleValue":"Infinity"/);
  });

  it("refuses a call that Relais does not make, instead of sending it another way", async () => {
    await assert.rejects(database.collection("kinds").count().get(), /none of the calls/);
    assert.deepEqual(asked, []);
  });
});
