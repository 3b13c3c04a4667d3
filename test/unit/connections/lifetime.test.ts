import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DAY, HOUR } from "../../../functions/domain/clock.ts";
import type { ConnectionReason } from "../../../functions/domain/connection-states.ts";
import {
  type App,
  diagnoseDeath,
  knownEnd,
  liveConnection,
  nextChangeAtMs,
} from "../../../functions/domain/connections/checks/lifetime.ts";
import type { Grant } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { Settings } from "../../../functions/domain/settings/settings.ts";
import { testClock } from "../../builders/clock.ts";
import { grant } from "../../builders/mail-server.ts";

type Status = Settings["publishingStatus"];

const clock = testClock();
const now = clock.nowMs();
const aged = (ageMs: number, changes: Partial<Grant> = {}): Grant =>
  grant({ connectedAtMs: now - ageMs, lastVerifiedAtMs: now - Math.min(ageMs, DAY), ...changes });
const app = (publishingStatus: Status, sevenDayDeathAtMs: number | null = null): App => ({
  publishingStatus,
  sevenDayDeathAtMs,
  rejected: false,
});

describe("why a grant died", () => {
  type Row = readonly [what: string, dead: Grant, status: Status, reason: ConnectionReason, rank?: number];
  const rows: readonly Row[] = [
    ["Google had said seven days", aged(7 * DAY, { refreshTokenExpiresAtMs: now }), "undeclared", "testing_7d"],
    ["seven days in declared testing", aged(7 * DAY), "testing", "testing_7d"],
    ["found a day late", aged(8 * DAY), "testing", "testing_7d"],
    ["seven days, nothing declared", aged(7 * DAY + HOUR), "undeclared", "testing_7d"],
    ["seven days, in production", aged(7 * DAY + HOUR), "production", "password_or_revoked"],
    ["a time the user had set", aged(30 * DAY, { refreshTokenExpiresAtMs: now - HOUR }), "production", "time_based"],
    ["half a year unused", aged(190 * DAY, { lastVerifiedAtMs: now - 181 * DAY }), "production", "idle_6m"],
    ["a hundred others since", aged(20 * DAY), "production", "token_cap", 101],
    ["the hundredth itself", aged(20 * DAY), "production", "password_or_revoked", 100],
    ["proven in what is now the future", aged(-2 * HOUR), "production", "clock"],
    ["young, proven yesterday", aged(2 * DAY), "production", "password_or_revoked"],
    [
      "revoked long after testing's seven days, which it had outlived",
      aged(30 * DAY),
      "testing",
      "password_or_revoked",
    ],
    [
      "revoked after the end that Google had said, which it had outlived",
      aged(30 * DAY, { refreshTokenExpiresAtMs: now - 20 * DAY }),
      "production",
      "password_or_revoked",
    ],
    ["three days into testing", aged(3 * DAY), "testing", "password_or_revoked"],
    ["not looked at for a month", aged(60 * DAY, { lastVerifiedAtMs: now - 30 * DAY }), "production", "unclear"],
  ];
  for (const [what, dead, publishingStatus, reason, rank = 1] of rows) {
    it(`${what} (${publishingStatus}): ${reason}`, () => {
      assert.equal(diagnoseDeath({ clock }, dead, { ...app(publishingStatus), rank }).reason, reason);
    });
  }

  it("comes with the facts that support it", () => {
    const { evidence } = diagnoseDeath({ clock }, aged(7 * DAY), { ...app("testing"), rank: 3 });
    assert.deepEqual(evidence, {
      ageHours: 168,
      provenHoursAgo: 24,
      endedHoursAgo: 0,
      grantsSince: 3,
      publishingStatus: "testing",
    });
  });
});

describe("when a grant will end", () => {
  it("is unknown for a grant in production", () => {
    assert.equal(knownEnd({ clock }, aged(100 * DAY), app("production")), null);
    assert.equal(liveConnection({ clock }, aged(100 * DAY), app("production")).state, "valid");
  });

  const warningOf = (given: Grant, of: App = app("production")): string => {
    const connection = liveConnection({ clock }, given, of);
    return connection.state === "valid" ? "none" : `${connection.reason} ${connection.warning}`;
  };
  const lasting = (lifeMs: number, ageMs: number): Grant =>
    aged(ageMs, { refreshTokenExpiresAtMs: now - ageMs + lifeMs });

  it("causes a warning three days and one day before, or once at half of a shorter life", () => {
    assert.equal(warningOf(lasting(30 * DAY, 27 * DAY - HOUR)), "none");
    assert.equal(warningOf(lasting(30 * DAY, 27 * DAY)), "time_based first");
    assert.equal(warningOf(lasting(30 * DAY, 29 * DAY - HOUR)), "time_based first");
    assert.equal(warningOf(lasting(30 * DAY, 29 * DAY)), "time_based last");
    assert.equal(warningOf(lasting(4 * HOUR, 2 * HOUR - 1)), "none");
    assert.equal(warningOf(lasting(4 * HOUR, 2 * HOUR)), "time_based first");
    assert.equal(warningOf(lasting(4 * HOUR, 4 * HOUR - 1)), "time_based first");
  });

  it("is checked when a warning is due and when the end has come", () => {
    const turn = (given: Grant): number => (nextChangeAtMs({ clock }, given, app("production")) ?? 0) - now;
    assert.equal(turn(lasting(30 * DAY, DAY)), 26 * DAY);
    assert.equal(turn(lasting(30 * DAY, 27 * DAY)), 2 * DAY);
    assert.equal(turn(lasting(30 * DAY, 29 * DAY)), DAY);
    assert.equal(turn(lasting(4 * HOUR, HOUR)), HOUR);
    assert.equal(turn(lasting(4 * HOUR, 3 * HOUR)), HOUR);
  });

  it("is seven days after the connection in declared testing, whether Google says so or not", () => {
    const end = knownEnd({ clock }, aged(DAY), app("testing"));
    assert.deepEqual(end, { expiresAtMs: now + 6 * DAY, reason: "testing_7d" });
  });

  it("is assumed after seven days if another grant of the app died that way and nobody declared a status", () => {
    assert.equal(warningOf(aged(5 * DAY), app("undeclared")), "none");
    assert.equal(warningOf(aged(5 * DAY), app("undeclared", now - DAY)), "testing_7d first");
    assert.equal(warningOf(aged(5 * DAY), app("production", now - DAY)), "none");
    assert.equal(warningOf(aged(10 * DAY, { lastVerifiedAtMs: now }), app("undeclared", now - DAY)), "none");
  });

  it("follows from six months without use, counted from the last proof", () => {
    const idle = (forMs: number): Grant => aged(300 * DAY, { lastVerifiedAtMs: now - forMs });
    assert.equal(warningOf(idle(176 * DAY)), "none");
    assert.equal(warningOf(idle(178 * DAY)), "idle_6m first");
    assert.equal(warningOf(idle(179 * DAY + HOUR)), "idle_6m last");
  });
});
