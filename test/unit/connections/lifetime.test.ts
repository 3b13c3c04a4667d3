import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import { diagnoseDeath, knownEnd, liveConnection } from "../../../functions/domain/connections/lifetime.ts";
import type { ConnectionReason, Grant } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { testClock } from "../../builders/clock.ts";
import { grant } from "../../builders/mail-server.ts";

type Status = Settings["publishingStatus"];

const clock = testClock();
const now = clock.nowMs();
const aged = (ageMs: number, changes: Partial<Grant> = {}): Grant =>
  grant({ connectedAtMs: now - ageMs, lastVerifiedAtMs: now - Math.min(ageMs, DAY), ...changes });

describe("why a grant died", () => {
  const rows: readonly (readonly [what: string, dead: Grant, status: Status, reason: ConnectionReason])[] = [
    ["Google had said seven days", aged(7 * DAY, { refreshTokenExpiresAtMs: now }), "undeclared", "testing_7d"],
    ["seven days in declared testing", aged(7 * DAY), "testing", "testing_7d"],
    ["found a day late", aged(8 * DAY), "testing", "testing_7d"],
    ["seven days, nothing declared", aged(7 * DAY + HOUR), "undeclared", "testing_7d"],
    ["seven days, in production", aged(7 * DAY + HOUR), "production", "password_or_revoked"],
    ["a time the user had set", aged(30 * DAY, { refreshTokenExpiresAtMs: now - HOUR }), "production", "time_based"],
    ["half a year unused", aged(190 * DAY, { lastVerifiedAtMs: now - 181 * DAY }), "production", "idle_6m"],
    ["young, proven yesterday", aged(2 * DAY), "production", "password_or_revoked"],
    ["three days into testing", aged(3 * DAY), "testing", "password_or_revoked"],
    ["not looked at for a month", aged(60 * DAY, { lastVerifiedAtMs: now - 30 * DAY }), "production", "unclear"],
  ];
  for (const [what, dead, publishingStatus, reason] of rows) {
    it(`${what} (${publishingStatus}): ${reason}`, () => {
      assert.equal(diagnoseDeath({ clock }, dead, { publishingStatus }), reason);
    });
  }
});

describe("when a grant will end", () => {
  it("is not known of a grant in production", () => {
    assert.equal(knownEnd({ clock }, aged(100 * DAY), { publishingStatus: "production" }), null);
    assert.equal(liveConnection({ clock }, aged(100 * DAY), { publishingStatus: "production" }).state, "valid");
  });

  it("is warned of three days ahead, or at half of a shorter life", () => {
    const state = (lifeMs: number, ageMs: number): string => {
      const given = aged(ageMs, { refreshTokenExpiresAtMs: now - ageMs + lifeMs });
      return liveConnection({ clock }, given, { publishingStatus: "production" }).state;
    };
    assert.equal(state(30 * DAY, 27 * DAY - HOUR), "valid");
    assert.equal(state(30 * DAY, 27 * DAY), "expiring");
    assert.equal(state(4 * HOUR, 2 * HOUR - 1), "valid");
    assert.equal(state(4 * HOUR, 2 * HOUR), "expiring");
  });

  it("is seven days after the connection in declared testing, said by Google or not", () => {
    const end = knownEnd({ clock }, aged(DAY), { publishingStatus: "testing" });
    assert.deepEqual(end, { expiresAtMs: now + 6 * DAY, reason: "testing_7d" });
  });
});
