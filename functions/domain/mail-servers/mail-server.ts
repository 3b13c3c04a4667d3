import { sameMailbox } from "../address.ts";
import type { ConnectionState, ReasonIn } from "../connection-states.ts";
import { isOfLaterVersion } from "../record-version.ts";
import { isKnownTransport, type Transport } from "../transport.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: `srv_…` */
    mailServers: MailServer;
    /** id: SHA-256 of the folded name; makes names unique by creation alone. */
    serverNames: ServerName;
  }
}

/** What is known of the grant whose refresh token lies in the vault. Scopes as Google answered them. */
export interface Grant {
  /** The pointer into the vault: version of the secret `refresh_token` of this server. Written after the secret itself. */
  readonly secretVersion: string;
  /** By which Google's events may name that refresh token. Absent from records of an earlier release. */
  readonly tokenMarks?: readonly string[];
  /** Grows with each grant and each rotation. */
  readonly generation: number;
  /** Google's account id (`sub`), which never changes, and the address that it was last proven to have. */
  readonly sub: string;
  readonly email: string;
  /** Addresses that the account had before, latest first: it was renamed at Google. Absent: none is known. */
  readonly formerEmails?: readonly string[];
  /** The client this grant was given to; another client's refresh is refused by Google. */
  readonly clientId: string;
  readonly accountKind: "gmail" | "workspace";
  readonly scopes: readonly string[];
  readonly connectedAtMs: number;
  readonly lastVerifiedAtMs: number;
  /** From `refresh_token_expires_in`, where Google said one. */
  readonly refreshTokenExpiresAtMs: number | null;
  /** How long this account's latest grants lived before the organization's session length ended them (`session_policy`), oldest first. Absent: never. */
  readonly sessionLivesMs?: readonly number[];
  /** The addresses that Gmail leaves in From (`settings.sendAs.list`), and when they were read; null if they could not be. */
  readonly sendAs: { readonly addresses: readonly string[]; readonly readAtMs: number } | null;
}

/** What a connection is besides its state. `valid` is said only of a grant that was proven (a token minted, scopes and identity checked). */
interface ConnectionFacts {
  readonly not_connected: { readonly reason: ReasonIn<"not_connected"> | null };
  readonly valid: { readonly grant: Grant };
  /** It works now, and its end is near. */
  readonly expiring: {
    readonly grant: Grant;
    /** Null: near, but by what others do, not by time (`token_cap`). */
    readonly expiresAtMs: number | null;
    readonly reason: ReasonIn<"expiring">;
    /** The warning that was given last; `last` comes a day ahead. Absent from records of an earlier release: `first`. */
    readonly warning?: "first" | "last";
  };
  /** Google refuses the grant: only a person can help. Mail is held. */
  readonly reconnect_required: {
    readonly grant: Grant;
    readonly reason: ReasonIn<"reconnect_required">;
    readonly sinceMs: number;
    /** What ended it: a code of the token endpoint, or what else told of the end. Absent from records of an earlier release. */
    readonly endedBy?: string;
  };
  /** The grant lives, yet Gmail does not let it send. */
  readonly error: {
    readonly grant: Grant;
    readonly reason: ReasonIn<"error">;
    readonly sinceMs: number;
    /** Of `gmail_refused`: Gmail's reply to DATA or to the mail itself, which no Test connection can see again, since it sends nothing. */
    readonly beyondProbe?: string;
  };
}

/** A connection as it stands. */
export type Connection = { [S in ConnectionState]: { readonly state: S } & ConnectionFacts[S] }[ConnectionState];

/** One sending account, as operators know it (Odoo's "outgoing mail server"). */
export interface MailServer {
  readonly name: string;
  readonly description: string;
  /** The Gmail address, folded to lower case. */
  readonly username: string;
  readonly transport: Transport;
  /** Addresses and `@domain`s that may stand in From, folded; empty: the username alone. */
  readonly fromFilter: readonly string[];
  /** Lower is chosen first. */
  readonly priority: number;
  readonly active: boolean;
  /** May it serve callers that name no server? Absent from records of an earlier release, where operators made every server: shared. */
  readonly shared?: boolean;
  /** Recipients; null: the defaults of the account's kind. */
  readonly limits: { readonly perMinute: number; readonly perDay: number } | null;
  /** Under `gmail_api`: other addresses than the username may stand in From although nobody can check them. */
  readonly sendAsUnchecked: boolean;
  /** Does its SMTP server take addresses beyond ASCII (SMTPUTF8, RFC 6531)? As its EHLO said when it was last heard; absent: not heard yet. */
  readonly smtpUtf8?: boolean;
  readonly connection: Connection;
  /** Index fields, kept equal to what `connection` says. */
  readonly accountSub: string | null;
  readonly nextCheckAtMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** That a name is taken, or was. */
export interface ServerName {
  readonly serverId: string;
  /** The server has it no more. Absent: it has; an earlier release deleted the record. */
  readonly freed?: true;
}

/** The grant a server holds, whatever its state, a later release's too; null when there is none. */
export const grantOf = ({ connection }: Pick<MailServer, "connection">): Grant | null =>
  "grant" in connection ? connection.grant : null;

/** May callers be given it who name no server? */
export const isShared = (server: MailServer): boolean => server.shared ?? true;

/** The address to log in to Gmail with: the account's own, whatever name the server still has for it. */
export const accountAddress = (server: MailServer): string => grantOf(server)?.email ?? server.username;

/** Is the server's username an address that its account no longer has, since it was renamed at Google? */
export const isRenamed = (server: Pick<MailServer, "username" | "connection">): boolean => {
  const { username } = server;
  const grant = grantOf(server);
  if (grant === null || sameMailbox(grant.email, username)) return false;
  return (grant.formerEmails ?? []).some((former) => sameMailbox(former, username));
};

/** May a message be handed to Gmail through it now? Not through one that only a later release knows how to use. */
export const canSend = (server: MailServer): boolean =>
  server.active &&
  (server.connection.state === "valid" || server.connection.state === "expiring") &&
  isKnownTransport(server.transport) &&
  !isOfLaterVersion("mailServers", server);
