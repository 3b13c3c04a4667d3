import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { parseSessionId } from "../../../functions/domain/access/sessions.ts";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { pkcePair } from "../../../functions/domain/connections/connect/authorization-state.ts";
import { disconnect } from "../../../functions/domain/connections/endings/disconnect.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { movableClock } from "../../builders/clock.ts";
import { assertPage, type Browser, personOf, type Relais, SETUP, startRelais } from "./relais.ts";

const FULL_MAIL = "https://mail.google.com/";
const start = (id: string): string => `/google_gmail/authorize?server=${id}`;
const linkOf = (id: string, code: string): string => `/servers/${id}?problem=${code}`;

describe("the callback of a connection", () => {
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

  const fails = async (answer: Response, row: { status: number; code: string; says?: RegExp }): Promise<void> => {
    await assertPage(answer, { ...row, link: linkOf(id, row.code) });
    assert.equal((await relais.server(id)).connection.state, "not_connected");
    assert.deepEqual(await relais.system.vault.versions({ kind: "refresh_token", serverId: id }), []);
  };

  it("connects: the secret is stored, the record valid, addresses are read, events published and held mail released", async () => {
    const answer = await browser.connect(id);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get("location"), `/servers/${id}?connected=1`);
    const { connection, accountSub, nextCheckAtMs } = await relais.server(id);
    assert.ok(connection.state === "valid");
    assert.equal(connection.grant.email, "ada@example.com");
    assert.equal(connection.grant.accountKind, "workspace");
    assert.ok(connection.grant.scopes.includes(FULL_MAIL));
    assert.deepEqual(connection.grant.sendAs?.addresses.toSorted(), [
      "ada@example.com",
      "billing@example.com",
      "contact@example.com",
    ]);
    assert.equal(accountSub, connection.grant.sub);
    assert.ok(nextCheckAtMs !== null && nextCheckAtMs > relais.clock.nowMs());
    assert.deepEqual(await relais.system.vault.versions({ kind: "refresh_token", serverId: id }), [
      connection.grant.secretVersion,
    ]);
    assert.ok(relais.announced.some((one) => one.type === "relais.server.connected.v1" && one.subject === id));
    assert.deepEqual(relais.published.at(-1), {
      topic: "mail-dispatch",
      message: { data: { server: id }, attributes: {} },
    });
    const audit = await relais.system.records.query("auditNewest", {}, { limit: 1 });
    assert.ok(audit !== "bad_cursor");
    assert.equal(audit.items[0]?.value.action, "connection.connect");
    assert.equal(audit.items[0]?.value.target, id);
  });

  it("accepts another spelling of a Gmail address as the same account", async () => {
    id = await relais.addServer({ username: "some.one@googlemail.com" });
    assert.equal((await browser.connect(id, { account: "someone@gmail.com" })).status, 303);
    const { connection } = await relais.server(id);
    assert.equal(connection.state, "valid");
    await checkServer(relais.system, id);
    assert.equal((await relais.server(id)).connection.state, "valid");
  });

  it("keeps the id and the number of secrets over reconnects", async () => {
    for (let times = 0; times < 3; times += 1) assert.equal((await browser.connect(id)).status, 303);
    assert.equal((await relais.system.vault.versions({ kind: "refresh_token", serverId: id })).length, 1);
  });

  it("connects with gmail.send alone under the Gmail API", async () => {
    id = await relais.addServer({ transport: "gmail_api" });
    const location = new URL(await browser.toGoogle(start(id)));
    assert.equal(location.searchParams.get("scope"), "openid email https://www.googleapis.com/auth/gmail.send");
    assert.equal((await browser.connect(id)).status, 303);
    const { connection } = await relais.server(id);
    assert.ok(connection.state === "valid");
    assert.equal(connection.grant.sendAs, null);
  });

  it("answers state_invalid to an unknown state, whatever else the request has", async () => {
    for (const query of ["", "?state=x&code=y", "?state=x&error=access_denied", `?state=${"A".repeat(43)}&code=y`]) {
      const answer = await browser.get(`/google_gmail/confirm${query}`);
      await assertPage(answer, { status: 400, code: "state_invalid", link: "/" });
    }
  });

  it("answers state_invalid in another browser, with or without a session; the first can still continue", async () => {
    const callback = await browser.consent(start(id));
    for (const other of [await relais.browser(), await relais.browser(SETUP)]) {
      await assertPage(await other.get(callback), { status: 400, code: "state_invalid", link: "/" });
    }
    assert.equal((await browser.get(callback)).status, 303);
  });

  it("answers state_invalid to a used state with an error, another code or none", async () => {
    const callback = await browser.consent(start(id));
    assert.equal((await browser.get(callback)).status, 303);
    const row = { status: 400, code: "state_invalid", link: linkOf(id, "state_invalid") };
    const state = new URL(callback).searchParams.get("state");
    for (const query of ["&error=access_denied", "&error=server_error", "&code=4%2F0Aanother", ""]) {
      await assertPage(await browser.get(`/google_gmail/confirm?state=${state}${query}`), row);
    }
  });

  it("refuses HEAD, which would use a callback up unseen", async () => {
    const callback = await browser.consent(start(id));
    const head = await browser.head(callback);
    assert.deepEqual([head.status, head.headers.get("allow")], [405, "GET"]);
    assert.equal((await browser.get(callback)).status, 303);
  });

  it("exchanges the code once, however many requests come at once, and leads them all to the result", async () => {
    const callback = await browser.consent(start(id));
    const answers = await Promise.all(Array.from({ length: 5 }, () => browser.get(callback)));
    assert.deepEqual(
      answers.map(({ status, headers }) => `${status} ${headers.get("location")}`),
      Array.from({ length: 5 }, () => `303 /servers/${id}?connected=1`),
    );
    const { connection } = await relais.server(id);
    assert.ok(connection.state === "valid" && connection.grant.generation === 1);
  });

  it("answers state_invalid after ten minutes, and not before", async () => {
    const early = await browser.consent(start(id));
    relais.clock.advance(9 * MINUTE);
    const late = await browser.consent(start(id));
    assert.equal((await browser.get(early)).status, 303);
    relais.clock.advance(10 * MINUTE);
    const row = { status: 400, code: "state_invalid", link: linkOf(id, "state_invalid") };
    await assertPage(await browser.get(late), row);
  });

  it("binds a state to its server: two authorizations in one browser end where they began", async () => {
    const other = await relais.addServer({ name: "Other", username: "grace@example.com" });
    const one = await browser.consent(start(id));
    const two = await browser.consent(start(other), { account: "grace@example.com" });
    const swapped = new URL(one);
    swapped.searchParams.set("code", new URL(two).searchParams.get("code") ?? "");
    await fails(await browser.get(swapped.href), { status: 400, code: "code_invalid" });
    const answer = await browser.get(two);
    assert.equal(answer.headers.get("location"), `/servers/${other}?connected=1`);
    assert.equal((await relais.server(other)).connection.state, "valid");
  });

  it("answers code_invalid without a code, with a wrong one, and with two", async () => {
    for (const query of ["", "&code=", "&code=4%2Fwrong", "&code=a&code=b"]) {
      const url = new URL(await browser.toGoogle(start(id)));
      const state = url.searchParams.get("state");
      const answer = await browser.get(`/google_gmail/confirm?state=${state}${query}`);
      await fails(answer, { status: 400, code: "code_invalid" });
    }
  });

  it("explains consent_denied by the missing test user", async () => {
    const says = /Utilisateurs tests.*adresse exacte/s;
    await fails(await browser.connect(id, { deny: true }), { status: 403, code: "consent_denied", says });
  });

  it("answers consent_refused to any other refusal by Google", async () => {
    for (const error of ["admin_policy_enforced", "org_internal", "interaction_required", "invalid_scope"]) {
      relais.sandbox.control.set({ fault: "authorization_error", error }, { times: 1 });
      await fails(await browser.connect(id), { status: 403, code: "consent_refused" });
    }
    relais.sandbox.control.set({ fault: "token_error", error: "admin_policy_enforced" }, { times: 1 });
    await fails(await browser.connect(id), { status: 403, code: "consent_refused" });
  });

  const revocations = (): number => relais.sandbox.control.counters().revocations.accepted;

  it("answers account_mismatch with advice on aliases and groups, and revokes what nobody shares", async () => {
    const before = revocations();
    const answer = await browser.connect(id, { account: "operator@example.com" });
    const says = /operator@example\.com.*ada@example\.com.*alias.*fromFilter.*groupe Google/s;
    await fails(answer, { status: 409, code: "account_mismatch", says });
    assert.equal(revocations(), before + 1);
  });

  it("revokes nothing on account_mismatch if another mail server depends on it", async () => {
    const theirs = await relais.addServer({ name: "Facture", username: "facturation@example.com" });
    assert.equal((await browser.connect(theirs, { account: "facturation@example.com" })).status, 303);
    const before = revocations();
    const answer = await browser.connect(id, { account: "facturation@example.com" });
    await fails(answer, { status: 409, code: "account_mismatch" });
    assert.equal(revocations(), before);
  });

  it("answers scope_missing if Gmail's box was unchecked", async () => {
    const answer = await browser.connect(id, { untick: [FULL_MAIL] });
    await fails(answer, { status: 409, code: "scope_missing", says: /coch/ });
  });

  it("answers refresh_token_missing if there is none", async () => {
    relais.sandbox.control.set({ fault: "no_refresh_token" });
    await fails(await browser.connect(id), { status: 409, code: "refresh_token_missing" });
  });

  for (const is of [
    "wrong_nonce",
    "wrong_audience",
    "wrong_issuer",
    "email_unverified",
    "bad_signature",
    "expired",
    "missing",
  ] as const) {
    it(`answers identity_unproven if the ID token is ${is}`, async () => {
      relais.sandbox.control.set({ fault: "id_token", is });
      await fails(await browser.connect(id), { status: 502, code: "identity_unproven" });
    });
  }

  it("answers client_rejected to each of Google's words for it", async () => {
    for (const error of ["invalid_client", "unauthorized_client", "redirect_uri_mismatch"]) {
      relais.sandbox.control.set({ fault: "token_error", error }, { times: 1 });
      await fails(await browser.connect(id), { status: 502, code: "client_rejected" });
    }
  });

  it("answers google_unavailable to a 5xx, and a reload continues", async () => {
    relais.sandbox.control.set({ fault: "http_error", at: "token", status: 503 }, { times: 1 });
    const callback = await browser.consent(start(id));
    const answer = await browser.get(callback);
    assert.ok(Number(answer.headers.get("retry-after")) > 0);
    await fails(answer, { status: 503, code: "google_unavailable" });
    assert.equal((await browser.get(callback)).headers.get("location"), `/servers/${id}?connected=1`);
  });

  it("speaks English if asked to, and French otherwise", async () => {
    const language = { "accept-language": "en-GB,en;q=0.9,fr;q=0.1" };
    const english = await (await browser.get("/google_gmail/confirm", language)).text();
    assert.match(english, /<html lang="en">.*no longer valid/s);
    const german = await (await browser.get("/google_gmail/confirm", { "accept-language": "de" })).text();
    assert.match(german, /<html lang="fr">.*n’est plus valable/s);
  });

  it("stores neither state nor verifier, token nor code", async () => {
    const stored: string[] = [];
    const { commit } = relais.system.records;
    relais.system.records.commit = async (writes) => {
      stored.push(JSON.stringify(writes));
      return commit(writes);
    };
    try {
      const callback = await browser.consent(start(id));
      assert.equal((await browser.get(callback)).status, 303);
      const { searchParams } = new URL(callback);
      const state = searchParams.get("state") ?? "";
      const sessionId = parseSessionId(browser.cookie ?? "");
      const { connection } = await relais.server(id);
      assert.ok(sessionId !== null && connection.state === "valid");
      const name = { kind: "refresh_token", serverId: id } as const;
      const refreshToken = await relais.system.vault.read(name, connection.grant.secretVersion);
      const accessToken = await accessTokens(relais.system).obtain(id);
      assert.ok(refreshToken !== undefined && accessToken.ok);
      const secrets = {
        state,
        sessionId,
        code: searchParams.get("code") ?? "",
        verifier: pkcePair(sessionId, state).verifier.reveal(),
        refreshToken: refreshToken.reveal(),
        accessToken: accessToken.token.reveal(),
      };
      assert.ok(stored.length > 2);
      for (const [kind, value] of Object.entries(secrets)) {
        assert.ok(value.length > 20, kind);
        assert.ok(!stored.some((text) => text.includes(value)), `${kind} is stored`);
      }
    } finally {
      relais.system.records.commit = commit;
    }
  });
});

