import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import type { Write } from "../../../functions/domain/records.ts";
import { assertPage, Browser, personOf, type Relais, SETUP, startRelais } from "./relais.ts";

const SIGN_IN = "/google_gmail/authorize?sign-in&next=%2Fservers";
const OPERATOR = { account: "operator@example.com" };

describe("a sign-in that nobody finishes", () => {
  let relais: Relais;
  const writes: Write[] = [];
  before(async () => {
    relais = await startRelais();
    const { records } = relais.system;
    const commit = records.commit.bind(records);
    Object.assign(records, {
      commit: (all: readonly Write[]) => {
        writes.push(...all);
        return commit(all);
      },
    });
  });
  after(() => relais.close());

  const stateIn = (location: string): string => new URL(location).searchParams.get("state") ?? "";

  it("leaves no record, however often it is started, and whatever comes back except a code", async () => {
    writes.length = 0;
    for (let n = 0; n < 20; n += 1) {
      const browser = await relais.browser();
      const state = stateIn(await browser.toGoogle(SIGN_IN));
      for (const rest of ["", "&error=access_denied", "&error=access_denied&code=x", "&error=server_error"]) {
        const answer = await browser.get(`/google_gmail/confirm?state=${state}${rest}`);
        assert.notEqual(answer.status, 303);
      }
      assert.equal(
        (await new Browser(relais.origin, null).get(`/google_gmail/confirm?state=${state}&code=x`)).status,
        400,
      );
    }
    const signedIn = await relais.browser(personOf("operator@example.com"));
    writes.length = 0;
    await signedIn.toGoogle(SIGN_IN);
    assert.deepEqual(writes, []);
  });

  it("can still be finished after a refusal at Google, in the same visit", async () => {
    const browser = await relais.browser();
    const callback = await browser.consent(SIGN_IN, OPERATOR);
    const state = new URL(callback).searchParams.get("state");
    const denied = await browser.get(`/google_gmail/confirm?state=${state}&error=access_denied`);
    await assertPage(denied, { status: 403, code: "consent_denied", link: "/" });
    assert.equal((await browser.get(callback)).status, 303);
  });

  it("expires after ten minutes, as its cookie does", async () => {
    const browser = await relais.browser();
    const begun = await browser.get(SIGN_IN);
    assert.match(begun.headers.getSetCookie()[0] ?? "", /; Max-Age=600;/);
    const early = await browser.consent(SIGN_IN, OPERATOR);
    relais.clock.advance(10 * MINUTE);
    const late = await browser.get(early);
    await assertPage(late, { status: 400, code: "state_invalid", link: "/" });
  });

  it("spends its code once: another code with the same state is refused, even to the person who signed in with it", async () => {
    const browser = await relais.browser();
    const wrong = new URL(await browser.consent(SIGN_IN, OPERATOR));
    const code = wrong.searchParams.get("code") ?? "";
    wrong.searchParams.set("code", "no-code-of-googles");
    await assertPage(await browser.get(wrong.href), { status: 400, code: "code_invalid", link: "/" });
    wrong.searchParams.set("code", code);
    await assertPage(await browser.get(wrong.href), { status: 400, code: "state_invalid", link: "/" });
  });

  it("shares the cookie of its browser: every tab ends where it began, and the id gives access to nothing", async () => {
    const browser = await relais.browser();
    const tabs = [await browser.consent(SIGN_IN, OPERATOR), await browser.consent(SIGN_IN, OPERATOR)];
    const id = await relais.addServer();
    assert.equal((await browser.get(`/google_gmail/authorize?server=${id}`)).status, 303, "signed in as nobody");
    for (const callback of tabs.toReversed()) assert.equal((await browser.get(callback)).status, 303);
  });

  it("makes a planted id worthless once the person has signed in", async () => {
    // By chance the canary would find 43 equal letters in any mail of equal letters.
    const planted = randomBytes(32).toString("base64url");
    const browser = new Browser(relais.origin, planted);
    assert.equal((await browser.get(await browser.consent(SIGN_IN, OPERATOR))).status, 303);
    assert.notEqual(browser.cookie, planted);
    const id = await relais.addServer();
    const thief = new Browser(relais.origin, planted);
    assert.equal((await thief.get(`/google_gmail/authorize?server=${id}`)).status, 303);
    assert.equal((await browser.get(`/google_gmail/authorize?server=${id}`)).status, 302);
  });

  it("leaves no session, and neither does a connection that a bearer credential starts in a browser", async () => {
    const id = await relais.addServer();
    const token = relais.system.config.setupToken?.reveal();
    writes.length = 0;
    const browser = await relais.browser();
    const begun = await browser.get(`/google_gmail/authorize?server=${id}`, { authorization: `Bearer ${token}` });
    assert.equal(begun.status, 302);
    assert.match(begun.headers.getSetCookie()[0] ?? "", /; Max-Age=600;/);
    assert.deepEqual(
      writes.map(({ kind }) => kind),
      ["oauthStates"],
    );
    const state = stateIn(begun.headers.get("location") ?? "");
    // It is bound to that cookie all the same: another browser, or one with a session, gets nothing from it.
    for (const other of [await relais.browser(), await relais.browser(SETUP)]) {
      assert.equal((await other.get(`/google_gmail/confirm?state=${state}&code=x`)).status, 400);
    }
    await assertPage(await browser.get(`/google_gmail/confirm?state=${state}&error=access_denied`), {
      status: 403,
      code: "consent_denied",
      link: `/servers/${id}?problem=consent_denied`,
    });
  });
});
