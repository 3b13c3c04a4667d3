import type { RecordKind } from "./record-kinds.ts";

/**
 * Every query that runs, in one table: the SQLite adapter makes its indexes from it, the Firestore adapter its composite
 * indexes (compared with the Terraform plan by a test). Ties are broken by id in the direction of `order`.
 * `equal` and `contains` fields take an argument each; `upTo` bounds the ordered field from above, inclusively.
 */
export interface QueryShape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  /** An array field that must contain the argument of that name. */
  readonly contains?: string;
  /** The argument `upTo` is the largest value of the ordered field that is still found. Records without the field, or with null, are not found. */
  readonly upTo?: true;
  readonly order: readonly [field: string, direction: "asc" | "desc"];
}

const newest = ["createdAtMs", "desc"] as const;

export const QUERIES = {
  serversByAge: { kind: "mailServers", equal: [], order: ["createdAtMs", "asc"] },
  serversByUsername: { kind: "mailServers", equal: ["username"], order: ["createdAtMs", "asc"] },
  /** Servers that hold a grant of one Google account (`accountSub`), to find siblings before a revocation. */
  serversByAccount: { kind: "mailServers", equal: ["accountSub"], order: ["createdAtMs", "asc"] },
  serversDueForCheck: { kind: "mailServers", equal: [], upTo: true, order: ["nextCheckAtMs", "asc"] },
  /** Servers whose secrets were being changed when something cut that off. */
  secretSweepsDue: { kind: "secretSweeps", equal: [], upTo: true, order: ["dueAtMs", "asc"] },
  /** News that whoever brought them about did not come to tell. */
  noticesDue: { kind: "notices", equal: [], upTo: true, order: ["dueAtMs", "asc"] },
  /** Sessions of one person, to end them: by the mailbox that their address names, or by Google's id of the account. */
  sessionsOfMailbox: { kind: "sessions", equal: ["actorMailbox"], order: ["createdAtMs", "asc"] },
  sessionsOfAccount: { kind: "sessions", equal: ["actorSub"], order: ["createdAtMs", "asc"] },
  keysByAge: { kind: "keys", equal: [], order: newest },
  auditNewest: { kind: "audit", equal: [], order: newest },
  messagesNewest: { kind: "messages", equal: [], order: newest },
  messagesOfServer: { kind: "messages", equal: ["serverId"], order: newest },
  messagesByStatus: { kind: "messages", equal: ["status"], order: newest },
  messagesOfServerByStatus: { kind: "messages", equal: ["serverId", "status"], order: newest },
  messagesTo: { kind: "messages", equal: [], contains: "recipientAddresses", order: newest },
  messagesOfServerTo: { kind: "messages", equal: ["serverId"], contains: "recipientAddresses", order: newest },
  messagesByStatusTo: { kind: "messages", equal: ["status"], contains: "recipientAddresses", order: newest },
  messagesOfServerByStatusTo: {
    kind: "messages",
    equal: ["serverId", "status"],
    contains: "recipientAddresses",
    order: newest,
  },
  /** What `q` of the list looks up. Server, never status: an index with it would rewrite every prefix at each move. */
  messagesFound: { kind: "messages", equal: [], contains: "searchPrefixes", order: newest },
  messagesOfServerFound: { kind: "messages", equal: ["serverId"], contains: "searchPrefixes", order: newest },
  /** Messages of a server in one status, oldest first: what a release or a cancellation walks through. */
  messagesOfServerOldest: { kind: "messages", equal: ["serverId", "status"], order: ["createdAtMs", "asc"] },
  /** What `dispatch-due` looks at: whatever is not final and whose time has come. */
  messagesDue: { kind: "messages", equal: [], upTo: true, order: ["dueAtMs", "asc"] },
  /** Markers of large bodies, of which some may belong to no message. */
  bodiesToSweep: { kind: "bodyChunks", equal: [], upTo: true, order: ["sweepAtMs", "asc"] },
} as const satisfies Record<string, QueryShape>;

export type QueryName = keyof typeof QUERIES;
export type QueryKind<Q extends QueryName> = (typeof QUERIES)[Q]["kind"];

type Contains<Q extends QueryName> = (typeof QUERIES)[Q] extends { readonly contains: infer F extends string }
  ? F
  : never;
type UpTo<Q extends QueryName> = (typeof QUERIES)[Q] extends { readonly upTo: true }
  ? { readonly upTo: number }
  : unknown;

/** What a query must be given: a value per `equal` and `contains` field, and `upTo` where the shape says so. */
export type QueryArguments<Q extends QueryName> = Readonly<
  Record<(typeof QUERIES)[Q]["equal"][number] | Contains<Q>, string>
> &
  UpTo<Q>;
