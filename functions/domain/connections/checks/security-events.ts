import { endSessionsOf } from "../../access/end-sessions.ts";
import { changeOnCondition } from "../../change-on-condition.ts";
import { DAY, SECOND } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import type { SecurityEvent, SecurityEvents, SecurityEventTokens } from "../../google/security-events.ts";
import type { Log } from "../../log.ts";
import { grantOf } from "../../mail-servers/mail-server.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Problem } from "../../problem.ts";
import type { Publisher } from "../../publisher.ts";
import { fail, ok, type Result } from "../../result.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { EnvironmentSettings } from "../../settings/settings.ts";
import { sha256Hex } from "../../sha256.ts";
import { endGrant } from "../endings/end-grant.ts";
import { forgetGrants } from "../grant-ledger.ts";
import { serversOfAccount } from "../servers-of-account.ts";
import { noteClientFacts } from "../tokens/client-facts.ts";
import { askForCheck } from "./ask-for-check.ts";
import type { Death } from "./lifetime.ts";

export interface SecurityEventDeps extends ServerDeps {
  readonly environment: EnvironmentSettings;
  readonly log: Log;
  readonly publisher: Publisher;
  readonly securityEventTokens: SecurityEventTokens;
}

/** Google redelivers an unanswered event for days. A replay after this long concerns no grant that is still alive. */
const REMEMBER_MS = 90 * DAY;
/** A token has a few hundred bytes. */
const LONGEST_TOKEN = 32_768;

/** These events end the account's grants (developers.google.com/identity/protocols/risc, "Supported event types"). */
const ENDS: Readonly<Record<string, Death["reason"]>> = {
  "tokens-revoked": "password_or_revoked",
  "account-disabled": "account_disabled",
  "account-purged": "account_deleted",
};

/** After these events, someone else may be using the person's browser or account. */
const ENDS_SESSIONS: readonly string[] = [
  "sessions-revoked",
  "account-disabled",
  "account-purged",
  "account-credential-change-required",
];

/** These events may have ended the grants, so Google must be asked. */
const CASTS_DOUBT: readonly string[] = [
  "token-revoked",
  "sessions-revoked",
  "account-credential-change-required",
  "account-enabled",
];

/**
 * Handles a security event token that Google pushed. Problems: `security_event_invalid` (signature, issuer, audience,
 * or no token at all), `google_unavailable` (the keys are unreachable; Google sends it again). A known token has no
 * effect. It is remembered last: after a crash Google sends it again, and every effect may safely happen twice. Throws
 * `Unavailable`.
 */
export const takeSecurityEvents = async (deps: SecurityEventDeps, token: string): Promise<Result<null>> => {
  const { value: settings } = await readSettings(deps.records, deps.environment);
  const clientId = settings.gmailCredentials?.clientId;
  if (clientId === undefined || token.length > LONGEST_TOKEN) return refuse(deps, "not for us");
  const proof = await deps.securityEventTokens.prove(token, { audience: clientId });
  if (!proof.ok && proof.reason === "unreachable") {
    deps.log.warn("google_unreachable", { reason: proof.detail });
    return fail({ code: "google_unavailable", retryAfterS: 5 });
  }
  if (!proof.ok) return refuse(deps, proof.detail);
  const { proven } = proof;
  const id = sha256Hex(proven.jti);
  if ((await deps.records.get("securityEvents", id)) !== undefined) return ok(null);
  for (const event of proven.events) {
    deps.log.info("security_event", { type: event.type });
    await applyEvent(deps, proven, event);
  }
  await noteClientFacts(deps, clientId, { securityEventAtMs: deps.clock.nowMs() });
  await remember(deps, id, proven);
  return ok(null);
};

const refuse = (deps: SecurityEventDeps, detail: string): Result<null, Problem> => {
  deps.log.warn("security_event_refused", { detail });
  return fail({ code: "security_event_invalid" });
};

const remember = async (deps: SecurityEventDeps, id: string, proven: SecurityEvents): Promise<void> => {
  const receivedAtMs = deps.clock.nowMs();
  const value = {
    types: proven.events.map(({ type }) => type.slice(0, 100)),
    issuedAtMs: proven.issuedAtMs,
    receivedAtMs,
    eraseAtMs: receivedAtMs + deps.clock.lasting(REMEMBER_MS),
  };
  await deps.records.commit([{ op: "put", kind: "securityEvents", id, value }]);
};

const applyEvent = async (deps: SecurityEventDeps, proven: SecurityEvents, event: SecurityEvent): Promise<void> => {
  if (event.sub !== null && ENDS_SESSIONS.includes(event.type)) await endSessions(deps, event.sub);
  if (event.tokenMark !== null) await endMarked(deps, event.tokenMark);
  const reason = ENDS[event.type];
  if (event.sub === null || (reason === undefined && !CASTS_DOUBT.includes(event.type))) return;
  for (const serverId of await serversOfAccount(deps.records, event.sub)) {
    if (reason === undefined || !(await end(deps, { serverId, reason, proven })))
      await askForCheck(deps, serverId, "now");
  }
  if (event.type !== "tokens-revoked") return;
  for (const clientId of proven.audience) await forgetGrants(deps, { clientId, sub: event.sub }, proven.issuedAtMs);
};

const toldByEvent = (reason: Death["reason"]): Death => ({
  reason,
  by: "security_event",
  evidence: { told: "risc" },
});

/** Even sessions younger than the event end: signing in again costs little, and a hijacker may have signed in since. */
const endSessions = async (deps: SecurityEventDeps, sub: string): Promise<void> => {
  const count = await endSessionsOf(deps.records, { sub });
  if (count > 0) deps.log.warn("sessions_ended", { by: "google", count });
};

/**
 * Ends the grant that the event is about. Returns false if the server's grant is younger than the event or belongs to
 * another client; asking Google is harmless then. Events have whole seconds, so a grant of the same second counts as
 * older.
 */
const end = async (
  deps: SecurityEventDeps,
  about: { readonly serverId: string; readonly reason: Death["reason"]; readonly proven: SecurityEvents },
): Promise<boolean> => {
  const { serverId, reason, proven } = about;
  return changeOnCondition<boolean>(deps, "end a grant", async () => {
    const server = await deps.records.get("mailServers", serverId);
    const grant = server === undefined ? null : grantOf(server.value);
    if (server === undefined || grant === null || !isUnderstoodServer(server.value)) return true;
    const younger = Math.floor(grant.connectedAtMs / SECOND) > Math.floor(proven.issuedAtMs / SECOND);
    if (younger || !proven.audience.includes(grant.clientId)) return false;
    // `endGrant` returns false if the secret was rotated or the account reconnected in the meantime.
    const of = { serverId, secretVersion: grant.secretVersion };
    return (await endGrant(deps, of, toldByEvent(reason))) || "contended";
  });
};

/**
 * `token-revoked` names a token but no account, so all servers are searched, which is expensive but rare. A superseded
 * token belongs to no server and ends nothing.
 */
const endMarked = async (deps: SecurityEventDeps, mark: string): Promise<void> => {
  for await (const { id, value } of everyRecord(deps.records, "serversByAge", {})) {
    const grant = grantOf(value);
    if (grant?.tokenMarks?.includes(mark) !== true) continue;
    const { secretVersion } = grant;
    await endGrant(deps, { serverId: id, secretVersion }, toldByEvent("password_or_revoked"));
  }
};
