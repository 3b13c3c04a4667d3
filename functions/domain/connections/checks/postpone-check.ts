import { type Connection, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { saveServer } from "../../mail-servers/save-server.ts";
import { withConnection } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { hasClientTrouble } from "../tokens/client-trouble.ts";
import { clientReader } from "../tokens/oauth-client.ts";
import { openEntry } from "../tokens/token-cache.ts";
import {
  type CheckDeps,
  type CheckOutcome,
  type CheckSubject,
  changeChecked,
  keepCapWarning,
} from "./check-subject.ts";
import { judgeProof } from "./judge-proof.ts";
import { liveConnection } from "./lifetime.ts";
import { LONGEST_CLIENT_RETRY_MS, retryCheckAtMs } from "./next-check.ts";
import type { GrantTrouble } from "./note-grant-error.ts";

/** The grant is not at fault, but time passes, and its end may come close while nothing can be proven. */
export const postponeCheck = (deps: CheckDeps, found: CheckSubject): Promise<CheckOutcome> =>
  changeChecked(deps, found, { act: "postpone a check", attempt: ({ server }) => postpone(deps, server) });

const postpone = async (deps: CheckDeps, server: Versioned<MailServer>): Promise<CheckOutcome | "contended"> => {
  const { app } = await (deps.client ?? clientReader(deps))();
  const { value } = server;
  const { connection: before } = value;
  const grant = grantOf(value);
  if (grant === null) return { kind: "nothing_to_check" };
  const live = before.state === "valid" || before.state === "expiring";
  const connection = live ? keepCapWarning(before, liveConnection(deps, before.grant, app)) : before;
  const nextCheckAtMs = retryCheckAtMs(deps, grant, app);
  const after = { ...withConnection(value, connection), nextCheckAtMs };
  if (!(await saveServer(deps, server, { value: after })).done) return "contended";
  judgeProof(deps, server, nextCheckAtMs);
  return { kind: "postponed", why: "google_unavailable" };
};

/**
 * The grant is alive but unusable: it belongs to another client, Google refuses the client, or its token is for another
 * account. A later check may find that fixed.
 */
export const noteTrouble = (deps: CheckDeps, found: CheckSubject, reason: GrantTrouble): Promise<CheckOutcome> =>
  changeChecked(deps, found, { act: "note what a check found", attempt: (now) => tryToNote(deps, now, reason) });

const tryToNote = async (
  deps: CheckDeps,
  now: CheckSubject,
  reason: GrantTrouble,
): Promise<CheckOutcome | "contended"> => {
  const { server } = now;
  const { app } = await (deps.client ?? clientReader(deps))();
  const { connection: before } = server.value;
  if (before.state === "not_connected") return { kind: "nothing_to_check" };
  const { grant } = before;
  const live = before.state === "valid" || before.state === "expiring";
  const tells = reason === "client_rejected" && live && (await canTellOperators(deps, now));
  // One problem may replace another: an operator saves a different client because Google refuses this one.
  const trouble: Connection = { state: "error", grant, reason, sinceMs: deps.clock.nowMs() };
  const moves = hasClientTrouble(before) ? before.state === "error" && before.reason !== reason : live && !tells;
  const connection = moves ? trouble : before;
  const longestMs = reason === "client_rejected" ? LONGEST_CLIENT_RETRY_MS : undefined;
  const nextAtMs = retryCheckAtMs(deps, grant, app, longestMs);
  const value = { ...withConnection(server.value, connection), nextCheckAtMs: nextAtMs };
  if (!(await saveServer(deps, server, { value })).done) return "contended";
  // Of a trouble that stays, only the first check finds anything out.
  if (reason === "client_rejected") judgeProof(deps, server, nextAtMs);
  else if (moves) judgeProof(deps, server, null);
  return reason === "client_rejected"
    ? { kind: "postponed", why: reason }
    : { kind: "checked", state: connection.state };
};

/**
 * The alert about this refusal is sent through the operators' chosen server, which therefore serves while its cached
 * token is valid.
 */
const canTellOperators = async (deps: CheckDeps, { server, entry }: CheckSubject): Promise<boolean> => {
  const { value: settings } = await readSettings(deps.records, deps.environment);
  return settings.alerts?.server === server.id && (await openEntry(deps, entry)) !== undefined;
};
