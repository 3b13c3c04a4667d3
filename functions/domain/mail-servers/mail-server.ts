import { sameMailbox } from "../address.ts";
import type { ConnectionState, ReasonIn } from "../connection-states.ts";
import { isOfLaterVersion } from "../record-version.ts";
import { isKnownTransport, type Transport } from "../transport.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: `srv_…` */
    mailServers: MailServer;
    /** id: SHA-256 of the folded name, so that names are unique */
    serverNames: ServerName;
  }
}

/** A grant whose refresh token is in the vault. */
export interface Grant {
  /**
   * The version of this server's `refresh_token` in the vault, which also says where that keeps it (`homeOf`). It is
   * written after the secret itself.
   */
  readonly secretVersion: string;
  /** How Google's security events may identify that token. Absent from records of an earlier release. */
  readonly tokenMarks?: readonly string[];
  /** Increases with each grant and each rotation. */
  readonly generation: number;
  /** Google's account id (`sub`), which never changes, and the account's last verified address. */
  readonly sub: string;
  readonly email: string;
  /** The account's addresses before it was renamed at Google, latest first. Absent if none is known. */
  readonly formerEmails?: readonly string[];
  /** The client that obtained the grant; Google lets no other client refresh it. */
  readonly clientId: string;
  readonly accountKind: "gmail" | "workspace";
  readonly scopes: readonly string[];
  readonly connectedAtMs: number;
  readonly lastVerifiedAtMs: number;
  /** From `refresh_token_expires_in`, if Google sent it. */
  readonly refreshTokenExpiresAtMs: number | null;
  /** How long the last grants lived before a `session_policy` ended them, oldest first. Absent if none has ended so. */
  readonly sessionLivesMs?: readonly number[];
  /** The addresses that Gmail accepts in From (`settings.sendAs.list`); null if they could not be read. */
  readonly sendAs: { readonly addresses: readonly string[]; readonly readAtMs: number } | null;
}

/** The data of each state. `valid` requires a verified grant: a token was minted, its scopes and identity checked. */
interface ConnectionFacts {
  readonly not_connected: { readonly reason: ReasonIn<"not_connected"> | null };
  readonly valid: { readonly grant: Grant };
  /** The grant works, but will end soon. */
  readonly expiring: {
    readonly grant: Grant;
    /** Null if the end depends on others and not on time (`token_cap`). */
    readonly expiresAtMs: number | null;
    readonly reason: ReasonIn<"expiring">;
    /** The latest warning given; `last` is given a day ahead. Absent from records of an earlier release: `first`. */
    readonly warning?: "first" | "last";
  };
  /** Google refuses the grant, and only a person can renew it. Mail is held. */
  readonly reconnect_required: {
    readonly grant: Grant;
    readonly reason: ReasonIn<"reconnect_required">;
    readonly sinceMs: number;
    /** The token endpoint's error code, or the event that told of the end. Absent from an earlier release's records. */
    readonly endedBy?: string;
  };
  /** The grant is alive but cannot be used to send. */
  readonly error: {
    readonly grant: Grant;
    readonly reason: ReasonIn<"error">;
    readonly sinceMs: number;
    /** For `gmail_refused`: Gmail's reply to DATA or the mail, a stage that Test connection does not reach. */
    readonly beyondProbe?: string;
  };
}

export type Connection = { [S in ConnectionState]: { readonly state: S } & ConnectionFacts[S] }[ConnectionState];

/** A sending account as operators configure it (Odoo's "outgoing mail server"). */
export interface MailServer {
  readonly name: string;
  readonly description: string;
  /** The Gmail address, folded to lower case. */
  readonly username: string;
  readonly transport: Transport;
  /** Folded addresses and `@domain`s that From may have; empty for the username alone. */
  readonly fromFilter: readonly string[];
  /** The server with the lowest number is chosen first. */
  readonly priority: number;
  readonly active: boolean;
  /** Whether it serves callers that choose no server. Absent from records of an earlier release: true. */
  readonly shared?: boolean;
  /** Null for the defaults of the account's kind. */
  readonly limits: { readonly perMinute: number; readonly perDay: number } | null;
  /** With `gmail_api`: whether From may have other addresses than the username, although nobody can check them. */
  readonly sendAsUnchecked: boolean;
  /** Whether the last EHLO of its SMTP server offered SMTPUTF8 (RFC 6531). Absent if not known yet. */
  readonly smtpUtf8?: boolean;
  readonly connection: Connection;
  /** Index fields, derived from `connection`. */
  readonly accountSub: string | null;
  readonly nextCheckAtMs: number | null;
  /**
   * 2 while the refresh token is kept sealed among the records: an earlier release would take it for a missing secret
   * and end the grant. Otherwise absent.
   */
  readonly recordVersion?: number;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** Reserves a name, even after its server has given it up. */
export interface ServerName {
  readonly serverId: string;
  /** Whether the server has given the name up. Earlier releases delete the record instead. */
  readonly freed?: true;
}

/** The server's grant in any state, even a later release's; null if there is none. */
export const grantOf = ({ connection }: Pick<MailServer, "connection">): Grant | null =>
  "grant" in connection ? connection.grant : null;

/** Whether both are one consent of one account, whatever refresh tokens Google has replaced since. */
export const isSameConsent = (one: Grant, other: Grant): boolean =>
  one.connectedAtMs === other.connectedAtMs && one.sub === other.sub;

/**
 * Whether both are one grant with one refresh token, wherever that is stored. `generation` alone is not enough: it
 * starts again after a disconnection.
 */
export const isSameGrant = (one: Grant, other: Grant): boolean =>
  one.generation === other.generation && isSameConsent(one, other);

/** Whether the server may be chosen for callers that choose none. */
export const isShared = (server: MailServer): boolean => server.shared ?? true;

/** The address to log in to Gmail with: the account's present one, even if the server still has a former one. */
export const accountAddress = (server: MailServer): string => grantOf(server)?.email ?? server.username;

/** Whether the server's username is a former address of its account, which was renamed at Google. */
export const isRenamed = (server: Pick<MailServer, "username" | "connection">): boolean => {
  const { username } = server;
  const grant = grantOf(server);
  if (grant === null || sameMailbox(grant.email, username)) return false;
  return (grant.formerEmails ?? []).some((former) => sameMailbox(former, username));
};

/** Whether a message can be sent through the server now. If only a later release knows how to use it, it cannot. */
export const canSend = (server: MailServer): boolean =>
  server.active &&
  (server.connection.state === "valid" || server.connection.state === "expiring") &&
  isKnownTransport(server.transport) &&
  !isOfLaterVersion("mailServers", server);
