import assert from "node:assert/strict";
import { once } from "node:events";
import { Agent, request } from "node:http";
import { connect } from "node:net";
import { test } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { listen } from "../../../functions/runtime/local/listen.ts";
import { eventually } from "../../builders/eventually.ts";

test("closing waits only for requests in progress, even if callers would keep their connections", async () => {
  const port = await freePort();
  let answer: (() => void) | undefined;
  const listening = await listen(port, (req, res) => {
    if (req.url === "/late") answer = () => res.end("late");
    else res.end("at once");
  });
  const ask = async (path: string): Promise<string> => (await fetch(`http://127.0.0.1:${port}${path}`)).text();
  assert.equal(await ask("/"), "at once");
  const asked = ask("/late");
  const finish = await eventually("it is under way", () => answer);
  let closed = false;
  const closing = listening.close(600_000).then(() => {
    closed = true;
  });
  assert.equal(closed, false);
  finish();
  assert.equal(await asked, "late");
  await eventually("it is closed", () => closed);
  await closing;
});

test("closing does not wait for connections on which nothing was ever said", async () => {
  const port = await freePort();
  const listening = await listen(port, (_req, res) => res.end());
  const silent = connect(port, "127.0.0.1");
  await once(silent, "connect");
  const gone = once(silent, "close");
  const startedAtMs = Date.now();
  await listening.close(600_000);
  assert.ok(Date.now() - startedAtMs < 5_000);
  await gone;
});

test("once closing has begun, a new connection is answered 503 and an existing one is served a last time", async () => {
  const port = await freePort();
  const listening = await listen(port, (_req, res) => res.end("served"));
  const agent = new Agent({ keepAlive: true });
  const ask = async (options: { readonly agent: Agent | false }) => {
    const asked = request({ host: "127.0.0.1", port, ...options }).end();
    const [answer] = await once(asked, "response");
    answer.resume();
    await once(answer, "end");
    return {
      status: answer.statusCode,
      connection: answer.headers.connection,
      retryAfter: answer.headers["retry-after"],
    };
  };
  assert.deepEqual(await ask({ agent }), { status: 200, connection: "keep-alive", retryAfter: undefined });
  const closed = listening.close(600_000);
  const [late, kept] = await Promise.all([ask({ agent: false }), ask({ agent })]);
  assert.deepEqual(late, { status: 503, connection: "close", retryAfter: "10" });
  assert.deepEqual(kept, { status: 200, connection: "close", retryAfter: undefined });
  await closed;
  await assert.rejects(ask({ agent: false }), /ECONNREFUSED/);
  agent.destroy();
});
