import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { AccessTokenOutcome, AccessTokens } from "../../../functions/domain/google/tokens.ts";
import type { ProbeStage } from "../../../functions/domain/google/transports.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { testConnection } from "../../../functions/domain/mail-servers/test-connection.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { testClock } from "../../builders/clock.ts";
import { grant, mailServer, SEND_ONLY, validConnection } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const clock = testClock();
let store: ReturnType<typeof testStore>;
let published: string[];
beforeEach(() => {
  published = [];
  store = testStore(clock);
});
afterEach(() => store.close());

type Given = Extract<AccessTokenOutcome, { ok: true }>;

const token = (value: string, more: Partial<Given> = {}): Given => ({
  ok: true,
  token: new Secret(value),
  expiresAtMs: clock.nowMs() + 3_600_000,
  scopes: grant().scopes,
  identity: "same",
  ...more,
});

/** Google's answer, after 30 ms. */
const tokensThat = (outcome: AccessTokenOutcome): Pick<AccessTokens, "renew"> => ({
  renew: async () => {
    clock.advance(30);
    return outcome;
  },
});

const PASSED: readonly ProbeStage[] = [
  { stage: "dns", ok: true, ms: 1 },
  { stage: "tls", ok: true, ms: 2 },
  { stage: "auth", ok: true, ms: 3 },
  { stage: "envelope", ok: true, ms: 4 },
];
const upTo = (last: ProbeStage): readonly ProbeStage[] => [
  ...PASSED.slice(
    0,
    PASSED.findIndex(({ stage }) => stage === last.stage),
  ),
  last,
];
const said = (code: number, enhanced: string) => ({ code, enhanced, response: `${enhanced} said so` });
const REFUSED_LOGIN = upTo({ stage: "auth", ok: false, ms: 3, reply: said(535, "5.7.8") });

const probeThat = (...answers: readonly (readonly ProbeStage[])[]) => {
  const logins: string[] = [];
  const probe = async (login: { readonly username: string; readonly accessToken: Secret }) => {
    logins.push(`${login.username} ${login.accessToken.reveal()}`);
    return answers[logins.length - 1] ?? assert.fail("one probe more than expected");
  };
  return { transports: { smtp: { probe }, gmail_api: { probe } }, logins };
};

const run = async (
  value: MailServer,
  tokens: Pick<AccessTokens, "renew">,
  transports: ReturnType<typeof probeThat>["transports"],
  how = { sendsMail: false },
): Promise<readonly string[]> => {
  const outcome = await store.records.commit([{ op: "create", kind: "mailServers", id: "srv_a", value }]);
  assert.ok(outcome.done);
  const publisher = { publish: async (topic: string) => void published.push(topic) };
  const log = { info: () => {}, warn: () => {}, error: () => {} };
  const tell = async (): Promise<void> => undefined;
  const deps = { records: store.records, clock, random: testRandom, log, tell, tokens, transports, publisher };
  const stages = await testConnection(deps, { id: "srv_a", value, version: outcome.versions[0] ?? "" }, how);
  return (stages ?? []).map(({ stage, ms, problem }) => `${stage} ${ms} ${problem?.code ?? "ok"}`);
};
const kept = async () => (await store.records.get("mailServers", "srv_a"))?.value;

test("if all stages pass, each is reported with its duration, and the grant counts as verified now", async () => {
  const { transports, logins } = probeThat(PASSED);
  assert.deepEqual(await run(mailServer({ connection: validConnection() }), tokensThat(token("t1")), transports), [
    "token 30 ok",
    "scope 0 ok",
    "identity 0 ok",
    "dns 1 ok",
    "tls 2 ok",
    "auth 3 ok",
    "envelope 4 ok",
  ]);
  assert.deepEqual(logins, ["ada@example.com t1"]);
  assert.deepEqual((await kept())?.connection, validConnection({ lastVerifiedAtMs: clock.nowMs() }));
});

const LEARNT: readonly (readonly [Pick<ProbeStage, "ok" | "smtpUtf8" | "reason">, boolean | undefined])[] = [
  [{ ok: true, smtpUtf8: false }, false],
  [{ ok: true, smtpUtf8: true }, true],
  [{ ok: false, smtpUtf8: false, reason: "lost" }, undefined],
];
for (const [last, known] of LEARNT) {
  test(`after ${JSON.stringify(last)} the support of addresses beyond ASCII is stored as ${known}`, async () => {
    const { transports } = probeThat(upTo({ stage: "envelope", ms: 4, ...last }));
    await run(mailServer({ connection: validConnection() }), tokensThat(token("t1")), transports);
    assert.equal((await kept())?.smtpUtf8, known);
  });
}