describe("two mail servers on one Google account", () => {
  let relais: Relais;
  let browser: Browser;
  let kept: string;
  before(async () => {
    relais = await startRelais();
    browser = await relais.browser(SETUP);
    kept = await relais.addServer();
    assert.equal((await browser.connect(kept)).status, 303);
  });
  after(() => relais.close());

  /** Relies on Google's own answer: a refresh of its grant succeeds. */
  const assertLives = async (): Promise<void> => {
    assert.deepEqual(await checkServer(relais.system, kept), { kind: "checked", state: "valid" });
  };

  it("stay as they are after a mismatch on the other", async () => {
    const other = await relais.addServer({ name: "Grace", username: "grace@example.com" });
    assert.equal((await browser.connect(other, { account: "ada@example.com" })).status, 409);
    await assertLives();
  });

  it("stay as they are after an unchecked scope, on the other server and on the same", async () => {
    const second = await relais.addServer({ name: "Second" });
    for (const id of [second, kept]) {
      assert.equal((await browser.connect(id, { untick: [FULL_MAIL] })).status, 409);
      await assertLives();
    }
  });

  it("stay apart when one is disconnected, which says why nothing was revoked; the last one revokes", async () => {
    const second = await relais.addServer({ name: "Third" });
    assert.equal((await browser.connect(second)).status, 303);
    assert.deepEqual(await disconnect(relais.system, second, "setup-token"), {
      ok: true,
      value: { revoked: false, sharedWith: [kept] },
    });
    assert.equal((await relais.server(second)).connection.state, "not_connected");
    assert.deepEqual(await relais.system.vault.versions({ kind: "refresh_token", serverId: second }), []);
    await assertLives();
    assert.deepEqual(await disconnect(relais.system, kept, "setup-token"), {
      ok: true,
      value: { revoked: true, sharedWith: [] },
    });
  });
});

