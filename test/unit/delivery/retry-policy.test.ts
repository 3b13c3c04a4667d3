import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { refusalProblem, retryDelayMs, verdictOf } from "../../../functions/domain/messages/retry-policy.ts";

const reply = (code: number, enhanced: string | null = null, response = "no") => ({ code, enhanced, response });

const TABLE = [
  ["smtp", "mail", reply(421, "4.7.0"), "again", "temporarily_refused"],
  ["smtp", "rcpt", reply(451, "4.3.0"), "again", "temporarily_refused"],
  ["smtp", "rcpt", reply(550, "5.1.1"), "final", "recipients_refused"],
  ["smtp", "mail", reply(550, "5.7.1"), "final", "sender_refused"],
  ["smtp", "body", reply(552, "5.3.4"), "final", "message_refused"],
  ["smtp", "mail", reply(552, "5.3.4"), "final", "message_refused"],
  ["smtp", "mail", reply(553, "5.6.7"), "final", "message_refused"],
  ["smtp", "mail", reply(503, "5.5.1"), "again", "temporarily_refused"],
  ["smtp", "body", reply(550, "5.4.5"), "daily_limit", "quota_reached"],
  ["smtp", "data", reply(550, "5.4.5"), "daily_limit", "quota_reached"],
  ["smtp", "auth", reply(454, "4.7.0"), "login_limit", "too_many_logins"],
  ["smtp", "tls", reply(454, "4.7.0"), "again", "temporarily_refused"],
  ["smtp", "auth", reply(535, "5.7.8"), "again", "auth_refused"],
  ["smtp", "mail", reply(530, "5.5.1"), "again", "temporarily_refused"],
  ["smtp", "greeting", reply(554), "again", "temporarily_refused"],
  ["smtp", "tls", reply(502), "again", "temporarily_refused"],
  ["gmail_api", "body", reply(400), "final", "message_refused"],
  ["gmail_api", "body", reply(413), "final", "message_refused"],
  ["gmail_api", "auth", reply(401), "again", "auth_refused"],
  ["gmail_api", "auth", reply(403), "again", "auth_refused"],
  ["gmail_api", "body", reply(429), "again", "temporarily_refused"],
  ["gmail_api", "body", reply(403, null, "Daily Limit Exceeded"), "daily_limit", "quota_reached"],
] as const;

for (const [transport, stage, said, verdict, problem] of TABLE) {
  test(`${transport} ${stage} ${said.code} ${said.enhanced ?? said.response}: ${verdict}`, () => {
    assert.equal(verdictOf({ transport, stage, reply: said }), verdict);
    assert.equal(refusalProblem({ transport, stage, reply: said }), problem);
  });
}

test("delays double from a minute to an hour, spread by a quarter, and never undercut Retry-After", () => {
  const delay = (tries: number, fraction: number, retryAfterMs: number | null = null): number =>
    retryDelayMs({ tries, verdict: "again", retryAfterMs, fraction });
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

test("a limit of the account waits longer than a hiccup", () => {
  const first = { tries: 1, retryAfterMs: null, fraction: 0.5 };
  assert.equal(retryDelayMs({ ...first, verdict: "daily_limit" }), HOUR);
  assert.equal(retryDelayMs({ ...first, verdict: "login_limit" }), 10 * MINUTE);
});
