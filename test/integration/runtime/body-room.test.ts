import assert from "node:assert/strict";
import { type ClientRequest, request } from "node:http";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HELD_LIMIT } from "../../../functions/runtime/body.ts";
import type { Reply, Route } from "../../../functions/runtime/http.ts";
import { SETUP_TOKEN, serveRoutes, testSystem } from "../../builders/edge.ts";
import { eventually } from "../../builders/eventually.ts";

const LARGE = Buffer.alloc(30 * 1024 * 1024, "x");
const done: Reply = { kind: "json", status: 200, body: {} };

describe("the room for bodies of an instance", () => {
  let under: number;
  let finish: () => void;
  let finished: Promise<void>;
  let system: ReturnType<typeof testSystem>;
  let server: Awaited<ReturnType<typeof serveRoutes>>;
  beforeEach(async () => {
    under = 0;
    finished = new Promise((resolve) => {
      finish = resolve;
    });
    const held: Route = {
      method: "POST",
      path: "/v1/held",
      access: "operators",
      handle: async ({ query, bodyDone }) => {
        under += 1;
        if (query.has("done")) bodyDone();
        await finished;
        return done;
      },
      tooLarge: { kind: "problem", problem: { code: "message_too_large" }, outcome: "not_sent" },
    };
    system = testSystem();
    server = await serveRoutes([held], system);
  });
  afterEach(async () => {
    finish();
    await server.close();
    system.close();
  });

  const headers = { Authorization: `Bearer ${SETUP_TOKEN}`, "Content-Type": "application/json" };
  const post = (body: BodyInit, more: RequestInit = {}, query = ""): Promise<Response> =>
    fetch(`${server.origin}/v1/held${query}`, { method: "POST", headers, body, ...more });
  const underWay = (count: number) => eventually(`${count} under way`, () => under === count);

  it("takes what fits, answers 503 with Retry-After to what does not, and takes again once there is room", async () => {
    assert.ok(2 * LARGE.length <= HELD_LIMIT && 3 * LARGE.length > HELD_LIMIT);
    const first = [post(LARGE), post(LARGE)];
    await underWay(2);
    const refused = await post(LARGE);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    const problem = await refused.json();
    assert.equal(problem.code, "overloaded");
    assert.equal(problem.outcome, "not_sent");
    assert.equal(problem.retryable, true);
    const small = post("{}");
    await underWay(3);
    finish();
    for (const answer of await Promise.all([...first, small])) assert.equal(answer.status, 200);
    assert.equal((await post(LARGE)).status, 200);
  });

  it("has room again for others once who waits on is done with the body", async () => {
    const waiting: Promise<Response>[] = [];
    for (const count of [1, 2, 3]) {
      waiting.push(post(LARGE, {}, "?done"));
      await underWay(count);
    }
    finish();
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  });

  it("counts a body of unknown length as it comes", async () => {
    const first = [post(LARGE), post(LARGE)];
    await underWay(2);
    const streamed = new Blob([LARGE]).stream();
    const refused = await post(streamed, { duplex: "half" } as RequestInit);
    assert.equal(refused.status, 503);
    finish();
    await Promise.all(first);
  });

  it("gets back the room of callers who break off", async () => {
    const broken: ClientRequest[] = [];
    for (let count = 0; count < 2; count += 1) {
      const { port } = server;
      const sending = request({
        port,
        host: "127.0.0.1",
        path: "/v1/held",
        method: "POST",
        headers: { ...headers, "Content-Length": LARGE.length },
      });
      sending.on("error", () => undefined);
      sending.write("{");
      broken.push(sending);
    }
    await eventually(
      "there is no room for a third",
      async () => (await post(LARGE, { signal: AbortSignal.timeout(3_000) }).catch(() => undefined))?.status === 503,
    );
    for (const sending of broken) sending.destroy();
    finish();
    await eventually("there is room again", async () => (await post(LARGE)).status === 200);
  });
});
