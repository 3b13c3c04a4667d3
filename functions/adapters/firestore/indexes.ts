import { QUERIES, type QueryShape } from "../../domain/queries.ts";
import type { RecordKind, RecordKinds } from "../../domain/record-kinds.ts";
import { LARGE_TEXT } from "../../domain/record-limits.ts";
import { sumsField } from "../../domain/record-sums.ts";
import type { ShardField } from "../../domain/shards.ts";

/**
 * A composite index in the terms of Firestore and Terraform (`google_firestore_index`). Firestore appends `__name__` in
 * the last direction.
 */
export interface CompositeIndex {
  readonly collection: RecordKind;
  readonly fields: readonly (
    | { readonly fieldPath: string; readonly order: "ASCENDING" | "DESCENDING" }
    | { readonly fieldPath: string; readonly arrayConfig: "CONTAINS" }
  )[];
}

const shapes: readonly QueryShape[] = Object.values(QUERIES);

/** Whether a query orders a whole collection by one field, and does no more. */
const ordersAlone = ({ equal, contains, shards }: QueryShape): boolean =>
  equal.length === 0 && contains === undefined && shards === undefined;

/**
 * Every composite index that the queries need. A query with an order alone uses that field's automatic index
 * (firebase.google.com/docs/firestore/query-data/index-overview). The emulator enforces none, so a test compares the
 * plan.
 */
export const COMPOSITE_INDEXES: readonly CompositeIndex[] = shapes
  .filter((shape) => !ordersAlone(shape))
  .map(({ kind, equal, contains, shards, order: [field, direction] }) => ({
    collection: kind,
    fields: [
      ...(shards === undefined ? [] : [{ fieldPath: shards, order: "ASCENDING" as const }]),
      ...equal.map((fieldPath) => ({ fieldPath, order: "ASCENDING" as const })),
      ...(contains === undefined ? [] : [{ fieldPath: contains, arrayConfig: "CONTAINS" as const }]),
      { fieldPath: field, order: direction === "asc" ? ("ASCENDING" as const) : ("DESCENDING" as const) },
    ],
  }));

/** The record's fields that queries look at; documents hold copies of them beside the JSON. */
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

/** The fields that hold the record's shards, each with the field whose index entries they spread. */
export const shardFields = (kind: RecordKind): readonly (readonly [ShardField, ordered: string])[] => {
  const spread = shapes
    .filter((shape) => shape.kind === kind)
    .flatMap(({ shards, order: [field] }) => (shards === undefined ? [] : [[shards, field] as const]));
  return [...new Map(spread)];
};

/** Holds the record. No query reads it, so it is exempt from indexing (index entries cost on every write). */
export const JSON_FIELD = "json";
/** Holds a large text of the record, apart from the JSON; exempt from indexing too. */
export const TEXT_FIELD = "text";
/** Holds the numbers that writes add to, apart from the JSON, by name; exempt from indexing with all its members. */
export const SUMS_FIELD = "sums";
/** Random on every write, so that writing an equal value still changes the update time; exempt from indexing. */
export const WRITE_FIELD = "write";
/** When Firestore's TTL policy erases the document; exempt from indexing, as Google advises for TTL fields. */
export const ERASE_FIELD = "eraseAt";

/** A single field by which a query orders a whole collection: the only kind of index on one field that is needed. */
export interface SingleFieldIndex {
  readonly collection: RecordKind;
  readonly fieldPath: string;
  readonly order: "ASCENDING" | "DESCENDING";
}

/**
 * Firestore indexes each field in both directions unless told otherwise, and each entry costs on every write. Queries
 * need these alone; all other fields are exempt, since composite indexes do not depend on it.
 */
export const SINGLE_FIELD_INDEXES: readonly SingleFieldIndex[] = shapes
  .filter(ordersAlone)
  .map(({ kind, order: [fieldPath, direction] }) => ({
    collection: kind,
    fieldPath,
    order: direction === "asc" ? "ASCENDING" : "DESCENDING",
  }));

const hasIndexOfItsOwn = (kind: RecordKind, field: string): boolean =>
  SINGLE_FIELD_INDEXES.some(({ collection, fieldPath }) => collection === kind && fieldPath === field);

/** Every collection, and whether its documents need the TTL policy: those whose records have `eraseAtMs` do. */
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
  sealedTokens: false,
  tokenMoves: false,
  messages: true,
  bodyChunks: false,
  quotas: false,
  notices: true,
  audit: true,
  tallies: true,
};

/** The fields of a collection that have no index of their own. */
export const unindexedFields = (kind: RecordKind): readonly string[] => [
  JSON_FIELD,
  WRITE_FIELD,
  ...(kind in LARGE_TEXT ? [TEXT_FIELD] : []),
  ...(sumsField(kind) === undefined ? [] : [SUMS_FIELD]),
  ...indexFields(kind).filter((field) => !hasIndexOfItsOwn(kind, field)),
  ...shardFields(kind).map(([field]) => field),
  ...(COLLECTIONS[kind] ? [ERASE_FIELD] : []),
];