const WITHOUT_TOKEN: readonly (readonly [MailServer, AccessTokenOutcome, string])[] = [
  [mailServer(), { ok: false, why: "not_connected" }, "not_connected"],
  [
    mailServer({ connection: { state: "reconnect_required", grant: grant(), reason: "testing_7d", sinceMs: 1 } }),
    { ok: false, why: "not_connected" },
    "testing_7d",
  ],
  [
    mailServer({ connection: validConnection() }),
    { ok: false, why: "grant_dead", reason: "password_or_revoked" },
    "password_or_revoked",
  ],
  [mailServer({ connection: validConnection() }), { ok: false, why: "client_rejected" }, "client_rejected"],
  [
    mailServer({ connection: validConnection() }),
    { ok: false, why: "google_unavailable", retryAfterS: 5 },
    "google_unavailable",
  ],
];

for (const [server, outcome, code] of WITHOUT_TOKEN) {
  test(`without a token (${code}) no further stage runs`, async () => {
    const { transports, logins } = probeThat();
    assert.deepEqual(await run(server, tokensThat(outcome), transports), [`token 30 ${code}`]);
    assert.deepEqual(logins, []);
  });
}

test("a scope that does not allow the transport is reported before Gmail is asked", async () => {
  const server = mailServer({ connection: validConnection({ scopes: [SEND_ONLY] }) });
  const tokens = tokensThat(token("t1", { scopes: [SEND_ONLY] }));
  assert.deepEqual(await run(server, tokens, probeThat().transports), ["token 30 ok", "scope 0 scope_missing"]);
});

const TO_IDENTITY = ["token 30 ok", "scope 0 ok"];
const IDENTITIES = [
  [{ identity: "same" }, ["identity 0 ok"], true],
  [{ identity: "unproven" }, ["identity 0 identity_unproven"], false],
  [{ identity: "unreachable" }, ["identity 0 google_unavailable"], false],
  // A check that did not happen is not reported: this token came without an ID token, or from the cache.
  [{ identity: "absent" }, [], true],
  [{ identity: null }, [], true],
] as const;
for (const [given, told, goesOn] of IDENTITIES) {
  test(`an identity that is ${given.identity} is reported as ${told[0] ?? "not checked"}`, async () => {
    const { transports } = probeThat(PASSED);
    const server = mailServer({ connection: validConnection() });
    const stages = await run(server, tokensThat(token("t1", given)), transports);
    assert.deepEqual(stages.slice(0, TO_IDENTITY.length + told.length), [...TO_IDENTITY, ...told]);
    assert.equal(stages.includes("auth 3 ok"), goesOn);
  });
}

test("the token of another account gets as far as the identity, and never to Gmail", async () => {
  const server = mailServer({ connection: validConnection() });
  const refused = tokensThat({ ok: false, why: "account_mismatch", scopes: grant().scopes });
  assert.deepEqual(await run(server, refused, probeThat().transports), [...TO_IDENTITY, "identity 0 account_mismatch"]);
});

test("a renamed account logs in with its new address while the former one is its alias", async () => {
  const renamed = { email: "ada.new@example.com", formerEmails: ["ada@example.com"] };
  const { transports, logins } = probeThat(PASSED);
  const sendAs = { addresses: ["ada.new@example.com", "ada@example.com"], readAtMs: 1 };
  const server = mailServer({ connection: validConnection({ ...renamed, sendAs }) });
  assert.ok((await run(server, tokensThat(token("t1")), transports)).includes("identity 0 ok"));
  assert.deepEqual(logins, ["ada.new@example.com t1"]);
});

test("a renamed account without that alias is reported before Gmail is asked", async () => {
  const renamed = { email: "ada.new@example.com", formerEmails: ["ada@example.com"] };
  for (const sendAs of [{ addresses: ["ada.new@example.com"], readAtMs: 1 }, null]) {
    store.close();
    store = testStore(clock);
    const server = mailServer({ connection: validConnection({ ...renamed, sendAs }) });
    const stages = await run(server, tokensThat(token("t1")), probeThat().transports);
    assert.deepEqual(stages, [...TO_IDENTITY, "identity 0 account_renamed"]);
  }
});

test("the grant of another account is reported before Gmail is asked", async () => {
  const server = mailServer({ username: "eve@example.com", connection: validConnection() });
  const stages = await run(server, tokensThat(token("t1")), probeThat().transports);
  assert.deepEqual(stages, ["token 30 ok", "scope 0 ok", "identity 0 account_mismatch"]);
});

test("if Gmail refuses a token that Google has just issued, the login fails and nothing counts as verified", async () => {
  const before = mailServer({ connection: validConnection() });
  const stages = await run(before, tokensThat(token("t1")), probeThat(REFUSED_LOGIN).transports);
  assert.equal(stages.at(-1), "auth 3 auth_refused");
  assert.deepEqual(await kept(), before);
});

