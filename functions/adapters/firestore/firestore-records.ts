import { type DocumentSnapshot, FieldPath, type Firestore, type Query } from "@google-cloud/firestore";
import { isDocumentId } from "../../domain/document-id.ts";
import { decodeCursor, encodeCursor } from "../../domain/page-cursor.ts";
import { Unavailable } from "../../domain/problem.ts";
import { QUERIES, type QueryShape } from "../../domain/queries.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { RecordKind, RecordKinds } from "../../domain/record-kinds.ts";
import { encodeCommit } from "../../domain/record-limits.ts";
import type { Records, Write } from "../../domain/records.ts";
import { isInPart, type Part, SHARDS } from "../../domain/shards.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { commitOnce, expectedVersion } from "./commit.ts";
import { toRecord, toUpdateTime } from "./document.ts";

export interface FirestoreOptions {
  readonly calls: GoogleCalls;
  readonly random: Pick<Randomness, "token">;
  readonly database: Firestore;
}

/** How often a commit is tried if its failed precondition holds again by the time it is checked. */
const COMMIT_TRIES = 5;

/**
 * `Records` on Firestore. A record's version is its document's update time. Commits are batches with preconditions, not
 * transactions, whose locks perform far worse on a hot document. See SCHEMA.md.
 */
export const firestoreRecords = ({ calls, random, database }: FirestoreOptions): Records => ({
  get: async <K extends RecordKind>(kind: K, id: string) => {
    if (!isDocumentId(id)) return undefined;
    const run = () => database.collection(kind).doc(id).get();
    const document = await expectOk(calls({ act: "read a record", repeatable: true, run }));
    return document.exists ? toRecord<RecordKinds[K]>(kind, document) : undefined;
  },

  commit: async (writes) => {
    const texts = encodeCommit(writes).map(({ text }) => text);
    if (writes.length === 0) return { done: true, versions: [] };
    const impossible = writes.findIndex((write) => !isPossible(write));
    if (impossible !== -1) return { done: false, at: impossible };
    for (let attempt = 0; attempt < COMMIT_TRIES; attempt += 1) {
      const outcome = await commitOnce({ calls, database, writes, texts, mark: random.token(9) });
      if (outcome !== "unclear") return outcome;
    }
    throw new Unavailable("write records", {
      cause: new Error("a precondition failed, and held whenever it was looked at"),
    });
  },

  query: async (name, args, { limit, cursor, part }) => {
    const position = cursor == null ? undefined : decodeCursor(name, args, cursor);
    if (cursor != null && (position === undefined || !isDocumentId(position.id))) return "bad_cursor";
    const shape: QueryShape = QUERIES[name];
    // The extra record tells whether there is a next page.
    const most = limit + 1;
    const read = async (query: Query): Promise<readonly DocumentSnapshot[]> => {
      const from = position === undefined ? query : query.startAfter(position.orderValue, position.id);
      const run = () => from.limit(most).get();
      return (await expectOk(calls({ act: "query records", repeatable: true, run }))).docs;
    };
    const parts = await Promise.all(toQueries(database, shape, { args, part }).map(read));
    const docs = inOrder(parts, shape.order).slice(0, most);
    const items = docs
      .slice(0, limit)
      .map((row) => toRecord<RecordKinds[(typeof QUERIES)[typeof name]["kind"]]>(shape.kind, row));
    const last = docs.length > limit ? docs[limit - 1] : undefined;
    if (last === undefined) return { items, next: null };
    return { items, next: encodeCursor(name, args, { orderValue: orderValueOf(last, shape.order), id: last.id }) };
  },
});

/** A precondition with a version or id that this store never gives cannot hold. */
const isPossible = (write: Write): boolean => {
  const version = expectedVersion(write);
  return version === undefined || (toUpdateTime(version) !== undefined && isDocumentId(write.id));
};

const orderValueOf = (document: DocumentSnapshot, [field]: QueryShape["order"]): number | string => {
  const value: unknown = document.get(field);
  if (typeof value !== "number" && typeof value !== "string")
    throw new TypeError(`a query is ordered by ${field}, whose value has no order`);
  return value;
};

/** Merges what several queries found, as one would have found it. */
const inOrder = (
  parts: readonly (readonly DocumentSnapshot[])[],
  order: QueryShape["order"],
): readonly DocumentSnapshot[] => {
  const [only, ...others] = parts;
  if (only !== undefined && others.length === 0) return only;
  const sign = order[1] === "asc" ? 1 : -1;
  return parts
    .flat()
    .map((document) => ({ document, key: [orderValueOf(document, order), document.id] as const }))
    .sort(({ key: a }, { key: b }) => sign * (compare(a[0], b[0]) || compare(a[1], b[1])))
    .map(({ document }) => document);
};

const compare = <T extends number | string>(a: T, b: T): number => (a < b ? -1 : a > b ? 1 : 0);

/** The most values of one query (firebase.google.com/docs/firestore/query-data/queries#limits_on_or_queries). */
const MOST_VALUES = 30;

/**
 * The queries that find together what a query of the table finds. Firestore merges the shards of one query itself, and
 * counts only the documents that it returns; each query takes as many shards as it may.
 */
const toQueries = (
  database: Firestore,
  shape: QueryShape,
  { args, part }: { readonly args: Readonly<Record<string, unknown>>; readonly part: Part | undefined },
): readonly Query[] => {
  const { shards } = shape;
  const query = toQuery(database, shape, args);
  if (shards === undefined) return [query];
  const every = Array.from({ length: SHARDS[shards] }, (_, shard) => shard);
  const all = every.filter((shard) => part === undefined || isInPart(shard, part));
  const queries = Math.ceil(all.length / MOST_VALUES);
  return Array.from({ length: queries }, (_, at) =>
    query.where(
      shards,
      "in",
      all.filter((_, place) => place % queries === at),
    ),
  );
};

/** Builds the conditions and order of a query in the table; no other query runs. */
const toQuery = (
  database: Firestore,
  { kind, equal, contains, upTo, order: [field, direction] }: QueryShape,
  args: Readonly<Record<string, unknown>>,
): Query => {
  let query: Query = database.collection(kind);
  for (const one of equal) query = query.where(one, "==", args[one]);
  if (contains !== undefined) query = query.where(contains, "array-contains", args[contains]);
  if (upTo !== undefined) query = query.where(field, "<=", args.upTo);
  return query.orderBy(field, direction).orderBy(FieldPath.documentId(), direction);
};
