import { decodeCursor, encodeCursor } from "../../domain/page-cursor.ts";
import { Unavailable } from "../../domain/problem.ts";
import { QUERIES } from "../../domain/queries.ts";
import type { Randomness } from "../../domain/randomness.ts";
import { encodeCommit } from "../../domain/record-limits.ts";
import type { CommitOutcome, RecordKind, RecordKinds, Records, Write } from "../../domain/records.ts";
import type { GoogleApi } from "../google-rest/google-api.ts";
import {
  asList,
  asObject,
  type FirestoreValue,
  isDocumentId,
  type RecordText,
  toFields,
  toRecord,
  toValue,
} from "./document.ts";

export interface FirestoreOptions {
  readonly api: GoogleApi;
  readonly random: Randomness;
  readonly projectId: string;
}

/** How often a commit is tried whose failed precondition holds again by the time it is looked for. */
const COMMIT_TRIES = 5;

/**
 * `Records` on Firestore by its REST API (cloud.google.com/firestore/docs/reference/rest). A record's version is its document's update time;
 * commits are plain writes with preconditions, without transactions, whose locks serve one hot document far worse. See SCHEMA.md.
 */
export const firestoreRecords = (options: FirestoreOptions): Records => {
  const database = `projects/${options.projectId}/databases/(default)`;
  const documents = `${database}/documents`;
  return {
    get: async <K extends RecordKind>(kind: K, id: string) => {
      if (!isDocumentId(id)) return undefined;
      // batchGet and not GET: its answer tells an absent document from a database that is not there, which is no empty store.
      const [document] = await getAll(options.api, "read a record", {
        documents,
        names: [`${documents}/${kind}/${id}`],
      });
      return document === undefined ? undefined : toRecord<RecordKinds[K]>(kind, document);
    },

    commit: async (writes) => {
      const encoded = encodeCommit(writes);
      if (writes.length === 0) return { done: true, versions: [] };
      const impossible = writes.findIndex((write) => !isPossible(write));
      if (impossible !== -1) return { done: false, at: impossible };
      const body = {
        writes: writes.map((write, at) =>
          toWrite(documents, write, { json: encoded[at] ?? "", write: options.random.token(9) }),
        ),
      };
      for (let attempt = 0; attempt < COMMIT_TRIES; attempt += 1) {
        const outcome = await commitOnce(options.api, { documents, writes, body });
        if (outcome !== "unclear") return outcome;
      }
      throw new Unavailable("write records", {
        cause: new Error("a precondition failed, and held whenever it was looked at"),
      });
    },

    query: async (name, args, { limit, cursor }) => {
      const position = cursor == null ? undefined : decodeCursor(name, args, cursor);
      if (cursor != null && (position === undefined || !isDocumentId(position.id))) return "bad_cursor";
      const { kind, order }: { kind: RecordKind; order: readonly [string, "asc" | "desc"] } = QUERIES[name];
      const startAt =
        position === undefined
          ? {}
          : {
              startAt: {
                before: false,
                values: [toValue(position.orderValue), { referenceValue: `${documents}/${kind}/${position.id}` }],
              },
            };
      // One more than asked for tells whether there is a next page.
      const structuredQuery = { ...toQuery(name, args), ...startAt, limit: limit + 1 };
      const answer = await options.api.call({
        act: "query records",
        method: "POST",
        path: `/v1/${documents}:runQuery`,
        body: { structuredQuery },
        repeatable: true,
      });
      const rows = asList(answer).flatMap((part) => asObject(part).document ?? []);
      const items = rows
        .slice(0, limit)
        .map((row) => toRecord<RecordKinds[(typeof QUERIES)[typeof name]["kind"]]>(kind, row));
      const last = rows.length > limit ? items.at(-1) : undefined;
      if (last === undefined) return { items, next: null };
      const orderValue = asObject(last.value)[order[0]];
      if (typeof orderValue !== "number" && typeof orderValue !== "string")
        throw new TypeError(`${name} is ordered by a value of no order`);
      return { items, next: encodeCursor(name, args, { orderValue, id: last.id }) };
    },
  };
};

/** RFC 3339, as update times are written; what else comes as a version was never given by this store. */
const UPDATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z$/;

const isPossible = (write: Write): boolean => {
  const version = expectedVersion(write);
  return version === undefined || (UPDATE_TIME.test(version) && isDocumentId(write.id));
};

const expectedVersion = (write: Write): string | undefined =>
  write.op === "replace" || write.op === "delete" ? write.version : undefined;

