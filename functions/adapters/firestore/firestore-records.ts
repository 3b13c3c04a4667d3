import { FieldPath, type Firestore, type Query } from "@google-cloud/firestore";
import { decodeCursor, encodeCursor } from "../../domain/page-cursor.ts";
import { Unavailable } from "../../domain/problem.ts";
import { QUERIES, type QueryShape } from "../../domain/queries.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { RecordKind, RecordKinds } from "../../domain/record-kinds.ts";
import { encodeCommit } from "../../domain/record-limits.ts";
import type { Records, Write } from "../../domain/records.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { commitOnce, expectedVersion } from "./commit.ts";
import { isDocumentId, toRecord, toUpdateTime } from "./document.ts";

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
    const texts = encodeCommit(writes);
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

  query: async (name, args, { limit, cursor }) => {
    const position = cursor == null ? undefined : decodeCursor(name, args, cursor);
    if (cursor != null && (position === undefined || !isDocumentId(position.id))) return "bad_cursor";
    const { kind, order }: QueryShape = QUERIES[name];
    const query = toQuery(database, QUERIES[name], args);
    const from = position === undefined ? query : query.startAfter(position.orderValue, position.id);
    // The extra record tells whether there is a next page.
    const run = () => from.limit(limit + 1).get();
    const { docs } = await expectOk(calls({ act: "query records", repeatable: true, run }));
    const items = docs
      .slice(0, limit)
      .map((row) => toRecord<RecordKinds[(typeof QUERIES)[typeof name]["kind"]]>(kind, row));
    const last = docs.length > limit ? docs[limit - 1] : undefined;
    if (last === undefined) return { items, next: null };
    const orderValue: unknown = last.get(order[0]);
    if (typeof orderValue !== "number" && typeof orderValue !== "string")
      throw new TypeError(`${name} is ordered by a value of no order`);
    return { items, next: encodeCursor(name, args, { orderValue, id: last.id }) };
  },
});

/** A precondition with a version or id that this store never gives cannot hold. */
const isPossible = (write: Write): boolean => {
  const version = expectedVersion(write);
  return version === undefined || (toUpdateTime(version) !== undefined && isDocumentId(write.id));
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
