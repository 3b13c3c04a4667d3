import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { csrfAccepted, csrfToken } from "../../../functions/domain/access/csrf.ts";
import type { SessionActor } from "../../../functions/domain/access/records.ts";
import {
  endSession,
  findSession,
  parseSessionId,
  sessionKey,
  startSession,
} from "../../../functions/domain/access/sessions.ts";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const ADA: SessionActor = { kind: "google", email: "ada@example.com", sub: "1", hostedDomain: "example.com" };

describe("a session", () => {
  let clock: TestClock;
  let store: ReturnType<typeof testStore>;
  let deps: { clock: TestClock; random: typeof testRandom; records: ReturnType<typeof testStore>["records"] };
  beforeEach(() => {
    clock = testClock();
    store = testStore(clock);
    deps = { clock, random: testRandom, records: store.records };
  });
  afterEach(() => store.close());

  it("is found by its id, of which the store has only the SHA-256", async () => {
    const { id, maxAgeS } = await startSession(deps, ADA, null);
    assert.equal(maxAgeS, 7 * 24 * 3_600);
    assert.deepEqual((await findSession(deps, id))?.actor, ADA);
    const kept = await store.records.get("sessions", sessionKey(id));
    assert.ok(kept);
    assert.match(kept.id, /^[0-9a-f]{64}$/);
    assert.ok(!JSON.stringify(kept).includes(id));
  });

  it("ends after 12 idle hours, and continues as long as it is used", async () => {
    const { id } = await startSession(deps, ADA, null);
    for (let times = 0; times < 10; times += 1) {
      clock.advance(11 * HOUR);
      assert.ok(await findSession(deps, id), `after ${(times + 1) * 11} hours`);
    }
    clock.advance(12 * HOUR);
    assert.equal(await findSession(deps, id), null);
  });

  it("ends after 7 days of any use; the setup token's ends after an hour", async () => {
    const google = await startSession(deps, ADA, null);
    const setup = await startSession(deps, { kind: "setup" }, null);
    clock.advance(59 * MINUTE);
    assert.ok(await findSession(deps, setup.id));
    clock.advance(MINUTE);
    assert.equal(await findSession(deps, setup.id), null);
    for (let hours = 1; hours < 7 * 24; hours += 6) {
      assert.ok(await findSession(deps, google.id), `after ${hours} hours`);
      clock.advance(6 * HOUR);
    }
    clock.advance(7 * DAY - (clock.nowMs() - Date.parse("2026-11-22T09:00:00Z")));
    assert.equal(await findSession(deps, google.id), null);
  });

  it("is written for its use at most every five minutes", async () => {
    const { id } = await startSession(deps, ADA, null);
    const version = async (): Promise<string | undefined> =>
      (await store.records.get("sessions", sessionKey(id)))?.version;
    const first = await version();
    clock.advance(4 * MINUTE);
    await findSession(deps, id);
    assert.equal(await version(), first);
    clock.advance(MINUTE);
    await findSession(deps, id);
    assert.notEqual(await version(), first);
  });

  it("is replaced as a whole: the former id becomes worthless", async () => {
    const anonymous = await startSession(deps, { kind: "anonymous" }, null);
    const signedIn = await startSession(deps, ADA, anonymous.id);
    assert.notEqual(signedIn.id, anonymous.id);
    assert.equal(await findSession(deps, anonymous.id), null);
    assert.ok(await findSession(deps, signedIn.id));
  });

  it("ends for good, and can be ended twice", async () => {
    const { id } = await startSession(deps, ADA, null);
    await endSession(deps, id);
    await endSession(deps, id);
    assert.equal(await findSession(deps, id), null);
  });

  it("accepts only 256 bits of base64url as an id", () => {
    for (const wrong of ["", "short", "A".repeat(42), "A".repeat(44), `${"A".repeat(42)}=`, `${"A".repeat(42)} `]) {
      assert.equal(parseSessionId(wrong), null);
    }
    assert.equal(parseSessionId("A".repeat(43)), "A".repeat(43));
  });

  it("accepts a changing request only from its own pages or with its own token", async () => {
    const mine = (await startSession(deps, ADA, null)).id;
    const other = (await startSession(deps, ADA, null)).id;
    const accepted = (secFetchSite: string | undefined, csrfHeader: string | undefined): boolean =>
      csrfAccepted({ sessionId: mine, secFetchSite, csrfHeader });
    assert.ok(accepted("same-origin", undefined));
    assert.ok(accepted("cross-site", csrfToken(mine)));
    assert.ok(accepted(undefined, csrfToken(mine)));
    for (const site of [undefined, "none", "same-site", "cross-site"]) {
      for (const header of [undefined, "", "1", mine, csrfToken(other)]) assert.ok(!accepted(site, header));
    }
  });
});
