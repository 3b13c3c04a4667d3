import type { Message } from "../../domain/messages/message.ts";
import { QUERIES } from "../../domain/queries.ts";
import type { RecordKind, RecordKinds } from "../../domain/record-kinds.ts";
import { LARGE_TEXT } from "../../domain/record-limits.ts";

interface Shape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  readonly contains?: string;
  readonly order: readonly [string, "asc" | "desc"];
}

/** A composite index as Firestore and Terraform (`google_firestore_index`) name its parts; `__name__` follows by itself, in the last direction. */
export interface CompositeIndex {
  readonly collection: RecordKind;
  readonly fields: readonly (
    | { readonly fieldPath: string; readonly order: "ASCENDING" | "DESCENDING" }
    | { readonly fieldPath: string; readonly arrayConfig: "CONTAINS" }
  )[];
}

const shapes: readonly Shape[] = Object.values(QUERIES);

/**
 * Every composite index that the queries need. A query by its order alone is served by the automatic index of that field
 * (firebase.google.com/docs/firestore/query-data/index-overview). The emulator enforces none of them: the plan test compares.
 */
export const COMPOSITE_INDEXES: readonly CompositeIndex[] = shapes
  .filter(({ equal, contains }) => equal.length > 0 || contains !== undefined)
  .map(({ kind, equal, contains, order: [field, direction] }) => ({
    collection: kind,
    fields: [
      ...equal.map((fieldPath) => ({ fieldPath, order: "ASCENDING" as const })),
      ...(contains === undefined ? [] : [{ fieldPath: contains, arrayConfig: "CONTAINS" as const }]),
      { fieldPath: field, order: direction === "asc" ? ("ASCENDING" as const) : ("DESCENDING" as const) },
    ],
  }));

/** The fields of a kind that stand in its documents beside the JSON, because a query looks at them. */
export const indexFields = (kind: RecordKind): readonly string[] => [
  ...new Set(
    shapes
      .filter((shape) => shape.kind === kind)
      .flatMap(({ equal, contains, order: [field] }) => [
        ...equal,
        ...(contains === undefined ? [] : [contains]),
        field,
      ]),
  ),
];

/** The document field that holds the record; never searched, so it is exempt from indexing (an index entry costs at every write). */
export const JSON_FIELD = "json";
/** A large text of the record that is kept out of the JSON; exempt from indexing too. */
export const TEXT_FIELD = "text";
/** Random at every write, so that a write of the same value still changes the update time; exempt from indexing as well. */
export const WRITE_FIELD = "write";
/** The Timestamp on which Firestore's TTL policy erases a document; exempt from indexing, as Google advises for TTL fields. */
export const ERASE_FIELD = "eraseAt";

/** Up to some hundred prefixes a message; only its composite indexes are searched, so the automatic ones would double the entries for nothing. */
const PREFIXES_FIELD = "searchPrefixes" satisfies keyof Message;

/** Every collection, and whether its documents may erase themselves: those whose records have `eraseAtMs` need the TTL policy. */
export const COLLECTIONS: {
  readonly [K in RecordKind]: "eraseAtMs" extends keyof RecordKinds[K] ? true : false;
} = {
  mailServers: false,
  serverNames: false,
  settings: false,
  sessions: true,
  keys: false,
  oauthStates: true,
  accessTokens: false,
  securityEvents: true,
  oauthClients: false,
  grantLedgers: false,
  secretSweeps: false,
  messages: true,
  bodyChunks: false,
  quotas: false,
  notices: true,
  audit: true,
};

/** The fields of a collection that are exempt from indexing. */
export const unindexedFields = (kind: RecordKind): readonly string[] => [
  JSON_FIELD,
  WRITE_FIELD,
  ...(kind in LARGE_TEXT ? [TEXT_FIELD] : []),
  ...(kind === "messages" ? [PREFIXES_FIELD] : []),
  ...(COLLECTIONS[kind] ? [ERASE_FIELD] : []),
];
