import assert from "node:assert/strict";
import { it } from "node:test";
import { type EndingSignal, endingSignalHandler } from "../../../functions/runtime/ending-signals.ts";

/** Sends signals at these milliseconds, and returns what came of them. */
const after = (...signals: readonly (readonly [atMs: number, signal: EndingSignal])[]): readonly string[] => {
  const said: string[] = [];
  let nowMs = 0;
  const onSignal = endingSignalHandler({
    nowMs: () => nowMs,
    gracefully: () => said.push("in order"),
    immediately: (status) => said.push(`at once, ${status}`),
  });
  for (const [atMs, signal] of signals) {
    nowMs = atMs;
    onSignal(signal);
  }
  return said;
};

it("ignores every further signal within two seconds of the first as its echo", () => {
  assert.deepEqual(after([5, "SIGINT"]), ["in order"]);
  assert.deepEqual(after([5, "SIGINT"], [5, "SIGINT"], [6, "SIGTERM"], [1_900, "SIGINT"], [2_005, "SIGTERM"]), [
    "in order",
  ]);
});

it("exits at once on a signal that comes later", () => {
  assert.deepEqual(after([0, "SIGINT"], [1, "SIGINT"], [2_001, "SIGINT"]), ["in order", "at once, 130"]);
  assert.deepEqual(after([0, "SIGINT"], [60_000, "SIGTERM"]), ["in order", "at once, 143"]);
});