describe("a Google that stalls", () => {
  it("causes google_unavailable after the time-out, and a reload continues", async () => {
    // Ten nominal seconds in two and a half: enough for everything that is answered, even on a busy machine.
    const relais = await startRelais({ clock: movableClock(4) });
    try {
      const browser = await relais.browser(SETUP);
      const id = await relais.addServer();
      const callback = await browser.consent(start(id));
      relais.sandbox.control.set({ fault: "stall", at: "jwks" });
      const row = { status: 503, code: "google_unavailable", link: linkOf(id, "google_unavailable") };
      await assertPage(await browser.get(callback), row);
      relais.sandbox.control.clear();
      relais.sandbox.control.set({ fault: "stall", at: "token" });
      await assertPage(await browser.get(callback), row);
      relais.sandbox.control.clear();
      assert.equal((await browser.get(callback)).status, 303);
    } finally {
      await relais.close();
    }
  });
});

describe("signing in with Google", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais({ environment: { RELAIS_MEMBERS: "ada@example.com" } });
  });
  after(() => relais.close());
  const signIn = "/google_gmail/authorize?sign-in&next=%2Fservers";

  it("admits an operator with a new session, and leads to the requested page", async () => {
    const browser = await relais.browser();
    const url = new URL(await browser.toGoogle(signIn));
    assert.equal(url.searchParams.get("scope"), "openid email");
    assert.equal(url.searchParams.get("access_type"), null);
    const before = browser.cookie;
    const callback = await browser.consent(signIn, { account: "operator@example.com" });
    assert.equal(browser.cookie, before, "one session through all of it");
    const answer = await browser.get(callback);
    assert.equal(answer.status, 303);
    assert.equal(answer.headers.get("location"), "/servers");
    assert.notEqual(browser.cookie, before);
    const id = await relais.addServer();
    assert.match(await browser.toGoogle(start(id)), /client_id=/);
    const settings = await relais.system.records.get("settings", "settings");
    assert.notEqual(settings?.value.operatorSignedInAtMs, null);
    assert.equal(settings?.value.members, undefined, "what the environment says of members is not frozen by it");
    // The old id is worthless now.
    const thief = await relais.browser();
    thief.cookie = before;
    assert.equal((await thief.get(start(id))).status, 303);
  });

  it("answers not_admitted to anyone else, without a session", async () => {
    const browser = await relais.browser();
    const callback = await browser.consent(signIn, { account: "someone@gmail.com" });
    const answer = await browser.get(callback);
    assert.deepEqual(answer.headers.getSetCookie(), []);
    await assertPage(answer, { status: 403, code: "not_admitted", link: "/", says: /<dd>someone@gmail\.com<\/dd>/ });
  });

  it("does not connect anything with a sign-in's state, nor sign anyone in with a connection's", async () => {
    const browser = await relais.browser(SETUP);
    const id = await relais.addServer();
    const callback = await browser.consent(start(id), { account: "operator@example.com" });
    assert.equal((await browser.get(callback)).status, 409);
    assert.equal((await relais.server(id)).connection.state, "not_connected");
  });
});

