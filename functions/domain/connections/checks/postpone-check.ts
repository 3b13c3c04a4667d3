import { type Connection, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { saveServer } from "../../mail-servers/save-server.ts";
import { withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { hasClientTrouble } from "../tokens/client-trouble.ts";
import { clientReader } from "../tokens/oauth-client.ts";
import { openEntry } from "../tokens/token-cache.ts";
import { type CheckDeps, type CheckOutcome, type CheckSubject, keepCapWarning } from "./check-subject.ts";
import { liveConnection } from "./lifetime.ts";
import { LONGEST_CLIENT_RETRY_MS, retryCheckAtMs } from "./next-check.ts";
import type { Unserving } from "./note-grant-error.ts";

/** The grant is not to blame; yet time goes on, and while nothing can be proven its end may come near. */
export const postponeCheck = async (deps: CheckDeps, server: Versioned<MailServer>): Promise<CheckOutcome> => {
  const { app } = await (deps.client ?? clientReader(deps))();
  const { value } = server;
  const { connection: before } = value;
  const grant = grantOf(value);
  if (grant === null) return { kind: "nothing_to_check" };
  const live = before.state === "valid" || before.state === "expiring";
  const connection = live ? keepCapWarning(before, liveConnection(deps, before.grant, app)) : before;
  const after = { ...withConnection(value, connection), nextCheckAtMs: retryCheckAtMs(deps, grant, app) };
  // Losing a race is fine: whoever wrote the server knows better.
  await saveServer(deps, server, { value: after });
  return { kind: "postponed", why: "google_unavailable" };
};

/** The grant is not dead, but of no use: it is another client's, Google refuses the client, or gives another account's token. A later check may find that mended. */
export const noteTrouble = async (deps: CheckDeps, found: CheckSubject, reason: Unserving): Promise<CheckOutcome> => {
  const { server } = found;
  const { app } = await (deps.client ?? clientReader(deps))();
  const { connection: before } = server.value;
  if (before.state === "not_connected") return { kind: "nothing_to_check" };
  const { grant } = before;
  const live = before.state === "valid" || before.state === "expiring";
  const tells = reason === "client_rejected" && live && (await canTellOperators(deps, found));
  // The one trouble may follow the other: an operator saves another client because Google refuses this one.
  const now: Connection = { state: "error", grant, reason, sinceMs: deps.clock.nowMs() };
  const moves = hasClientTrouble(before) ? before.state === "error" && before.reason !== reason : live && !tells;
  const connection = moves ? now : before;
  const longestMs = reason === "client_rejected" ? LONGEST_CLIENT_RETRY_MS : undefined;
  const nextAtMs = retryCheckAtMs(deps, grant, app, longestMs);
  const value = { ...withConnection(server.value, connection), nextCheckAtMs: nextAtMs };
  await saveServer(deps, server, { value });
  return reason === "client_rejected"
    ? { kind: "postponed", why: reason }
    : { kind: "checked", state: connection.state };
};

/** The alert about this very refusal leaves through the server that operators chose: it serves for as long as its cached token is good. */
const canTellOperators = async (deps: CheckDeps, { server, entry }: CheckSubject): Promise<boolean> => {
  const { value: settings } = await readSettings(deps.records, deps.environment);
  return settings.alerts?.server === server.id && (await openEntry(deps, entry)) !== undefined;
};