const FAILED: readonly (readonly [ProbeStage, MailServer["transport"], string])[] = [
  [{ stage: "dns", ok: false, ms: 1, reason: "ENOTFOUND" }, "smtp", "dns_failed"],
  [{ stage: "tls", ok: false, ms: 1, reason: "certificate" }, "smtp", "tls_failed"],
  [{ stage: "auth", ok: false, ms: 1, reason: "ECONNRESET" }, "smtp", "connection_lost"],
  [{ stage: "auth", ok: false, ms: 1, reply: said(454, "4.7.0") }, "smtp", "gmail_unavailable"],
  [
    { stage: "auth", ok: false, ms: 1, reply: { code: 454, enhanced: "4.7.0", response: "Too many login attempts" } },
    "smtp",
    "too_many_logins",
  ],
  [{ stage: "auth", ok: false, ms: 1, reply: said(421, "4.3.0") }, "smtp", "gmail_unavailable"],
  [
    { stage: "auth", ok: false, ms: 1, reply: said(403, ""), reasons: ["accessnotconfigured"] },
    "gmail_api",
    "gmail_api_disabled",
  ],
  [{ stage: "auth", ok: false, ms: 1, reply: said(403, ""), reasons: ["domainpolicy"] }, "gmail_api", "admin_policy"],
  [
    { stage: "auth", ok: false, ms: 1, reply: said(400, ""), reasons: ["failedprecondition"] },
    "gmail_api",
    "gmail_refused",
  ],
  [{ stage: "auth", ok: false, ms: 1, reply: said(503, "") }, "gmail_api", "gmail_unavailable"],
  [{ stage: "envelope", ok: false, ms: 1, reply: said(550, "5.4.5") }, "smtp", "quota_reached"],
  [{ stage: "envelope", ok: false, ms: 1, reply: said(553, "5.1.3") }, "smtp", "sender_refused"],
  [
    {
      stage: "envelope",
      at: "rcpt",
      ok: false,
      ms: 1,
      reply: { code: 550, enhanced: "5.7.0", response: "Mail Sending denied" },
    },
    "smtp",
    "gmail_refused",
  ],
  [{ stage: "envelope", ok: false, ms: 1, reply: said(451, "4.3.0") }, "smtp", "temporarily_refused"],
];

for (const [last, transport, code] of FAILED) {
  test(`${transport}: ${last.stage} with ${last.reply?.code ?? last.reason} is reported as ${code}`, async () => {
    const server = mailServer({ transport, connection: validConnection() });
    const stages = await run(server, tokensThat(token("t1")), probeThat(upTo(last)).transports);
    assert.equal(stages.at(-1), `${last.stage} 1 ${code}`);
  });
}

test("a passed test ends an error that a refusal by Gmail caused", async () => {
  const connection = { state: "error", grant: grant(), reason: "gmail_refused", sinceMs: 1 } as const;
  await run(mailServer({ connection }), tokensThat(token("t1")), probeThat(PASSED).transports);
  assert.equal((await kept())?.connection.state, "valid");
  assert.deepEqual(published, ["mail-dispatch"], "the mail that was held goes");
});

test("a refusal of the account that no test can detect is remembered: the test does not pass, and ends nothing", async () => {
  const beyondProbe = "550 5.7.0 Mail Sending denied";
  const connection = { state: "error", grant: grant(), reason: "gmail_refused", sinceMs: 1, beyondProbe } as const;
  const stages = await run(mailServer({ connection }), tokensThat(token("t1")), probeThat(PASSED).transports);
  assert.equal(stages.at(-1), "envelope 4 gmail_refused");
  assert.deepEqual((await kept())?.connection, connection);
  assert.deepEqual(published, []);
});

test("if a test sends a mail, that mail decides whether the refusal is over", async () => {
  const beyondProbe = "550 5.7.0 Mail Sending denied";
  const connection = { state: "error", grant: grant(), reason: "gmail_refused", sinceMs: 1, beyondProbe } as const;
  const { transports } = probeThat(PASSED);
  const stages = await run(mailServer({ connection }), tokensThat(token("t1")), transports, { sendsMail: true });
  assert.equal(stages.at(-1), "envelope 4 ok");
  assert.equal((await kept())?.connection.state, "valid");
  assert.deepEqual(published, ["mail-dispatch"]);
});

test("a failure in an earlier stage is reported as usual", async () => {
  const connection = {
    state: "error",
    grant: grant(),
    reason: "gmail_refused",
    sinceMs: 1,
    beyondProbe: "no",
  } as const;
  const stages = await run(mailServer({ connection }), tokensThat(token("t1")), probeThat(REFUSED_LOGIN).transports);
  assert.equal(stages.at(-1), "auth 3 auth_refused");
});
