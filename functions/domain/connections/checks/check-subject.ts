import { changeOnCondition } from "../../change-on-condition.ts";
import type { ConnectionState } from "../../connection-states.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import { type Connection, grantOf, isSameConsent, type MailServer } from "../../mail-servers/mail-server.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import type { AccessTokenEntry } from "../records.ts";
import type { AskDeps } from "../tokens/ask-google.ts";
import { type CacheDeps, readEntry } from "../tokens/token-cache.ts";
import { mayBeAlive } from "./may-be-alive.ts";
import type { ProbeDeps } from "./probe-refusal.ts";

export interface CheckDeps extends AskDeps, ServerDeps, CacheDeps, ProbeDeps {
  readonly oauth: Pick<GoogleOAuth, "refresh" | "identify">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
}

export type CheckOutcome =
  /**
   * There is no such server or nothing to prove: it is not connected, a person must reconnect it, another check was
   * faster, or its record is from a later release.
   */
  | { readonly kind: "nothing_to_check" }
  /** Google or Relais's own client was the obstacle, so the grant will be checked again. */
  | { readonly kind: "postponed"; readonly why: "client_rejected" | "google_unavailable" }
  | { readonly kind: "checked"; readonly state: ConnectionState };

export interface CheckSubject {
  readonly server: Versioned<MailServer>;
  readonly entry: Versioned<AccessTokenEntry> | undefined;
}

export const readSubject = async (deps: CheckDeps, serverId: string): Promise<CheckSubject | null> => {
  const [server, entry] = await Promise.all([deps.records.get("mailServers", serverId), readEntry(deps, serverId)]);
  return server === undefined ? null : { server, entry };
};

/**
 * Changes the server that was checked, as it is by now: the check's own refresh may have written to it. Nothing is
 * changed if it has another consent, or if its grant has ended meanwhile. Throws `Contended`, `Unavailable`.
 */
export const changeChecked = (
  deps: CheckDeps,
  found: CheckSubject,
  { act, attempt }: { readonly act: string; attempt(now: CheckSubject): Promise<CheckOutcome | "contended"> },
): Promise<CheckOutcome> =>
  changeOnCondition<CheckOutcome>(deps, act, async (lost) => {
    const now = lost === 0 ? found : await readSubject(deps, found.server.id);
    return now !== null && isStillChecked(found.server.value, now.server.value)
      ? attempt(now)
      : { kind: "nothing_to_check" };
  });

const isStillChecked = (found: MailServer, now: MailServer): boolean => {
  const [before, grant] = [grantOf(found), grantOf(now)];
  if (before === null || grant === null || !isSameConsent(before, grant) || !isUnderstoodServer(now)) return false;
  return now.connection.state !== "reconnect_required" || found.connection.state === "reconnect_required";
};

/** A disabled account does not count, because Google may enable it again without a reconnection. */
export const hasEndedForGood = ({ connection }: MailServer): boolean =>
  connection.state === "reconnect_required" && connection.reason !== "account_disabled" && !mayBeAlive(connection);

/** Google may enforce the cap at any time, so a check cannot withdraw that warning, but another end may come first. */
export const keepCapWarning = (
  before: Connection,
  live: Extract<Connection, { readonly state: "valid" | "expiring" }>,
): Connection =>
  live.state === "valid" && before.state === "expiring" && before.reason === "token_cap"
    ? { ...before, grant: live.grant }
    : live;