describe("the start of an authorization", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais({ environment: { RELAIS_MEMBERS: "@example.com" } });
  });
  after(() => relais.close());

  it("sends Google all the required parameters, and sets a cookie of the right kind", async () => {
    const browser = await relais.browser();
    const answer = await browser.get("/google_gmail/authorize?sign-in");
    assert.match(
      answer.headers.getSetCookie()[0] ?? "",
      /^__session=[\w-]{43}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/,
    );
    const operator = await relais.browser(personOf("operator@example.com"));
    const id = await relais.addServer();
    const query = new URL(await operator.toGoogle(start(id))).searchParams;
    const { state, nonce, code_challenge, ...rest } = Object.fromEntries(query);
    assert.match(state ?? "", /^[\w-]{43}$/);
    assert.match(nonce ?? "", /^[\w-]{43}$/);
    assert.match(code_challenge ?? "", /^[\w-]{43}$/);
    assert.deepEqual(rest, {
      response_type: "code",
      client_id: relais.sandbox.client.id,
      redirect_uri: "http://localhost:8080/google_gmail/confirm",
      scope: "openid email https://mail.google.com/",
      access_type: "offline",
      prompt: "consent",
      login_hint: "ada@example.com",
      code_challenge_method: "S256",
    });
  });

  it("sends an anonymous visitor to the sign-in, and back here afterwards", async () => {
    const id = await relais.addServer();
    for (const browser of [await relais.browser(), await relais.browser(personOf("someone@gmail.com"))]) {
      const answer = await browser.get(start(id));
      assert.equal(answer.status, 303);
      assert.equal(answer.headers.get("location"), `/sign-in?next=${encodeURIComponent(start(id))}`);
    }
  });

  it("shows a member only their own server", async () => {
    const own = await relais.addServer({ name: "Own", username: "grace@example.com" });
    const other = await relais.addServer({ name: "Not theirs" });
    const member = await relais.browser(personOf("grace@example.com"));
    assert.match(await member.toGoogle(start(own)), /login_hint=grace%40example.com/);
    for (const id of [other, "srv_none"]) {
      const page = await member.get(start(id));
      assert.equal(page.status, 404);
      const program = await member.get(start(id), { accept: "*/*" });
      assert.equal(program.status, 404);
      assert.equal((await program.json()).code, "not_found");
    }
  });

  it("refuses unknown parameters, and every `next` that leads elsewhere", async () => {
    const browser = await relais.browser(SETUP);
    const id = await relais.addServer();
    const wrong = [
      "",
      "?server=",
      `?server=${id}&foo=1`,
      `?server=${id}&server=${id}`,
      `?server=${id}&sign-in`,
      `?server=${id}&next=/x`,
      "?sign-in=yes",
      ...["//evil.example", "/\\evil.example", "https://evil.example", "servers", "/..//evil.example", "/\tx"].map(
        (next) => `?sign-in&next=${encodeURIComponent(next)}`,
      ),
    ];
    for (const query of wrong) {
      const answer = await browser.get(`/google_gmail/authorize${query}`, { accept: "*/*" });
      assert.equal(answer.status, 422, query);
      const problem = await answer.json();
      assert.equal(problem.code, "invalid_request");
      assert.ok(problem.fields[0].path.startsWith("/"));
    }
  });

  it("reports that credentials are missing if none are saved", async () => {
    const bare = await startRelais({ withoutCredentials: true });
    try {
      const browser = await bare.browser(SETUP);
      const id = await bare.addServer();
      const answer = await browser.get(start(id));
      await assertPage(answer, { status: 409, code: "gmail_credentials_missing", link: "/" });
    } finally {
      await bare.close();
    }
  });
});
