import assert from "node:assert/strict";
import { test } from "node:test";
import { failureOf } from "../../../functions/adapters/gmail-api/gmail-request.ts";

const NOW = Date.parse("2026-11-22T09:00:00Z");
const limited = (message: string, headers = new Headers()) => {
  const failure = failureOf({ response: { status: 429, headers, data: { error: { message } } } }, NOW);
  assert.ok(failure.kind === "answered");
  return failure.retryAfterMs;
};

test("Gmail's 429 says when to come back, in its header or in words", () => {
  const words = "User-rate limit exceeded.  Retry after 2026-11-22T09:15:00.500Z (Mail sending)";
  assert.equal(limited(words), 15 * 60_000 + 500);
  assert.equal(limited(words, new Headers({ "Retry-After": "30" })), 30_000);
  assert.equal(limited("x", new Headers({ "Retry-After": "Sun, 22 Nov 2026 09:01:00 GMT" })), 60_000);
  assert.equal(limited("User-rate limit exceeded.  Retry after 2026-11-22T08:00:00.000Z"), 0, "it has passed");
  for (const nothing of ["Quota exceeded", "Retry after 2026-99-99T99:99:99Z", "Retry after a while"]) {
    assert.equal(limited(nothing), null);
  }
});
