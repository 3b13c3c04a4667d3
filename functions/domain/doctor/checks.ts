import { isoTime } from "../clock.ts";
import { canSend, grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import type { Versioned } from "../records.ts";
import { type EnvironmentSettings, isKnownPublishingStatus, type Settings } from "../settings/settings.ts";
import { allOperators, redirectUriOf } from "../settings/settings-view.ts";
import { traitsOf } from "../transport.ts";

/** What the doctor looks at. */
export interface Facts {
  readonly settings: Settings;
  readonly environment: EnvironmentSettings;
  readonly servers: readonly Versioned<MailServer>[];
  /** When Google's last security event for the present client came; null: never. */
  readonly securityEventAtMs: number | null;
  /** Google refuses the present client, in its own word; null: it does not, or that was before it was last saved. */
  readonly rejected: string | null;
}

export type CheckId =
  | "gmail_credentials"
  | "client_type"
  | "redirect_uri"
  | "public_url"
  | "publishing_status"
  | "test_users"
  | "gmail_api"
  | "relais_version"
  | "operators"
  | "setup_token"
  | "operators_fixed"
  | "mail_server"
  | "reconnect"
  | "former_client"
  | "session_length"
  | "expiring"
  | "send_as"
  | "paused"
  | "security_events"
  | "alerts";

/** How a check came out; each has its text. */
export type Situation =
  | "credentials_saved"
  | "credentials_missing"
  | "credentials_rejected"
  | "client_proven"
  | "client_type_unproven"
  | "redirect_uri_unproven"
  | `public_url_${"https" | "local" | "http"}`
  | `status_${Settings["publishingStatus"]}`
  | `test_users_${"needless" | "connected" | "unproven" | "unseen"}`
  | `gmail_api_${"proven" | "unproven"}`
  | "no_module"
  | `operators_${"named" | "missing" | "fixed" | "not_fixed"}`
  | `setup_token_${"over" | "alive"}`
  | `server_${"ready" | "ready_one" | "missing" | "none_ready"}`
  | `reconnect_${"none" | "some"}`
  | `former_client_${"none" | "some"}`
  | `session_length_${"none" | "some"}`
  | `expiring_${"none" | "some"}`
  | `send_as_${"known" | "unknown"}`
  | "sending"
  | "sending_paused"
  | `security_events_${"received" | "unknown"}`
  | `alerts_${"none" | "ready" | "unable"}`;

/** `required`: without it mail cannot leave, or nobody can set it up. `advice`: a risk, or what Relais cannot know. */
export interface Finding {
  readonly id: CheckId;
  readonly ok: boolean;
  readonly level: "required" | "advice";
  readonly situation: Situation;
  readonly values?: Readonly<Record<string, string>>;
  /** Where to see to it: a page of Google's console or Google's documentation. */
  readonly link?: string;
}

// Google's console, "Google Auth Platform" (support.google.com/cloud/answer/15544987), and its documentation.
const CLIENTS = "https://console.cloud.google.com/auth/clients";
const AUDIENCE = "https://console.cloud.google.com/auth/audience";
const GMAIL_API = "https://console.cloud.google.com/apis/library/gmail.googleapis.com";
const RISC = "https://developers.google.com/identity/protocols/risc";

const named = (servers: Facts["servers"]): string => servers.map(({ value }) => value.name).join(", ");
const active = ({ servers }: Facts) => servers.filter(({ value }) => value.active);

/** An account connected through the present client went the whole way: type, redirect URI and secret are right. */
const clientProven = ({ settings, servers }: Facts): boolean =>
  settings.gmailCredentials !== null &&
  servers.some(({ value }) => grantOf(value)?.clientId === settings.gmailCredentials?.clientId);

const googleClient = (facts: Facts): Finding[] => {
  const clientId = facts.settings.gmailCredentials?.clientId;
  const error = facts.rejected ?? "";
  const values = { redirectUri: redirectUriOf(facts.environment), clientId: clientId ?? "", error };
  const proven = clientProven(facts);
  return [
    {
      id: "gmail_credentials",
      ok: clientId !== undefined && error === "",
      level: "required",
      situation:
        clientId === undefined ? "credentials_missing" : error === "" ? "credentials_saved" : "credentials_rejected",
      values,
      link: CLIENTS,
    },
    {
      id: "client_type",
      ok: proven,
      level: "advice",
      situation: proven ? "client_proven" : "client_type_unproven",
      link: CLIENTS,
    },
    {
      id: "redirect_uri",
      ok: proven,
      level: "advice",
      situation: proven ? "client_proven" : "redirect_uri_unproven",
      values,
      link: CLIENTS,
    },
  ];
};

/** Google takes http on loopback only (developers.google.com/identity/protocols/oauth2/web-server, "redirect URI validation rules"). */
const publicUrl = ({ environment }: Facts): Finding => {
  const { protocol, hostname } = new URL(environment.publicUrl);
  const local = ["localhost", "127.0.0.1", "[::1]"].includes(hostname);
  const kind = protocol === "https:" ? "https" : local ? "local" : "http";
  return {
    id: "public_url",
    ok: kind !== "http",
    level: "required",
    situation: `public_url_${kind}`,
    values: { publicUrl: environment.publicUrl },
  };
};

const consentScreen = (facts: Facts): Finding[] => {
  const { publishingStatus } = facts.settings;
  const unconnected = active(facts).filter(({ value }) => grantOf(value) === null);
  const needless = publishingStatus === "internal" || publishingStatus === "production";
  const connected = unconnected.length === 0 && active(facts).length > 0;
  const unsure = unconnected.length === 0 ? "unseen" : "unproven";
  return [
    {
      id: "publishing_status",
      ok: needless,
      level: "advice",
      situation: `status_${isKnownPublishingStatus(publishingStatus) ? publishingStatus : "undeclared"}`,
      link: AUDIENCE,
    },
    {
      id: "test_users",
      ok: needless || connected,
      level: "advice",
      situation: `test_users_${needless ? "needless" : connected ? "connected" : unsure}`,
      values: { usernames: [...new Set(unconnected.map(({ value }) => value.username))].join(", ") },
      link: AUDIENCE,
    },
  ];
};

const gmailApi = ({ servers }: Facts): Finding => {
  const proven = servers.some(({ value }) => (grantOf(value)?.sendAs ?? null) !== null);
  return {
    id: "gmail_api",
    ok: proven,
    level: "advice",
    situation: proven ? "gmail_api_proven" : "gmail_api_unproven",
    link: GMAIL_API,
  };
};

const people = ({ settings, environment }: Facts): Finding[] => {
  const operators = allOperators(settings, environment);
  const fixed = environment.operators;
  const signedIn = settings.operatorSignedInAtMs !== null;
  return [
    {
      id: "operators",
      ok: operators.length > 0,
      level: "required",
      situation: operators.length > 0 ? "operators_named" : "operators_missing",
      values: { operators: operators.join(", ") },
    },
    {
      id: "setup_token",
      ok: signedIn,
      level: "advice",
      situation: signedIn ? "setup_token_over" : "setup_token_alive",
    },
    {
      id: "operators_fixed",
      ok: fixed.length > 0,
      level: "advice",
      situation: fixed.length > 0 ? "operators_fixed" : "operators_not_fixed",
      values: { operators: fixed.join(", ") },
    },
  ];
};

/** Other addresses may stand in From, and the account's verified ones could not be read. */
const sendAsUnknown = (server: MailServer): boolean => {
  const grant = grantOf(server);
  const others = server.fromFilter.some((entry) => entry !== server.username);
  const taken = !traitsOf(server.transport).vouching || server.sendAsUnchecked;
  return grant !== null && others && taken && grant.sendAs === null;
};

const refusedClient = ({ connection }: MailServer): boolean =>
  connection.state === "error" && connection.reason === "client_rejected";

/** The organization's session length has ended a grant of this account before. */
const endsBySession = (server: MailServer): boolean => (grantOf(server)?.sessionLivesMs ?? []).length > 0;

/** One finding about servers: passed when none is concerned; else it names them. */
const about = (
  check: Pick<Finding, "id" | "level"> & { readonly none: Situation; readonly some: Situation },
  concerned: Facts["servers"],
): Finding => ({
  id: check.id,
  level: check.level,
  ok: concerned.length === 0,
  situation: concerned.length === 0 ? check.none : check.some,
  values: { servers: named(concerned) },
});

const mailServers = (facts: Facts): Finding[] => {
  const clientId = facts.settings.gmailCredentials?.clientId;
  const inUse = active(facts);
  const ready = inUse.filter(({ value }) => canSend(value));
  const stateIs = (...states: MailServer["connection"]["state"][]) =>
    inUse.filter(({ value }) => states.includes(value.connection.state));
  const former = inUse.filter(({ value }) => {
    const grant = grantOf(value);
    return grant !== null && clientId !== undefined && grant.clientId !== clientId;
  });
  const unready = facts.servers.length === 0 ? "server_missing" : "server_none_ready";
  const able = ready.length === 1 ? "server_ready_one" : "server_ready";
  return [
    {
      id: "mail_server",
      ok: ready.length > 0,
      level: "required",
      situation: ready.length > 0 ? able : unready,
      values: { count: String(ready.length) },
    },
    about(
      { id: "reconnect", level: "required", none: "reconnect_none", some: "reconnect_some" },
      // A refused client is mended in the settings, and has its own check.
      stateIs("reconnect_required", "error").filter(({ value }) => !refusedClient(value)),
    ),
    about({ id: "former_client", level: "required", none: "former_client_none", some: "former_client_some" }, former),
    about(
      { id: "session_length", level: "advice", none: "session_length_none", some: "session_length_some" },
      inUse.filter(({ value }) => endsBySession(value)),
    ),
    about({ id: "expiring", level: "advice", none: "expiring_none", some: "expiring_some" }, stateIs("expiring")),
    about(
      { id: "send_as", level: "advice", none: "send_as_known", some: "send_as_unknown" },
      inUse.filter(({ value }) => sendAsUnknown(value)),
    ),
  ];
};

/** That events reach us is proven by one that came, such as the verification that `npm run risc -- verify` asks Google for. */
const securityEvents = ({ securityEventAtMs: atMs }: Facts): Finding => ({
  id: "security_events",
  ok: atMs !== null,
  level: "advice",
  situation: `security_events_${atMs === null ? "unknown" : "received"}`,
  values: { at: atMs === null ? "" : isoTime(atMs) },
  link: RISC,
});

/** Whom a mail would tell of an account that is to be reconnected. */
const alerts = ({ settings, servers }: Facts): Finding => {
  const chosen = servers.find(({ id }) => id === settings.alerts?.server);
  const ready = chosen !== undefined && canSend(chosen.value);
  return {
    id: "alerts",
    ok: settings.alerts !== null && ready,
    level: "advice",
    situation: settings.alerts === null ? "alerts_none" : ready ? "alerts_ready" : "alerts_unable",
    values: { server: chosen?.value.name ?? settings.alerts?.server ?? "", to: settings.alerts?.to.join(", ") ?? "" },
  };
};

/**
 * One finding per trap of Odoo's guide (its FAQ: publishing status, test users, module, application type) and of what is known of Google.
 * Says only what Relais knows; what it cannot see is `advice`, not passed, and its text says that it cannot be seen.
 */
export const findingsFrom = (facts: Facts): readonly Finding[] => [
  ...googleClient(facts),
  publicUrl(facts),
  ...consentScreen(facts),
  gmailApi(facts),
  // The FAQ's "module not updated": there is no module apart to forget.
  { id: "relais_version", ok: true, level: "advice", situation: "no_module" },
  ...people(facts),
  ...mailServers(facts),
  {
    id: "paused",
    ok: !facts.settings.paused,
    level: "advice",
    situation: facts.settings.paused ? "sending_paused" : "sending",
  },
  securityEvents(facts),
  alerts(facts),
];
