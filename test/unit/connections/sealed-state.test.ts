import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { newSessionId } from "../../../functions/domain/access/sessions.ts";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { findState, stateKey, takeState } from "../../../functions/domain/connections/connect/authorization-state.ts";
import { openSignIn, sealSignIn } from "../../../functions/domain/connections/connect/sealed-state.ts";
import { testClock } from "../../builders/clock.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const browser = newSessionId(testRandom);
const other = newSessionId(testRandom);
const clock = testClock();
const content = (changes: object = {}) => ({
  next: "/servers?q=a#b",
  clientId: "1-a.apps.googleusercontent.com",
  createdAtMs: clock.nowMs(),
  expiresAtMs: clock.nowMs() + 10 * MINUTE,
  ...changes,
});
const seal = (changes: object = {}) => sealSignIn(browser, testRandom.token(32), content(changes));

describe("the sealed state of a sign-in", () => {
  it("can be opened by the browser it was sealed for, and holds what was asked", () => {
    const { state, nonce } = seal();
    const opened = openSignIn(browser, state, MINUTE);
    assert.deepEqual(opened?.purpose, { kind: "sign_in", next: "/servers?q=a#b" });
    assert.deepEqual([opened?.nonce, opened?.clientId, opened?.phase.kind], [nonce, content().clientId, "open"]);
    assert.match(nonce, /^[\w-]{43}$/);
  });

  it("reveals nothing, and is never the same twice", () => {
    const [one, two] = [seal(), seal()];
    assert.notEqual(one.state, two.state);
    assert.notEqual(one.nonce, two.nonce);
    for (const text of [one.state, Buffer.from(one.state.slice(43), "base64url").toString("latin1")]) {
      assert.doesNotMatch(text, /servers|googleusercontent/);
      assert.ok(!text.includes(browser) && !text.includes(one.nonce));
    }
  });

  it("cannot be opened by another browser, nor if altered, cut, extended or pieced together from two", () => {
    const [{ state }, second] = [seal(), seal()];
    assert.equal(openSignIn(other, state, MINUTE), null);
    for (let at = 0; at < state.length - 1; at += 1) {
      const changed = `${state.slice(0, at)}${state[at] === "A" ? "B" : "A"}${state.slice(at + 1)}`;
      assert.equal(openSignIn(browser, changed, MINUTE), null, `at ${at}`);
    }
    for (const wrong of [
      state.slice(0, 43),
      state.slice(0, -4),
      `${state}AAAA`,
      state.slice(43),
      `${second.state.slice(0, 43)}${state.slice(43)}`,
      `${state}.`,
      "",
    ]) {
      assert.equal(openSignIn(browser, wrong, MINUTE), null, wrong);
    }
    fc.assert(
      fc.property(fc.base64String({ maxLength: 300 }), (text) => openSignIn(browser, text, MINUTE) === null),
      { numRuns: 200 },
    );
  });

  it("leads nowhere else and lives no longer, even if an attacker planted the cookie and sealed it", async () => {
    for (const next of ["//evil.example", "https://evil.example", "/\\evil.example", "evil", "/..//evil.example"]) {
      assert.equal(openSignIn(browser, seal({ next }).state, MINUTE), null, next);
    }
    const store = testStore(clock);
    const forever = seal({ expiresAtMs: clock.nowMs() + 11 * MINUTE }).state;
    assert.equal(await findState({ clock, records: store.records }, forever, [browser]), null);
    store.close();
  });

  it("can be used once, by one of many at the same moment", async () => {
    const store = testStore(clock);
    const deps = { clock, records: store.records };
    const { state } = seal();
    const found = await findState(deps, state, [other, browser]);
    assert.ok(found?.boundTo === browser && found.kept.version === undefined);
    assert.equal(await store.records.get("oauthStates", stateKey(state)), undefined, "looking stores nothing");
    const taken = await Promise.all([1, 2, 3].map(() => takeState(deps, found.kept)));
    assert.equal(taken.filter((one) => one !== null).length, 1);
    assert.equal((await findState(deps, state, [browser]))?.kept.value.phase.kind, "exchanging");
    assert.equal(await findState(deps, state, [other]), null);
    store.close();
  });
});