const toWrite = (documents: string, write: Write, record: RecordText): object => {
  const name = `${documents}/${write.kind}/${write.id}`;
  if (!isDocumentId(write.id)) throw new RangeError(`no record of kind ${write.kind} can have this id`);
  if (write.op === "delete") {
    return { delete: name, ...(write.version === undefined ? {} : { currentDocument: { updateTime: write.version } }) };
  }
  const update = { update: { name, fields: toFields(write.kind, record) } };
  if (write.op === "put") return update;
  return {
    ...update,
    currentDocument: write.op === "create" ? { exists: false } : { updateTime: expectedVersion(write) },
  };
};

interface Commit {
  readonly documents: string;
  readonly writes: readonly Write[];
  readonly body: object;
}

/**
 * `unclear`: a precondition failed, but when the documents were read all of them held. Never repeated after a lost answer: a commit that
 * was done would fail its own preconditions the second time; the caller is told `Unavailable` and reads again.
 */
const commitOnce = async (api: GoogleApi, commit: Commit): Promise<CommitOutcome | "unclear"> => {
  const answer = await api.attempt(
    {
      act: "write records",
      method: "POST",
      path: `/v1/${commit.documents}:commit`,
      body: commit.body,
      repeatable: false,
    },
    "FAILED_PRECONDITION",
    "ALREADY_EXISTS",
    "NOT_FOUND",
  );
  if (answer.status !== "OK") return findBroken(api, commit);
  const results = asObject(answer.body).writeResults;
  const versions = commit.writes.map((write, at) =>
    write.op === "delete" ? "" : String(asObject(asList(results)[at]).updateTime),
  );
  return { done: true, versions };
};

/** Firestore says that a precondition failed, not which: the one that does not hold now. Looking also proves that the database is there. */
const findBroken = async (api: GoogleApi, { documents, writes }: Commit): Promise<CommitOutcome | "unclear"> => {
  const guarded = writes.flatMap((write, at) => (hasPrecondition(write) ? [{ write, at }] : []));
  const nameOf = ({ kind, id }: Write): string => `${documents}/${kind}/${id}`;
  const names = guarded.map(({ write }) => nameOf(write));
  // A mask of no field of ours: names and update times are enough.
  const found = await getAll(api, "find the failed precondition", {
    documents,
    names,
    mask: { fieldPaths: ["__name__"] },
  });
  const times = new Map(found.map(({ name, updateTime }) => [name, updateTime]));
  const broken = guarded.find(({ write }) => !holds(write, times.get(nameOf(write))));
  return broken === undefined ? "unclear" : { done: false, at: broken.at };
};

/** Those of the documents that are there. */
const getAll = async (
  api: GoogleApi,
  act: string,
  { documents, names, mask }: { readonly documents: string; readonly names: readonly string[]; readonly mask?: object },
): Promise<readonly Readonly<Record<string, unknown>>[]> => {
  const path = `/v1/${documents}:batchGet`;
  const answer = await api.call({ act, method: "POST", path, body: { documents: names, mask }, repeatable: true });
  return asList(answer).flatMap((part) => {
    const { found } = asObject(part);
    return found === undefined ? [] : [asObject(found)];
  });
};

const hasPrecondition = (write: Write): boolean => write.op === "create" || expectedVersion(write) !== undefined;

/** A create expects no document, so no update time. */
const holds = (write: Write, updateTime: unknown): boolean => updateTime === expectedVersion(write);

interface Shape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  readonly contains?: string;
  readonly upTo?: true;
  readonly order: readonly [string, "asc" | "desc"];
}

/** Conditions and order of a query of the table, as a StructuredQuery. */
const toQuery = (name: keyof typeof QUERIES, args: Readonly<Record<string, unknown>>): object => {
  const { kind, equal, contains, upTo, order }: Shape = QUERIES[name];
  const direction = order[1] === "asc" ? "ASCENDING" : "DESCENDING";
  const filter = (fieldPath: string, op: string, value: FirestoreValue): object => ({
    fieldFilter: { field: { fieldPath }, op, value },
  });
  const filters = [
    ...equal.map((field) => filter(field, "EQUAL", toValue(args[field]))),
    ...(contains === undefined ? [] : [filter(contains, "ARRAY_CONTAINS", toValue(args[contains]))]),
    ...(upTo === undefined ? [] : [filter(order[0], "LESS_THAN_OR_EQUAL", toValue(args.upTo))]),
  ];
  return {
    from: [{ collectionId: kind }],
    ...(filters.length === 0 ? {} : { where: { compositeFilter: { op: "AND", filters } } }),
    orderBy: [order[0], "__name__"].map((fieldPath) => ({ field: { fieldPath }, direction })),
  };
};
