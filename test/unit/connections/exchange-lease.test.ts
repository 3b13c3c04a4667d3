import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { newSessionId } from "../../../functions/domain/access/sessions.ts";
import { SECOND } from "../../../functions/domain/clock.ts";
import { confirmAuthorization } from "../../../functions/domain/connections/connect/confirm.ts";
import { startConnecting } from "../../../functions/domain/connections/connect/start.ts";
import { testClock } from "../../builders/clock.ts";
import { newWorld, SERVER } from "./walk.ts";

describe("an exchange that takes as long as its requests may", () => {
  const scaled = (scale: number) => ({ ...testClock(), lasting: (nominalMs: number) => Math.ceil(nominalMs / scale) });

  /** The same callback comes twice: at first, and while the code has been exchanged for so long already. */
  const comeTwice = async (scale: number, afterMs: number) => {
    const world = await newWorld(undefined, scaled(scale));
    const sessionId = newSessionId(world.deps.random);
    const session = { sessionId, live: false, principal: { kind: "setup" } } as const;
    assert.ok((await startConnecting(world.deps, session, SERVER)).ok);
    const back = world.google.consents("ada@example.com");
    const come = () => confirmAuthorization(world.deps, { sessionId, error: null, ...back });
    const { exchangeCode } = world.deps.oauth;
    let exchanges = 0;
    let second: ReturnType<typeof come> | undefined;
    world.deps.oauth.exchangeCode = async (...args) => {
      exchanges += 1;
      const answer = await exchangeCode(...args);
      if (exchanges === 1) {
        world.clock.advance(afterMs);
        second = come();
        for (let turns = 0; turns < 20; turns += 1) await new Promise(setImmediate);
      }
      return answer;
    };
    // Waiting for the lease takes no time here, only turns, so that the first request goes on.
    world.deps.clock.sleep = () => new Promise<void>(setImmediate);
    const first = await come();
    const outcome = { first: first.kind, second: (await second)?.kind, exchanges, state: await world.state(SERVER) };
    world.close();
    return outcome;
  };

  for (const [scale, afterMs] of [
    [1, 29 * SECOND],
    [10, 5 * SECOND],
    [100, 400],
    [100, 5 * SECOND],
    [3_600, 5 * SECOND],
  ] as const)
    it(`presents the code once, ${afterMs} ms after it began at a time scale of ${scale}`, async () => {
      const expected = { first: "connected", second: "connected", exchanges: 1, state: "valid" };
      assert.deepEqual(await comeTwice(scale, afterMs), expected);
    });

  it("does not keep a state for ever: a request after the lease takes it, and finds the code spent", async () => {
    for (const [scale, afterMs] of [
      [1, 31 * SECOND],
      [10, 7 * SECOND],
    ] as const) {
      const { second, exchanges } = await comeTwice(scale, afterMs);
      assert.deepEqual({ second, exchanges }, { second: "failed", exchanges: 2 });
    }
  });
});
