import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { Capacity } from "../../../functions/domain/messages/deliver/capacity.ts";

/** Work that stays under way until it is told to end. */
const start = (room: Capacity, amount: number) => {
  const ending = Promise.withResolvers<void>();
  const state = { begun: false };
  const done = room.hold(amount, async () => {
    state.begun = true;
    await ending.promise;
  });
  return { state, end: ending.resolve, fail: ending.reject, done };
};

test("small bodies are held together, and what does not fit waits for its turn", async () => {
  const room = new Capacity(100);
  const [first, second, third, small] = [start(room, 60), start(room, 40), start(room, 50), start(room, 1)];
  await turn();
  // The last one would fit, but a large body must not wait for ever behind small ones.
  assert.deepEqual(
    [first, second, third, small].map(({ state }) => state.begun),
    [true, true, false, false],
  );
  second.end();
  await second.done;
  await turn();
  assert.equal(third.state.begun, false);
  first.end();
  await first.done;
  await turn();
  assert.deepEqual(
    [third, small].map(({ state }) => state.begun),
    [true, true],
  );
});

test("a body larger than the room goes alone, and a failure gives its room back", async () => {
  const room = new Capacity(100);
  const large = start(room, 500);
  const small = start(room, 1);
  await turn();
  assert.deepEqual(
    [large, small].map(({ state }) => state.begun),
    [true, false],
  );
  large.fail(new Error("on purpose"));
  await assert.rejects(large.done, /on purpose/);
  await turn();
  assert.equal(small.state.begun, true);
});
