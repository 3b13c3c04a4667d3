import type { ApiKey, AuditEntry, Session } from "./access/records.ts";
import type {
  AccessTokenEntry,
  GrantLedger,
  OAuthClientFacts,
  OAuthState,
  SecretSweep,
  SecurityEventEntry,
} from "./connections/records.ts";
import type { MailServer } from "./mail-servers/mail-server.ts";
import type { BodyChunk, Message, QuotaLedger } from "./messages/message.ts";
import type { Notice } from "./notices/notice.ts";
import type { QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { KeptSettings } from "./settings/settings.ts";

/**
 * What Relais keeps, by kind; the key of a record is its id within the kind.
 * A field named `eraseAtMs` (top level, optional) is when the store may erase the record by itself (Firestore TTL, SQLite sweep):
 * readers must not rely on the erasure having happened.
 */
export interface RecordKinds {
  /** id: `srv_…` */
  mailServers: MailServer;
  /** id: SHA-256 of the folded name; makes names unique by creation alone. */
  serverNames: {
    readonly serverId: string;
    /** The server has it no more. Absent: it has; an earlier release deleted the record. */
    readonly freed?: true;
  };
  /** id: always `settings` */
  settings: KeptSettings;
  /** id: SHA-256 of the session id, never the id itself */
  sessions: Session;
  /** id: the `<id>` of `rk_<id>_<secret>` */
  keys: ApiKey;
  /** id: SHA-256 of the OAuth state */
  oauthStates: OAuthState;
  /** id: `srv_…`; the sealed access token last minted for that server */
  accessTokens: AccessTokenEntry;
  /** id: SHA-256 of the `jti`; the security events of Google's that were dealt with */
  securityEvents: SecurityEventEntry;
  /** id: SHA-256 of the client id; what was learnt about an OAuth client */
  oauthClients: OAuthClientFacts;
  /** id: SHA-256 of (client id, account's `sub`); the grants that Google gave for them */
  grantLedgers: GrantLedger;
  /** id: `srv_…`; a server whose secrets are being changed, to be looked through if that is cut off */
  secretSweeps: SecretSweep;
  /** id: `msg_…` */
  messages: Message;
  /** id: `<set>.<index>`, the set named by the message's `body` */
  bodyChunks: BodyChunk;
  /** id: `srv_…` */
  quotas: QuotaLedger;
  /** id: `evt_…`, the event's own; what is still to be told */
  notices: Notice;
  /** id: `aud_…` */
  audit: AuditEntry;
}
export type RecordKind = keyof RecordKinds;

/** A record as read: `version` is opaque and changes with every write. */
export interface Versioned<T> {
  readonly id: string;
  readonly value: T;
  readonly version: string;
}

/** One write of a commit. `create` wants the id free; `replace` and a `delete` with a version want it unchanged since read. */
export type Write = {
  [K in RecordKind]:
    | { readonly op: "create" | "put"; readonly kind: K; readonly id: string; readonly value: RecordKinds[K] }
    | {
        readonly op: "replace";
        readonly kind: K;
        readonly id: string;
        readonly version: string;
        readonly value: RecordKinds[K];
      }
    | { readonly op: "delete"; readonly kind: K; readonly id: string; readonly version?: string };
}[RecordKind];

export type CommitOutcome =
  /** All writes are durable. `versions[i]` belongs to write `i` (empty for a delete). */
  | { readonly done: true; readonly versions: readonly string[] }
  /** Nothing was written, because the precondition of `writes[at]` did not hold. */
  | { readonly done: false; readonly at: number };

export interface Page<T> {
  readonly items: readonly Versioned<T>[];
  /** Hand it back as `cursor` for the page after; null at the end. */
  readonly next: string | null;
}

/**
 * The store of records, for optimistic concurrency: read a version, write on condition that it still stands.
 * Values are plain JSON (no undefined, no Date). A record stays under 900 KiB.
 *
 * Fails: every method throws `Unavailable` when the store cannot be reached; nothing of a failed commit is visible, except
 * that a commit whose answer was lost may have been done (read again before you conclude). `query` with a cursor it cannot
 * read answers as `"bad_cursor"`.
 */
export interface Records {
  get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined>;
  /** All or nothing, at most 20 writes. */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  query<Q extends QueryName>(
    name: Q,
    args: QueryArguments<Q>,
    page: { readonly limit: number; readonly cursor?: string | null },
  ): Promise<Page<RecordKinds[QueryKind<Q>]> | "bad_cursor">;
}
