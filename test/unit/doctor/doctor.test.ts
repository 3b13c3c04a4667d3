import assert from "node:assert/strict";
import { test } from "node:test";
import { findingsFrom } from "../../../functions/domain/doctor/checks.ts";
import { examine } from "../../../functions/domain/doctor/examine.ts";
import type { Facts } from "../../../functions/domain/doctor/facts.ts";
import { ADVICE, isCheckId, TITLES, TO_DO } from "../../../functions/domain/doctor/texts.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { defaultSettings } from "../../../functions/domain/settings/read-settings.ts";
import type { EnvironmentSettings, Settings } from "../../../functions/domain/settings/settings.ts";
import { grant, mailServer, validConnection } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";

const environment: EnvironmentSettings = {
  operators: ["olga@example.com"],
  members: [],
  callers: [],
  retentionDays: 30,
  smtpDoor: null,
  publicUrl: "https://relais.example.com",
};

interface Situation {
  readonly settings?: Partial<Settings>;
  readonly environment?: Partial<EnvironmentSettings>;
  readonly servers?: readonly MailServer[];
  readonly securityEventAtMs?: number;
  readonly rejected?: string;
  readonly tokenHome?: string;
}

const facts = (situation: Situation): Facts => ({
  settings: {
    ...defaultSettings(environment),
    gmailCredentials: { clientId: "client-1", secretVersion: "1", configuredAtMs: 1 },
    publishingStatus: "internal",
    operatorSignedInAtMs: 1,
    ...situation.settings,
  },
  environment: { ...environment, ...situation.environment },
  servers: (situation.servers ?? [mailServer({ connection: validConnection() })]).map((value, at) => ({
    id: `srv_${at}`,
    value,
    version: "1",
  })),
  securityEventAtMs: situation.securityEventAtMs ?? null,
  rejected: situation.rejected ?? null,
  tokenHome: situation.tokenHome ?? null,
});

const finding = (id: string, situation: Situation = {}) =>
  findingsFrom(facts(situation)).find((found) => found.id === id) ?? assert.fail(`no check ${id}`);

test("a finished setup passes every required check", () => {
  const failed = findingsFrom(facts({})).filter(({ ok, level }) => !ok && level === "required");
  assert.deepEqual(failed, []);
});

const readySendAs = { addresses: ["ada@example.com"], readAtMs: 1 };
const others = ["@example.com"];

