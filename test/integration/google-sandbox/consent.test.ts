import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import {
  authorizationUrl,
  connect,
  consentCode,
  exchangeCode,
  REDIRECT_URI,
  SMTP_SCOPE,
} from "../../google-sandbox/client-program.ts";
import {
  ConsentStopped,
  type CookieJar,
  consent,
  cookiesFor,
  storeCookies,
} from "../../google-sandbox/consent-walker.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { MAIL_SCOPE } from "../../google-sandbox/scopes.ts";

describe("the sandbox's consent", () => {
  let sandbox: GoogleSandbox;
  const ada = { account: "ada@example.com" };
  before(async () => {
    sandbox = await startGoogleSandbox();
  });
  afterEach(() => {
    sandbox.control.clear();
    for (const { email } of sandbox.accounts) sandbox.control.revoke(email);
  });
  after(() => sandbox.close());

  /** Opens a page as a browser does, with cookies. */
  const open = async (url: string, jar: CookieJar): Promise<{ url: string; page: string }> => {
    const cookie = [...jar.values()].map(({ value }) => value).join("; ");
    const answer = await fetch(url, {
      redirect: "manual",
      headers: { cookie, accept: "text/html", "accept-language": "en" },
    });
    for (const line of answer.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      jar.set(pair.split("=")[0] ?? "", { value: pair, path: "/" });
    }
    const location = answer.headers.get("location");
    return location === null ? { url, page: await answer.text() } : open(new URL(location, url).href, jar);
  };

  it("runs on another site than localhost", () => {
    assert.match(sandbox.origin, /^http:\/\/127\.0\.0\.1:\d+$/);
  });

  it("offers every account, the hinted one first, then warns of an unverified app, then lists the scopes", async () => {
    const jar: CookieJar = new Map();
    const chooser = await open(authorizationUrl(sandbox, { loginHint: "GRACE@example.com" }), jar);
    const buttons = [...chooser.page.matchAll(/<button name="account" value="([^"]+)"/g)].map((m) => m[1]);
    assert.deepEqual(buttons, [
      "grace@example.com",
      "ada@example.com",
      "facturation@example.com",
      "operator@example.com",
      "someone@gmail.com",
    ]);
    const warning = await open(`${chooser.url}?account=ada%40example.com`, jar);
    assert.match(warning.page, /hasn’t verified this app/);
    assert.match(warning.page, />Continue<\/button>/);
    const scopes = await open(`${chooser.url}?account=ada%40example.com&unverified=continue`, jar);
    assert.match(scopes.page, /<input type="checkbox" name="scope" value="https:\/\/mail\.google\.com\/" checked>/);
    assert.doesNotMatch(scopes.page, /value="openid"/);
    assert.match(scopes.page, />Allow<\/button>/);
    assert.match(scopes.page, />Cancel<\/button>/);
  });

  it("calls back with the code, the state and what Google adds", async () => {
    const { callbackUrl } = await consent(authorizationUrl(sandbox), ada);
    const url = new URL(callbackUrl);
    assert.equal(url.origin + url.pathname, REDIRECT_URI);
    assert.equal(url.searchParams.get("state"), "the-state");
    assert.match(url.searchParams.get("code") ?? "", /^4\/0A/);
    assert.equal(url.searchParams.get("scope"), SMTP_SCOPE);
    assert.equal(url.searchParams.get("prompt"), "consent");
  });

  it("answers Cancel with access_denied and the state", async () => {
    const { callbackUrl } = await consent(authorizationUrl(sandbox), { ...ada, deny: true });
    assert.equal(new URL(callbackUrl).search, "?error=access_denied&state=the-state");
  });

  it("leaves an unchecked scope out of the answer", async () => {
    const { body } = await connect(sandbox, { ...ada, untick: [MAIL_SCOPE] });
    assert.equal(body.scope, "openid https://www.googleapis.com/auth/userinfo.email");
  });

  it("makes a new grant for each consent: what was unchecked the second time is gone", async () => {
    assert.ok((await connect(sandbox, ada)).body.scope?.includes(MAIL_SCOPE));
    const second = await connect(sandbox, { ...ada, untick: [MAIL_SCOPE] });
    assert.equal(second.body.scope?.includes(MAIL_SCOPE), false);
  });

  it("issues a refresh token only for offline access", async () => {
    assert.equal((await connect(sandbox, ada, { accessType: null })).body.refresh_token, undefined);
    assert.equal((await connect(sandbox, ada, { accessType: "online" })).body.refresh_token, undefined);
  });

  it("issues a refresh token at the first consent and at a forced one; otherwise it skips the page and issues none", async () => {
    assert.match((await connect(sandbox, ada, { prompt: null })).body.refresh_token ?? "", /^1\/\/0/);
    const again = await connect(sandbox, ada, { prompt: null });
    assert.equal(again.status, 200);
    assert.equal(again.body.refresh_token, undefined);
    assert.ok((await connect(sandbox, ada, { prompt: "consent" })).body.refresh_token);
  });

  it("asks again after the user has revoked the access", async () => {
    await connect(sandbox, ada, { prompt: null });
    sandbox.control.revoke("ada@example.com");
    assert.ok((await connect(sandbox, ada, { prompt: null })).body.refresh_token);
  });

  it("lets one browser choose another account, even several times at once", async () => {
    const cookieJar: CookieJar = new Map();
    const codes = await Promise.all(
      ["ada@example.com", "grace@example.com"].map((account) => consentCode(sandbox, { account, cookieJar })),
    );
    for (const code of codes) assert.equal((await exchangeCode(sandbox, code)).status, 200);
  });

  const stopsWith = (error: string) => (thrown: unknown) => thrown instanceof ConsentStopped && thrown.error === error;

  for (const redirectUri of [
    "https://localhost:8080/google_gmail/confirm",
    "http://localhost:8081/google_gmail/confirm",
    "http://localhost:8080/google_gmail/confirm/",
  ]) {
    it(`shows redirect_uri_mismatch for ${redirectUri}, and does not call back`, async () => {
      await assert.rejects(
        consent(authorizationUrl(sandbox, { redirectUri }), ada),
        stopsWith("redirect_uri_mismatch"),
      );
    });
  }

  it("shows redirect_uri_mismatch to a desktop client", async () => {
    const url = authorizationUrl(sandbox, { clientId: sandbox.desktopClient.id });
    await assert.rejects(consent(url, ada), stopsWith("redirect_uri_mismatch"));
  });

  it("shows its own page for an unknown client and for an unknown scope", async () => {
    await assert.rejects(consent(authorizationUrl(sandbox, { clientId: "nobody" }), ada), stopsWith("invalid_client"));
    const scope = "openid https://www.googleapis.com/auth/gmail.sned";
    await assert.rejects(consent(authorizationUrl(sandbox, { scope }), ada), stopsWith("invalid_scope"));
  });

  it("skips the warning about an unverified app only for signing in", async () => {
    const jar: CookieJar = new Map();
    const chooser = await open(authorizationUrl(sandbox, { scope: "openid email", prompt: null }), jar);
    const next = await open(`${chooser.url}?account=ada%40example.com`, jar);
    assert.match(next.page, /Sign in to Relais/);
  });

  describe("the sandbox's consent in a browser with a session", () => {
    const signIn = { scope: "openid email", prompt: null, accessType: null };
    /** The page that Google shows first, or the client's path if it shows none. */
    const firstStep = async (asked: Parameters<typeof authorizationUrl>[1], cookieJar: CookieJar): Promise<string> => {
      let url = authorizationUrl(sandbox, { ...signIn, ...asked });
      while (!url.startsWith(REDIRECT_URI)) {
        const headers = { cookie: cookiesFor(cookieJar, new URL(url)) };
        const answer = await fetch(url, { redirect: "manual", headers });
        storeCookies(cookieJar, answer);
        const location = answer.headers.get("location");
        if (location === null) return /<body data-step="([a-z]+)"/.exec(await answer.text())?.[1] ?? "no step";
        url = new URL(location, url).href;
      }
      return new URL(url).pathname;
    };

    it("answers a sign-in without a page if no prompt is requested and one account is signed in", async () => {
      const jar: CookieJar = new Map();
      assert.equal(await firstStep({}, jar), "account");
      await consent(authorizationUrl(sandbox, signIn), { ...ada, cookieJar: jar });
      assert.equal(await firstStep({}, jar), "/google_gmail/confirm");
    });

    it("shows the account chooser for prompt=select_account, for another hint, and for two accounts", async () => {
      const jar: CookieJar = new Map();
      await consent(authorizationUrl(sandbox, signIn), { ...ada, cookieJar: jar });
      assert.equal(await firstStep({ prompt: "select_account" }, jar), "account");
      assert.equal(await firstStep({ loginHint: "grace@example.com" }, jar), "account");
      const chosen = authorizationUrl(sandbox, { ...signIn, prompt: "select_account" });
      await consent(chosen, { account: "grace@example.com", cookieJar: jar });
      assert.equal(await firstStep({}, jar), "account");
    });
  });

  it("simulates a denial, another account, and refusals by policy", async () => {
    sandbox.control.set({ fault: "deny" }, { times: 1 });
    assert.match((await consent(authorizationUrl(sandbox), ada)).callbackUrl, /\?error=access_denied&state=/);
    for (const error of ["admin_policy_enforced", "org_internal"]) {
      sandbox.control.set({ fault: "authorization_error", error }, { times: 1, account: "ada@example.com" });
      const { callbackUrl } = await consent(authorizationUrl(sandbox), ada);
      assert.equal(new URL(callbackUrl).search, `?error=${error}&state=the-state`);
    }
    sandbox.control.set({ fault: "authorization_error", error: "org_internal", onPage: true }, { times: 1 });
    await assert.rejects(consent(authorizationUrl(sandbox), ada), stopsWith("org_internal"));
    sandbox.control.set({ fault: "other_account", use: "grace@example.com" }, { times: 1 });
    const { body } = await connect(sandbox, ada);
    const [, claims = ""] = body.id_token?.split(".") ?? [];
    assert.equal(JSON.parse(Buffer.from(claims, "base64url").toString()).email, "grace@example.com");
    assert.deepEqual(sandbox.control.switches(), []);
  });
});
