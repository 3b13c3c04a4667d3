import type { ConnectionState } from "../../connection-states.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { GoogleOAuth } from "../../google/tokens.ts";
import type { Connection, MailServer } from "../../mail-servers/mail-server.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import type { Versioned } from "../../records.ts";
import type { AccessTokenEntry } from "../records.ts";
import type { AskDeps } from "../tokens/ask-google.ts";
import { type CacheDeps, readEntry } from "../tokens/token-cache.ts";
import { mayLiveOn } from "./may-live-on.ts";
import type { ProbeDeps } from "./refusal-over.ts";

export interface CheckDeps extends AskDeps, ServerDeps, CacheDeps, ProbeDeps {
  readonly oauth: Pick<GoogleOAuth, "refresh" | "identify">;
  readonly gmailAccount: Pick<GmailAccount, "sendAs">;
}

export type CheckOutcome =
  /** No such server, or nothing to prove: never connected, disconnected, to be reconnected by a person, checked meanwhile, or a later release's to check. */
  | { readonly kind: "nothing_to_check" }
  /** Google or our own client stood in the way; the grant will be checked again. */
  | { readonly kind: "postponed"; readonly why: "client_rejected" | "google_unavailable" }
  | { readonly kind: "checked"; readonly state: ConnectionState };

/** What a check works on, as read at its beginning. */
export interface CheckSubject {
  readonly server: Versioned<MailServer>;
  readonly entry: Versioned<AccessTokenEntry> | undefined;
}

export const readSubject = async (deps: CheckDeps, serverId: string): Promise<CheckSubject | null> => {
  const [server, entry] = await Promise.all([deps.records.get("mailServers", serverId), readEntry(deps, serverId)]);
  return server === undefined ? null : { server, entry };
};

/** Whether the grant has ended for good. A disabled account may come back at Google, without anybody reconnecting it. */
export const hasEndedForGood = ({ connection }: MailServer): boolean =>
  connection.state === "reconnect_required" && connection.reason !== "account_disabled" && !mayLiveOn(connection);

/** Time does not tell when the cap strikes, so a check cannot take that warning back; another end may come before. */
export const keepCapWarning = (
  before: Connection,
  live: Extract<Connection, { readonly state: "valid" | "expiring" }>,
): Connection =>
  live.state === "valid" && before.state === "expiring" && before.reason === "token_cap"
    ? { ...before, grant: live.grant }
    : live;