const CASES: readonly (readonly [id: string, situation: Situation, ok: boolean, says: string])[] = [
  ["gmail_credentials", { settings: { gmailCredentials: null } }, false, "credentials_missing"],
  ["gmail_credentials", { rejected: "invalid_client" }, false, "credentials_rejected"],
  ["client_type", {}, true, "client_proven"],
  ["client_type", { servers: [mailServer()] }, false, "client_type_unproven"],
  ["redirect_uri", { servers: [mailServer()] }, false, "redirect_uri_unproven"],
  ["public_url", {}, true, "public_url_https"],
  ["public_url", { environment: { publicUrl: "http://localhost:8080" } }, true, "public_url_local"],
  ["public_url", { environment: { publicUrl: "http://relais.example.com" } }, false, "public_url_http"],
  ["publishing_status", {}, true, "status_internal"],
  ["publishing_status", { settings: { publishingStatus: "production" } }, true, "status_production"],
  ["publishing_status", { settings: { publishingStatus: "testing" } }, false, "status_testing"],
  ["publishing_status", { settings: { publishingStatus: "undeclared" } }, false, "status_undeclared"],
  ["test_users", { settings: { publishingStatus: "production" }, servers: [] }, true, "test_users_needless"],
  ["test_users", { settings: { publishingStatus: "testing" } }, true, "test_users_connected"],
  ["test_users", { settings: { publishingStatus: "testing" }, servers: [mailServer()] }, false, "test_users_unproven"],
  ["test_users", { settings: { publishingStatus: "testing" }, servers: [] }, false, "test_users_unseen"],
  ["gmail_api", {}, false, "gmail_api_unproven"],
  [
    "gmail_api",
    { servers: [mailServer({ connection: validConnection({ sendAs: readySendAs }) })] },
    true,
    "gmail_api_proven",
  ],
  ["operators", { environment: { operators: [] } }, false, "operators_missing"],
  ["operators", { environment: { operators: [] }, settings: { operators: ["@x.example"] } }, true, "operators_named"],
  ["setup_token", { settings: { operatorSignedInAtMs: null } }, false, "setup_token_alive"],
  ["setup_token", {}, true, "setup_token_over"],
  ["operators_fixed", { environment: { operators: [] } }, false, "operators_not_fixed"],
  ["mail_server", { servers: [] }, false, "server_missing"],
  [
    "mail_server",
    { servers: [mailServer({ active: false, connection: validConnection() })] },
    false,
    "server_none_ready",
  ],
  [
    "reconnect",
    {
      servers: [
        mailServer({ connection: { state: "reconnect_required", grant: grant(), reason: "testing_7d", sinceMs: 1 } }),
      ],
    },
    false,
    "reconnect_some",
  ],
  [
    "former_client",
    { servers: [mailServer({ connection: validConnection({ clientId: "old" }) })] },
    false,
    "former_client_some",
  ],
  [
    "reconnect",
    {
      rejected: "disabled_client",
      servers: [mailServer({ connection: { state: "error", grant: grant(), reason: "client_rejected", sinceMs: 1 } })],
    },
    true,
    "reconnect_none",
  ],
  ["token_home", {}, true, "tokens_at_home"],
  ["token_home", { tokenHome: "secrets" }, true, "tokens_at_home"],
  ["token_home", { tokenHome: "sealed.2" }, false, "tokens_elsewhere"],
  [
    "token_home",
    {
      tokenHome: "sealed.2",
      servers: [mailServer({ connection: validConnection({ secretVersion: "sealed.1.a" }) })],
    },
    false,
    "tokens_elsewhere",
  ],
  [
    "token_home",
    {
      tokenHome: "sealed.2",
      servers: [mailServer({ connection: validConnection({ secretVersion: "sealed.2.a" }) })],
    },
    true,
    "tokens_at_home",
  ],
  ["session_length", {}, true, "session_length_none"],
  [
    "session_length",
    { servers: [mailServer({ connection: validConnection({ sessionLivesMs: [57_600_000] }) })] },
    false,
    "session_length_some",
  ],
  [
    "expiring",
    {
      servers: [
        mailServer({ connection: { state: "expiring", grant: grant(), expiresAtMs: 9, reason: "testing_7d" } }),
      ],
    },
    false,
    "expiring_some",
  ],
  [
    "send_as",
    { servers: [mailServer({ fromFilter: others, connection: validConnection() })] },
    false,
    "send_as_unknown",
  ],
  [
    "send_as",
    { servers: [mailServer({ fromFilter: others, connection: validConnection({ sendAs: readySendAs }) })] },
    true,
    "send_as_known",
  ],
  ["paused", { settings: { paused: true } }, false, "sending_paused"],
  ["alerts", {}, false, "alerts_none"],
  ["alerts", { settings: { alerts: { server: "srv_0", to: ["olga@example.com"] } } }, true, "alerts_ready"],
  ["alerts", { settings: { alerts: { server: "srv_9", to: ["olga@example.com"] } } }, false, "alerts_unable"],
  [
    "alerts",
    { settings: { alerts: { server: "srv_0", to: ["olga@example.com"] } }, servers: [mailServer()] },
    false,
    "alerts_unable",
  ],
  ["security_events", {}, false, "security_events_unknown"],
  ["security_events", { securityEventAtMs: 1 }, true, "security_events_received"],
];

for (const [id, situation, ok, says] of CASES) {
  test(`${id}: ${says}`, () => {
    const found = finding(id, situation);
    assert.deepEqual({ ok: found.ok, situation: found.situation }, { ok, situation: says });
  });
}

test("archived servers are ignored", () => {
  const archived = mailServer({
    active: false,
    connection: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 1 },
  });
  assert.equal(finding("reconnect", { servers: [archived] }).ok, true);
});

test("every value that a text needs is given, and both languages need the same ones", () => {
  const wanted = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort();
  for (const [situation, text] of Object.entries(ADVICE)) assert.deepEqual(wanted(text.fr), wanted(text.en), situation);
  for (const [id, situation] of CASES) {
    const found = finding(id, situation);
    for (const name of wanted(ADVICE[found.situation].fr)) assert.ok(found.values?.[name ?? ""], `${id}: ${name}`);
  }
});

test("titles and advice are in the requested language", async () => {
  const store = testStore();
  const [fr, en] = await Promise.all([
    examine({ records: store.records, environment }, "fr"),
    examine({ records: store.records, environment }, "en"),
  ]);
  store.close();
  assert.equal(fr.ok, false);
  const ids = Object.keys(TITLES).filter(isCheckId);
  for (const [language, { checks }] of [
    ["fr", fr],
    ["en", en],
  ] as const) {
    assert.deepEqual(
      checks.map(({ title }) => title),
      ids.map((id, at) => (checks[at]?.ok ? TITLES : TO_DO)[id][language]),
    );
    assert.ok(checks.some(({ ok }) => ok) && checks.some(({ ok }) => !ok), "both kinds are shown");
  }
  assert.match(en.checks[0]?.advice ?? "", /https:\/\/relais\.example\.com\/google_gmail\/confirm/);
  for (const { advice } of [...fr.checks, ...en.checks]) assert.doesNotMatch(advice, /[{}]/);
});
