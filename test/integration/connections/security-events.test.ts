import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, describe, it } from "node:test";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { examine } from "../../../functions/domain/doctor/examine.ts";
import type { SecurityEvent } from "../../google-sandbox/control.ts";
import { Browser, type Relais, SETUP, startRelais } from "./relais.ts";

describe("security events from Google", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());

  const connected = async (account: string): Promise<string> => {
    const id = await relais.addServer({ username: account });
    const answer = await (await relais.browser(SETUP)).connect(id, { account });
    assert.equal(answer.status, 303, await answer.text());
    return id;
  };
  const post = (body: string, type: string | null = "application/secevent+jwt"): Promise<Response> =>
    fetch(`${relais.origin}/google_gmail/security-events`, {
      method: "POST",
      body: new TextEncoder().encode(body),
      headers: type === null ? {} : { "content-type": type },
    });
  const tell = async (event: SecurityEvent): Promise<number> =>
    (await post(await relais.sandbox.control.securityEventToken(event))).status;
  const state = async (id: string): Promise<string> => (await relais.server(id)).connection.state;
  /** The servers for which a check was requested since the last look. */
  const checksAsked = (): unknown[] =>
    relais.published
      .splice(0)
      .filter(({ topic }) => topic === "token-checks")
      .map(({ message }) => message.data);

  for (const [type, reason] of [
    ["tokens-revoked", "password_or_revoked"],
    ["account-disabled", "account_disabled"],
    ["account-purged", "account_deleted"],
  ] as const) {
    it(`${type}: every server of the account, and no other, must be reconnected; each is reported once`, async () => {
      const [one, two, other] = [
        await connected("ada@example.com"),
        await connected("ada@example.com"),
        await connected("grace@example.com"),
      ];
      relais.announced.length = 0;
      assert.equal(await tell({ type, account: "ada@example.com" }), 202);
      for (const id of [one, two]) {
        const { connection } = await relais.server(id);
        assert.ok(connection.state === "reconnect_required");
        assert.equal(connection.reason, reason);
        const told = relais.announced.filter(({ subject }) => subject === id).map((event) => event.type);
        assert.deepEqual(told, ["relais.server.reconnect_required.v1"]);
      }
      assert.equal(await state(other), "valid");
      const again = await (await relais.browser(SETUP)).connect(one);
      assert.equal(again.status, 303);
      assert.equal(await state(one), "valid");
    });
  }

  for (const type of ["sessions-revoked", "account-credential-change-required", "account-enabled", "token-revoked"]) {
    it(`${type}: the account's servers are checked now, and none is marked`, async () => {
      const id = await connected("ada@example.com");
      checksAsked();
      assert.equal(await tell({ type, account: "ada@example.com" }), 202);
      assert.ok(checksAsked().some((data) => JSON.stringify(data) === JSON.stringify({ server: id })));
      assert.equal(await state(id), "valid");
    });
  }

  const ENDS_SESSIONS = [
    "sessions-revoked",
    "account-disabled",
    "account-purged",
    "account-credential-change-required",
  ];
  const KEEPS_SESSIONS = ["tokens-revoked", "token-revoked", "account-enabled", "verification"];
  for (const type of [...ENDS_SESSIONS, ...KEEPS_SESSIONS]) {
    const ends = ENDS_SESSIONS.includes(type);
    it(`${type}: every session of that account ${ends ? "ends" : "continues"}, and no one else's ends`, async () => {
      await relais.editSettings({ operators: ["@example.com"] });
      const server = await relais.addServer();
      const account = { kind: "google", email: "ada@example.com", hostedDomain: "example.com" } as const;
      const ofSub = (sub: string) => relais.browser({ ...account, sub });
      const own = await Promise.all(Array.from({ length: 23 }, () => ofSub("100000000000000000001")));
      const others = [await ofSub("another account under the address"), await relais.browser(SETUP)];
      const signedIn = async ({ cookie }: Browser) =>
        (await new Browser(relais.origin, cookie).get(`/google_gmail/authorize?server=${server}`)).status === 302;
      assert.ok(await signedIn(own[0] ?? assert.fail()));
      assert.equal(await tell({ type, account: "ada@example.com" }), 202);
      for (const browser of own) assert.equal(await signedIn(browser), !ends);
      for (const browser of others) assert.ok(await signedIn(browser));
    });
  }

  for (const alg of ["prefix", "hash_base64_sha512_sha512"] as const) {
    it(`token-revoked that names the token by ${alg}: the one server that holds it must be reconnected`, async () => {
      const [id, sibling] = [await connected("ada@example.com"), await connected("ada@example.com")];
      const { connection } = await relais.server(id);
      const version = connection.state === "valid" ? connection.grant.secretVersion : assert.fail(connection.state);
      const stored = await relais.system.vault.read({ kind: "refresh_token", serverId: id }, version);
      const token = stored?.reveal() ?? assert.fail("the token is there");
      const sha512 = (data: string | Buffer) => createHash("sha512").update(data).digest();
      const named = alg === "prefix" ? token.slice(0, 16) : sha512(sha512(token)).toString("base64");
      const subjectOf = (name: string) => ({
        subject_type: "oauth_token",
        token_type: "refresh_token",
        token_identifier_alg: alg,
        token: name,
      });
      assert.equal(await tell({ type: "token-revoked", detail: { subject: subjectOf("another") } }), 202);
      assert.equal(await state(id), "valid");
      assert.equal(await tell({ type: "token-revoked", detail: { subject: subjectOf(named) } }), 202);
      assert.equal(await state(id), "reconnect_required");
      assert.equal(await state(sibling), "valid");
      const kept = JSON.stringify(await relais.server(id));
      assert.ok(!kept.includes(token.slice(0, 16)), "the record holds no part of the token");
      assert.equal((await (await relais.browser(SETUP)).connect(id)).status, 303);
      assert.equal(await tell({ type: "token-revoked", detail: { subject: subjectOf(named) } }), 202);
      assert.equal(await state(id), "valid", "the superseded token is nobody's");
    });
  }

  it("an account that Google enables again resumes sending by itself, if its grant is alive", async () => {
    const id = await connected("someone@gmail.com");
    await tell({ type: "account-disabled", account: "someone@gmail.com" });
    assert.equal(await state(id), "reconnect_required");
    checksAsked();
    await tell({ type: "account-enabled", account: "someone@gmail.com" });
    assert.deepEqual(checksAsked(), [{ server: id }]);
    await checkServer(relais.system, id);
    assert.equal(await state(id), "valid");
  });

  it("a repeated event is acknowledged and changes nothing", async () => {
    const id = await connected("ada@example.com");
    const event = { type: "sessions-revoked", account: "ada@example.com", jti: "the same twice" };
    assert.equal(await tell(event), 202);
    checksAsked();
    assert.equal(await tell(event), 202);
    assert.deepEqual(checksAsked(), []);
    assert.equal(await state(id), "valid");
  });

  it("an event older than the grant does not end it, but triggers a check", async () => {
    const token = await relais.sandbox.control.securityEventToken({
      type: "tokens-revoked",
      account: "ada@example.com",
    });
    relais.clock.advance(2_000);
    const id = await connected("ada@example.com");
    checksAsked();
    assert.equal((await post(token)).status, 202);
    assert.equal(await state(id), "valid");
    assert.ok(checksAsked().some((data) => JSON.stringify(data) === JSON.stringify({ server: id })));
  });

  it("a verification is recorded, so the doctor knows that events arrive", async () => {
    const own = await startRelais();
    const check = async () =>
      (await examine(own.system, "en")).checks.find(({ id }) => id === "security_events") ?? assert.fail();
    assert.equal((await check()).ok, false);
    const token = await own.sandbox.control.securityEventToken({ type: "verification", detail: { state: "x" } });
    const answer = await fetch(`${own.origin}/google_gmail/security-events`, {
      method: "POST",
      body: token,
      headers: { "content-type": "application/secevent+jwt" },
    });
    assert.equal(answer.status, 202);
    assert.equal((await check()).ok, true);
    await own.close();
  });

  it("an event that is not from Google, or not for this client, is refused with 400 and has no effect", async () => {
    const id = await connected("ada@example.com");
    const { securityEventToken } = relais.sandbox.control;
    const event = { type: "tokens-revoked", account: "ada@example.com" };
    const good = await securityEventToken(event);
    const [header = "", payload = "", signature = ""] = good.split(".");
    const none = Buffer.from('{"alg":"none"}').toString("base64url");
    const refused = {
      forged: await securityEventToken({ ...event, forged: true }),
      "for another client": await securityEventToken({ ...event, audience: "another.apps.googleusercontent.com" }),
      altered: `${header}.${Buffer.from(`${Buffer.from(payload, "base64url")} `).toString("base64url")}.${signature}`,
      unsigned: `${none}.${payload}.`,
      "no token": "hello",
      empty: "",
      huge: `${good}${"x".repeat(40_000)}`,
    };
    for (const [what, token] of Object.entries(refused)) {
      const answer = await post(token);
      const problem: { code?: string } = await answer.json();
      assert.equal(answer.status, 400, what);
      assert.equal(problem.code, "security_event_invalid", what);
      assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/, what);
    }
    assert.equal(await state(id), "valid");
    assert.equal((await post(good, "application/json")).status, 415);
    assert.equal((await post(good, null)).status, 202);
    for (const type of ["application/jwt", "text/plain; charset=utf-8"])
      assert.equal((await post(good, type)).status, 202);
  });

  it("an event is not acknowledged while Google's keys cannot be read", async () => {
    const own = await startRelais();
    own.sandbox.control.set({ fault: "http_error", at: "risc", status: 503 });
    const body = await own.sandbox.control.securityEventToken({ type: "verification" });
    const headers = { "content-type": "application/secevent+jwt" };
    const push = () => fetch(`${own.origin}/google_gmail/security-events`, { method: "POST", body, headers });
    const answer = await push();
    assert.equal(answer.status, 503);
    assert.ok(answer.headers.get("retry-after"));
    own.sandbox.control.clear();
    assert.equal((await push()).status, 202);
    await own.close();
  });
});
