import type { RecordKind } from "./record-kinds.ts";
import type { Part, ShardField } from "./shards.ts";

/**
 * The shape of a query. SQLite's indexes are made from these, and a test compares Firestore's composite indexes in
 * Terraform with them. Ties are broken by id in the direction of `order`. Each `equal` and `contains` field takes an
 * argument.
 */
export interface QueryShape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  /** An array field that must contain the argument of that name. */
  readonly contains?: string;
  /** The argument `upTo` is the largest value of the ordered field that is found; records without a value are not. */
  readonly upTo?: true;
  readonly order: readonly [field: string, direction: "asc" | "desc"];
  /**
   * Where an index takes only so many writes a second of values that grow with time, its entries are spread over these
   * shards, and the query merges them. Queries within one server need none: an account sends far less.
   */
  readonly shards?: ShardField;
}

const newest = ["createdAtMs", "desc"] as const;

export const QUERIES = {
  serversByAge: { kind: "mailServers", equal: [], order: ["createdAtMs", "asc"] },
  serversByUsername: { kind: "mailServers", equal: ["username"], order: ["createdAtMs", "asc"] },
  /** Servers that hold a grant of one Google account (`accountSub`): revoking one grant ends the others too. */
  serversByAccount: { kind: "mailServers", equal: ["accountSub"], order: ["createdAtMs", "asc"] },
  serversDueForCheck: { kind: "mailServers", equal: [], upTo: true, order: ["nextCheckAtMs", "asc"] },
  /** Servers whose change of secrets was interrupted. */
  secretSweepsDue: { kind: "secretSweeps", equal: [], upTo: true, order: ["dueAtMs", "asc"] },
  /** News that its writer did not get to tell. */
  noticesDue: { kind: "notices", equal: [], upTo: true, order: ["dueAtMs", "asc"], shards: "dueShard" },
  /** Sessions of one person, to end them: by the mailbox of their address, or by Google's id of the account. */
  sessionsOfMailbox: { kind: "sessions", equal: ["actorMailbox"], order: ["createdAtMs", "asc"] },
  sessionsOfAccount: { kind: "sessions", equal: ["actorSub"], order: ["createdAtMs", "asc"] },
  sessionsByAge: { kind: "sessions", equal: [], order: newest },
  keysByAge: { kind: "keys", equal: [], order: newest },
  auditNewest: { kind: "audit", equal: [], order: newest },
  auditByActor: { kind: "audit", equal: ["actor"], order: newest },
  auditByAction: { kind: "audit", equal: ["action"], order: newest },
  auditByTarget: { kind: "audit", equal: ["target"], order: newest },
  messagesNewest: { kind: "messages", equal: [], order: newest, shards: "listShard" },
  messagesOfServer: { kind: "messages", equal: ["serverId"], order: newest },
  messagesByStatus: { kind: "messages", equal: ["status"], order: newest, shards: "listShard" },
  messagesOfServerByStatus: { kind: "messages", equal: ["serverId", "status"], order: newest },
  messagesTo: { kind: "messages", equal: [], contains: "recipientAddresses", order: newest, shards: "listShard" },
  messagesOfServerTo: { kind: "messages", equal: ["serverId"], contains: "recipientAddresses", order: newest },
  messagesByStatusTo: {
    kind: "messages",
    equal: ["status"],
    contains: "recipientAddresses",
    order: newest,
    shards: "listShard",
  },
  messagesOfServerByStatusTo: {
    kind: "messages",
    equal: ["serverId", "status"],
    contains: "recipientAddresses",
    order: newest,
  },
  /**
   * Search by `q`, sender, tag or Message-ID, never combined with a status: each move of a message would rewrite all
   * its index entries.
   */
  messagesFound: { kind: "messages", equal: [], contains: "searchPrefixes", order: newest, shards: "listShard" },
  messagesOfServerFound: { kind: "messages", equal: ["serverId"], contains: "searchPrefixes", order: newest },
  /** Messages of a server in one status, oldest first, for a release or a cancellation. */
  messagesOfServerOldest: { kind: "messages", equal: ["serverId", "status"], order: ["createdAtMs", "asc"] },
  /** Messages that are not final and are due, for `dispatch-due`. */
  messagesDue: { kind: "messages", equal: [], upTo: true, order: ["dueAtMs", "asc"], shards: "dueShard" },
  /** Counts of a server, or of all, by month. */
  talliesOf: { kind: "tallies", equal: ["scope"], upTo: true, order: ["monthMs", "desc"] },
  /** Ledgers with counts that must move to the tallies. */
  talliesDue: { kind: "quotas", equal: [], upTo: true, order: ["tallyDueAtMs", "asc"], shards: "dueShard" },
  /** Markers of large bodies that may belong to no message. */
  bodiesToSweep: { kind: "bodyChunks", equal: [], upTo: true, order: ["sweepAtMs", "asc"], shards: "dueShard" },
} as const satisfies Record<string, QueryShape>;

export type QueryName = keyof typeof QUERIES;
export type QueryKind<Q extends QueryName> = (typeof QUERIES)[Q]["kind"];

type Contains<Q extends QueryName> = (typeof QUERIES)[Q] extends { readonly contains: infer F extends string }
  ? F
  : never;
type UpTo<Q extends QueryName> = (typeof QUERIES)[Q] extends { readonly upTo: true }
  ? { readonly upTo: number }
  : unknown;

/** Which page of a query's results, and of which part of its shards; without a part, of all. */
export interface PageOf<Q extends QueryName> {
  readonly limit: number;
  readonly cursor?: string | null;
  readonly part?: (typeof QUERIES)[Q] extends { readonly shards: ShardField } ? Part | undefined : undefined;
}

/** The arguments of a query: a value for each `equal` and `contains` field, and `upTo` if the shape says so. */
export type QueryArguments<Q extends QueryName> = Readonly<
  Record<(typeof QUERIES)[Q]["equal"][number] | Contains<Q>, string>
> &
  UpTo<Q>;
