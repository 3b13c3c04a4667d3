import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { retryDelayMs } from "../../../functions/domain/messages/deliver/retry-policy.ts";

test("delays double from a minute to an hour, vary by a quarter, and are never shorter than Retry-After", () => {
  const delay = (tries: number, fraction: number, retryAfterMs: number | null = null): number =>
    retryDelayMs({ tries, meaning: "again", retryAfterMs, fraction });
  assert.equal(delay(1, 0.5), MINUTE);
  assert.equal(delay(3, 0.5), 4 * MINUTE);
  assert.equal(delay(100, 0.5), HOUR);
  fc.assert(
    fc.property(fc.nat(200), fc.double({ min: 0, max: 0.999, noNaN: true }), (tries, fraction) => {
      const ms = delay(tries + 1, fraction);
      assert.ok(ms >= 0.75 * MINUTE && ms <= 1.25 * HOUR);
    }),
  );
  assert.equal(delay(1, 0.5, 10 * HOUR), 10 * HOUR);
  assert.equal(delay(1, 0.5, 1_000 * HOUR), 24 * HOUR);
});

test("a limit of the account causes a longer delay than a passing fault", () => {
  const first = { tries: 1, retryAfterMs: null, fraction: 0.5 };
  assert.equal(retryDelayMs({ ...first, meaning: "daily_limit" }), HOUR);
  assert.equal(retryDelayMs({ ...first, meaning: "login_limit" }), 10 * MINUTE);
  for (const meaning of ["rate_limit", "account", "again"] as const) {
    assert.equal(retryDelayMs({ ...first, meaning }), MINUTE);
  }
});
