import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { askEndpoint } from "../../../functions/adapters/google-oauth/endpoint.ts";
import { tokenOutcome } from "../../../functions/adapters/google-oauth/token-answer.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

describe("when to ask Google's endpoints again", () => {
  let answer: { status: number; retryAfter: string | null } = { status: 503, retryAfter: null };
  const server = createServer((_req, res) => {
    if (answer.retryAfter !== null) res.setHeader("retry-after", answer.retryAfter);
    res.writeHead(answer.status, { "content-type": "text/html" }).end("<h1>later</h1>");
  });
  before(() => new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve)));
  after(() => void server.close());

  const clock = systemClock();
  const waits = async (status: number, retryAfter: string | null): Promise<number> => {
    answer = { status, retryAfter };
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const outcome = tokenOutcome(await askEndpoint(clock, url, new URLSearchParams()), clock.nowMs());
    assert.ok(!outcome.ok && outcome.refusal.kind === "unreachable");
    return outcome.refusal.retryAfterS;
  };
  const inSeconds = (seconds: number): string => new Date(Date.now() + seconds * 1_000).toUTCString();

  it("is what the answer says, in seconds, whatever its status", async () => {
    for (const status of [403, 408, 429, 500, 502, 503]) {
      assert.equal(await waits(status, "37"), 37, String(status));
      assert.equal(await waits(status, " 120 "), 120, String(status));
    }
    assert.equal(await waits(503, "1.2"), 2);
  });

  it("is what the answer says as a date", async () => {
    for (const [seconds, status] of [
      [90, 503],
      [600, 429],
      [1_800, 400],
    ] as const) {
      const waited = await waits(status, inSeconds(seconds));
      assert.ok(Math.abs(waited - seconds) <= 2, `${waited} for ${seconds}`);
    }
  });

  it("is an hour at most, and a few seconds if the answer says nothing usable", async () => {
    for (const said of ["86400", "99999999999999999999", inSeconds(86_400)])
      assert.equal(await waits(503, said), 3_600);
    for (const said of [null, "", "0", "-5", "soon", "NaN", "Infinity", "1e9x", inSeconds(-60)])
      assert.equal(await waits(503, said), 5, String(said));
  });
});
