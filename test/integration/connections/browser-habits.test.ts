import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Browser, type Relais, SETUP, startRelais } from "./relais.ts";

const start = (id: string): string => `/google_gmail/authorize?server=${id}`;
const SIGN_IN = "/google_gmail/authorize?sign-in&next=%2Fservers";

describe("what browsers do by themselves", () => {
  let relais: Relais;
  let browser: Browser;
  let id: string;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());
  beforeEach(async () => {
    relais.sandbox.control.clear();
    browser = await relais.browser(SETUP);
    id = await relais.addServer();
  });

  describe("loading ahead", () => {
    const AHEAD: readonly Readonly<Record<string, string>>[] = [
      { "sec-purpose": "prefetch" },
      { "sec-purpose": "prefetch;prerender" },
      { "sec-purpose": "prefetch;anonymous-client-ip" },
      { "Sec-Purpose": "Prerender" },
      { purpose: "prefetch" },
      { Purpose: "PREFETCH; foo=1" },
      { "x-purpose": "preview" },
      { "x-moz": "prefetch" },
    ];

    it("spends no callback: the person who comes afterwards is connected", async () => {
      const callback = await browser.consent(start(id));
      for (const headers of AHEAD) {
        const answer = await browser.get(callback, headers);
        assert.equal(answer.status, 204, JSON.stringify(headers));
        assert.equal(await answer.text(), "");
        assert.deepEqual(answer.headers.getSetCookie(), []);
      }
      assert.equal((await relais.server(id)).connection.state, "not_connected");
      assert.equal((await browser.get(callback)).status, 303);
    });

    it("spends no refusal of Google's either, nor a sign-in's callback", async () => {
      const { searchParams } = new URL(await browser.toGoogle(start(id)));
      const denied = `/google_gmail/confirm?error=access_denied&state=${searchParams.get("state")}`;
      assert.equal((await browser.get(denied, AHEAD[0])).status, 204);
      assert.equal((await browser.get(denied)).status, 403);
      const visitor = await relais.browser();
      const callback = await visitor.consent(SIGN_IN, { account: "operator@example.com" });
      assert.equal((await visitor.get(callback, AHEAD[1])).status, 204);
      assert.equal((await visitor.get(callback)).status, 303);
    });

    it("begins no authorization and sets no cookie", async () => {
      const visitor = await relais.browser();
      for (const headers of AHEAD) {
        const answer = await visitor.get(SIGN_IN, headers);
        assert.equal(answer.status, 204);
        assert.equal(answer.headers.get("location"), null);
      }
      assert.equal(visitor.cookie, null);
    });

    it("is told from what only sounds like it", async () => {
      const callback = await browser.consent(start(id));
      const answer = await browser.get(callback, {
        "sec-purpose": "",
        purpose: "navigate",
        "sec-fetch-dest": "document",
      });
      assert.equal(answer.status, 303);
    });
  });

  describe("coming on another host", () => {
    it("is sent to the public one before anything is set, whatever is asked for", async () => {
      const visitor = await relais.browser();
      for (const path of [
        SIGN_IN,
        start(id),
        "/google_gmail/authorize",
        "/google_gmail/authorize?server=a%2Fb&x=%20",
      ]) {
        const answer = await visitor.get(path, { "x-forwarded-host": "relais.web.app" });
        assert.equal(answer.status, 308);
        assert.equal(answer.headers.get("location"), `http://localhost:8080${path}`);
        assert.match(answer.headers.get("cache-control") ?? "", /no-store/);
      }
      assert.equal(visitor.cookie, null);
    });

    it("is judged by the host alone, in any case, through any number of proxies", async () => {
      for (const host of ["localhost", "LOCALHOST:8080", "localhost:9999", "localhost., 10.0.0.1"]) {
        assert.equal((await browser.get(start(id), { "x-forwarded-host": host })).status, 302, host);
      }
      for (const host of ["127.0.0.1", "[::1]:8080", "localhost.evil.example", "relais.example.com, localhost"]) {
        assert.equal((await browser.get(start(id), { "x-forwarded-host": host })).status, 308, host);
      }
    });
  });

  it("lets a person who signs in choose the account each time", async () => {
    const visitor = await relais.browser();
    const asked = new URL(await visitor.toGoogle(SIGN_IN)).searchParams;
    assert.equal(asked.get("prompt"), "select_account");
    assert.equal(asked.get("access_type"), null);
  });
});
