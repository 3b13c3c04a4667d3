import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { patienceOf } from "../../../functions/domain/patience.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { testRandom } from "../../builders/store.ts";

const TIME = "2026-11-30T01:02:03.000000007Z";
const NAME = "projects/p/databases/(default)/documents/serverNames/a";

type Answer = (response: ServerResponse) => unknown;
const json =
  (status: number, body: unknown): Answer =>
  (response) =>
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
const refused = (code: number, status: string): Answer => json(code, { error: { code, status, message: "planned" } });
/** The request has come, and nobody knows whether it was carried out. */
const reset: Answer = (response) => response.socket?.resetAndDestroy();
/** The answer breaks off after its first half. */
const half: Answer = (response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" }).write("[{");
  setImmediate(() => response.destroy());
};
const page: Answer = (response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>busy</html>");

const document = (write: string) => ({
  found: {
    name: NAME,
    fields: { json: { stringValue: '{"serverId":"srv_1"}' }, write: { stringValue: write } },
    createTime: TIME,
    updateTime: TIME,
  },
  readTime: TIME,
});
const found = json(200, [document("another's")]);
const written = json(200, { writeResults: [{ updateTime: TIME }], commitTime: TIME });

describe("Firestore out of order", () => {
  let answers: Answer[];
  let bodies: string[];
  let records: Records;
  const server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    bodies.push(Buffer.concat(parts).toString());
    (answers.shift() ?? reset)(response);
  });
  before(async () => {
    await once(server.listen(0, "127.0.0.1"), "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    [answers, bodies] = [[], []];
    // The pauses between repetitions take no time.
    const clock = { ...systemClock(), sleep: async () => undefined };
    const patience = () => patienceOf(clock, { totalMs: 60_000, failsFast: true });
    const calls = googleCalls({ clock, random: testRandom, patience });
    const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    records = firestoreRecords({ calls, random: testRandom, database: openDatabase("p", host) });
  });
  const get = () => records.get("serverNames", "a");
  const create = () => records.commit([{ op: "create", kind: "serverNames", id: "a", value: { serverId: "srv_1" } }]);

  for (const [what, answer] of Object.entries({
    "a connection that ends after the request": reset,
    "an answer that breaks off": half,
    "a proxy's page": page,
    "503 without a body of Google's": json(503, {}),
    "an internal error": refused(500, "INTERNAL"),
    "a lost race for a lock": refused(409, "ABORTED"),
  })) {
    it(`repeats a read after ${what}, four times at most`, async () => {
      answers = [answer, answer, found];
      assert.equal((await get())?.value.serverId, "srv_1");
      assert.equal(bodies.length, 3);
      answers = [answer, answer, answer, answer, found];
      await assert.rejects(get(), Unavailable);
      assert.equal(bodies.length, 7);
    });
  }

  for (const [what, answer] of Object.entries({
    "a used-up quota": refused(429, "RESOURCE_EXHAUSTED"),
    "an invalid token": refused(401, "UNAUTHENTICATED"),
    "a missing right": refused(403, "PERMISSION_DENIED"),
    "a missing database": refused(404, "NOT_FOUND"),
    "a deadline of Google's": refused(504, "DEADLINE_EXCEEDED"),
  })) {
    it(`asks once and says that the store cannot be reached after ${what}`, async () => {
      answers = [answer, found];
      await assert.rejects(get(), Unavailable);
      assert.equal(bodies.length, 1);
    });
  }

  it("takes a request that Google finds wrong for a defect", async () => {
    answers = [refused(400, "INVALID_ARGUMENT")];
    await assert.rejects(get(), (error) => error instanceof Error && !(error instanceof Unavailable));
  });

  it("repeats a commit whose answer was lost with the same mark, and recognises its own work by it", async () => {
    const markIn = (body: string): string => /"write":\{"stringValue":"([^"]+)"/.exec(body)?.[1] ?? "";
    const own: Answer = (response) => json(200, [document(markIn(bodies[0] ?? ""))])(response);
    answers = [reset, refused(409, "ALREADY_EXISTS"), own];
    assert.equal((await create()).done, true);
    assert.equal(bodies.length, 3);
    assert.notEqual(markIn(bodies[0] ?? ""), "");
    assert.equal(markIn(bodies[1] ?? ""), markIn(bodies[0] ?? ""));
  });

  it("does not take another's work for its own", async () => {
    answers = [reset, refused(409, "ALREADY_EXISTS"), found];
    assert.deepEqual(await create(), { done: false, at: 0 });
  });

  it("commits once if all is well", async () => {
    answers = [written];
    assert.equal((await create()).done, true);
    assert.equal(bodies.length, 1);
  });
});
