import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { assertPage, type Browser, personOf, type Relais, SETUP, startRelais } from "./relais.ts";

const start = (id: string): string => `/google_gmail/authorize?server=${id}`;
const SIGN_IN = "/google_gmail/authorize?sign-in&next=%2Fservers";

describe("what browsers do on their own", () => {
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

  describe("prefetching", () => {
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

    it("spends neither a refusal by Google nor a sign-in's callback", async () => {
      const { searchParams } = new URL(await browser.toGoogle(start(id)));
      const denied = `/google_gmail/confirm?error=access_denied&state=${searchParams.get("state")}`;
      assert.equal((await browser.get(denied, AHEAD[0])).status, 204);
      assert.equal((await browser.get(denied)).status, 403);
      const visitor = await relais.browser();
      const callback = await visitor.consent(SIGN_IN, { account: "operator@example.com" });
      assert.equal((await visitor.get(callback, AHEAD[1])).status, 204);
      assert.equal((await visitor.get(callback)).status, 303);
    });

    it("starts no authorization and sets no cookie", async () => {
      const visitor = await relais.browser();
      for (const headers of AHEAD) {
        const answer = await visitor.get(SIGN_IN, headers);
        assert.equal(answer.status, 204);
        assert.equal(answer.headers.get("location"), null);
      }
      assert.equal(visitor.cookie, null);
    });

    it("is distinguished from headers that only look like it", async () => {
      const callback = await browser.consent(start(id));
      const answer = await browser.get(callback, {
        "sec-purpose": "",
        purpose: "navigate",
        "sec-fetch-dest": "document",
      });
      assert.equal(answer.status, 303);
    });
  });

  describe("repeating a callback", () => {
    it("leads to the result of the connection, and exchanges nothing", async () => {
      const callback = await browser.consent(start(id));
      assert.equal((await browser.get(callback)).status, 303);
      const before = (await relais.server(id)).connection;
      relais.sandbox.control.set({ fault: "http_error", at: "token", status: 500 });
      for (const again of [1, 2, 3]) {
        relais.clock.advance(again * 3 * MINUTE);
        const answer = await browser.get(callback);
        assert.equal(answer.status, 303);
        assert.equal(answer.headers.get("location"), `/servers/${id}?connected=1`);
        assert.deepEqual(answer.headers.getSetCookie(), []);
      }
      assert.deepEqual((await relais.server(id)).connection, before);
    });

    it("leads to the page of a sign-in, with the new cookie and with the former one, and starts no other session", async () => {
      const visitor = await relais.browser();
      const callback = await visitor.consent(SIGN_IN, { account: "operator@example.com" });
      const before = visitor.cookie;
      assert.equal((await visitor.get(callback)).status, 303);
      const signedIn = visitor.cookie;
      for (const cookie of [signedIn, before]) {
        visitor.cookie = cookie;
        const answer = await visitor.get(callback);
        assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/servers"]);
        assert.equal(visitor.cookie, cookie);
      }
      visitor.cookie = before;
      assert.equal((await visitor.get(start(id))).status, 303, "the former id opens nothing");
    });

    it("leads nobody else there, signed in or not", async () => {
      const callback = await browser.consent(start(id));
      assert.equal((await browser.get(callback)).status, 303);
      for (const other of [await relais.browser(), await relais.browser(personOf("operator@example.com"))]) {
        await assertPage(await other.get(callback), { status: 400, code: "state_invalid", link: "/" });
      }
    });

    it("does not turn a failure into a success", async () => {
      const callback = await browser.consent(start(id), { account: "grace@example.com" });
      assert.equal((await browser.get(callback)).status, 409);
      const link = `/servers/${id}?problem=state_invalid`;
      await assertPage(await browser.get(callback), { status: 400, code: "state_invalid", link });
    });
  });

  describe("two tabs", () => {
    it("can connect two servers at once, and one server twice", async () => {
      const other = await relais.addServer({ name: "Other", username: "grace@example.com" });
      const callbacks = await Promise.all([
        browser.consent(start(id)),
        browser.consent(start(other), { account: "grace@example.com" }),
        browser.consent(start(id)),
      ]);
      const answers = await Promise.all(callbacks.map((callback) => browser.get(callback)));
      assert.deepEqual(
        answers.map(({ headers }) => headers.get("location")),
        [id, other, id].map((server) => `/servers/${server}?connected=1`),
      );
    });

    it("can sign in one after the other, although the first sign-in replaces the session of both, and a third connects", async () => {
      const visitor = await relais.browser();
      const operator = { account: "operator@example.com" };
      const tabs = [
        await visitor.consent(SIGN_IN, operator),
        await visitor.consent(SIGN_IN, operator),
        await visitor.consent(SIGN_IN, operator),
      ];
      for (const callback of tabs) {
        const answer = await visitor.get(callback);
        assert.deepEqual([answer.status, answer.headers.get("location")], [303, "/servers"]);
      }
      const connecting = await visitor.consent(start(id));
      const signingIn = await visitor.consent(SIGN_IN, operator);
      assert.equal((await visitor.get(signingIn)).status, 303);
      assert.equal((await visitor.get(connecting)).headers.get("location"), `/servers/${id}?connected=1`);
    });

    it("are bound for ten minutes to the session that a sign-in replaced, and only in that browser", async () => {
      const visitor = await relais.browser();
      const operator = { account: "operator@example.com" };
      const [first, second] = [await visitor.consent(SIGN_IN, operator), await visitor.consent(SIGN_IN, operator)];
      assert.equal((await visitor.get(first)).status, 303);
      const other = await relais.browser(personOf("operator@example.com"));
      assert.equal((await other.get(second)).status, 400);
      relais.clock.advance(10 * MINUTE);
      assert.equal((await visitor.get(second)).status, 400);
    });
  });

  describe("trouble at Google", () => {
    for (const error of ["server_error", "temporarily_unavailable"]) {
      it(`is reported as temporary for error=${error}, and leaves the way open`, async () => {
        const { searchParams } = new URL(await browser.toGoogle(start(id)));
        const failed = `/google_gmail/confirm?error=${error}&state=${searchParams.get("state")}`;
        for (const _again of [1, 2]) {
          const answer = await browser.get(failed, { "accept-language": "en" });
          assert.ok(Number(answer.headers.get("retry-after")) > 0);
          const link = `/servers/${id}?problem=google_unavailable`;
          const page = await assertPage(answer, { status: 503, code: "google_unavailable", link });
          assert.match(page, new RegExp(`<a class="first" href="/google_gmail/authorize\\?server=${id}">Start again`));
        }
        assert.equal((await browser.connect(id)).status, 303);
      });
    }

    it("is reported with the delay that Google names, at most an hour", async () => {
      const callback = await browser.consent(start(id));
      for (const [retryAfterSeconds, told] of [
        [37, 37],
        [120, 120],
        [HOUR, 3600],
      ] as const) {
        for (const status of [429, 500, 503]) {
          relais.sandbox.control.set({ fault: "http_error", at: "token", status, retryAfterSeconds }, { times: 1 });
          const answer = await browser.get(callback);
          assert.equal(answer.status, 503);
          assert.equal(answer.headers.get("retry-after"), String(told));
        }
      }
      assert.equal((await browser.get(callback)).status, 303);
    });
  });

  describe("a request on another host", () => {
    it("is redirected to the public one before anything is set, whatever it asks for", async () => {
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

    it("is recognized by the host alone, in any case, through any number of proxies", async () => {
      for (const host of ["localhost", "LOCALHOST:8080", "localhost:9999", "localhost, 10.0.0.1"]) {
        assert.equal((await browser.get(start(id), { "x-forwarded-host": host })).status, 302, host);
      }
      for (const host of [
        "127.0.0.1",
        "[::1]:8080",
        "localhost.",
        "localhost.evil.example",
        "relais.example.com, localhost",
      ]) {
        assert.equal((await browser.get(start(id), { "x-forwarded-host": host })).status, 308, host);
      }
    });
  });

  it("a person who signs in can choose the account each time", async () => {
    const visitor = await relais.browser();
    const asked = new URL(await visitor.toGoogle(SIGN_IN)).searchParams;
    assert.equal(asked.get("prompt"), "select_account");
    assert.equal(asked.get("access_type"), null);
  });
});
