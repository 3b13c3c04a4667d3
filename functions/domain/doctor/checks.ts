import type { Facts, Outcome } from "./facts.ts";
import {
  examineClientType,
  examineCredentials,
  examineGmailApi,
  examinePublishingStatus,
  examineRedirectUri,
  examineTestUsers,
} from "./google-client.ts";
import {
  examineAlerts,
  examineFixedOperators,
  examineOperators,
  examinePause,
  examinePublicUrl,
  examineSecurityEvents,
  examineSetupToken,
} from "./installation.ts";
import {
  examineConnections,
  examineExpiry,
  examineFormerClients,
  examineReadiness,
  examineSenders,
  examineSessionLengths,
  examineTokenHome,
} from "./servers.ts";
import { type CheckId, isCheckId } from "./texts.ts";

interface Check {
  /** `required`: without it, mail cannot be sent or nobody can set it up. `advice`: a risk, or unknown to Relais. */
  readonly level: "required" | "advice";
  /** Where to look: a page of Google's console or Google's documentation. */
  readonly link?: string;
  readonly examine: (facts: Facts) => Outcome;
}

// Google's console, "Google Auth Platform" (support.google.com/cloud/answer/15544987), and its documentation.
const CLIENTS = "https://console.cloud.google.com/auth/clients";
const AUDIENCE = "https://console.cloud.google.com/auth/audience";
const GMAIL_API = "https://console.cloud.google.com/apis/library/gmail.googleapis.com";
const RISC = "https://developers.google.com/identity/protocols/risc";

/**
 * One check per trap in the FAQ of Odoo's guide (publishing status, test users, module, application type) and per known
 * trap at Google, in display order. A check claims only what Relais knows: what Relais cannot see is `advice`, not
 * passed, and its text says so.
 */
const CHECKS: Readonly<Record<CheckId, Check>> = {
  gmail_credentials: { level: "required", link: CLIENTS, examine: examineCredentials },
  client_type: { level: "advice", link: CLIENTS, examine: examineClientType },
  redirect_uri: { level: "advice", link: CLIENTS, examine: examineRedirectUri },
  public_url: { level: "required", examine: examinePublicUrl },
  publishing_status: { level: "advice", link: AUDIENCE, examine: examinePublishingStatus },
  test_users: { level: "advice", link: AUDIENCE, examine: examineTestUsers },
  gmail_api: { level: "advice", link: GMAIL_API, examine: examineGmailApi },
  // The FAQ's "module not updated": Relais has no separate module that could be outdated.
  relais_version: { level: "advice", examine: () => ({ ok: true, situation: "no_module" }) },
  operators: { level: "required", examine: examineOperators },
  setup_token: { level: "advice", examine: examineSetupToken },
  operators_fixed: { level: "advice", examine: examineFixedOperators },
  mail_server: { level: "required", examine: examineReadiness },
  reconnect: { level: "required", examine: examineConnections },
  former_client: { level: "required", examine: examineFormerClients },
  session_length: { level: "advice", examine: examineSessionLengths },
  expiring: { level: "advice", examine: examineExpiry },
  token_home: { level: "advice", examine: examineTokenHome },
  send_as: { level: "advice", examine: examineSenders },
  paused: { level: "advice", examine: examinePause },
  security_events: { level: "advice", link: RISC, examine: examineSecurityEvents },
  alerts: { level: "advice", examine: examineAlerts },
};

export interface Finding extends Outcome, Pick<Check, "level" | "link"> {
  readonly id: CheckId;
}

/** What each check finds, in the table's order. */
export const findingsFrom = (facts: Facts): readonly Finding[] =>
  Object.keys(CHECKS)
    .filter(isCheckId)
    .map((id) => {
      const { examine, ...check } = CHECKS[id];
      return { id, ...check, ...examine(facts) };
    });
