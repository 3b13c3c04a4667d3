import type { DocumentReference, Firestore, WriteBatch, WriteResult } from "@google-cloud/firestore";
import { isDocumentId } from "../../domain/document-id.ts";
import type { CommitOutcome, Write } from "../../domain/records.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { toAddition, toFields, toUpdate, toUpdateTime, toVersion } from "./document.ts";
import { WRITE_FIELD } from "./indexes.ts";

export interface Commit {
  readonly calls: GoogleCalls;
  readonly database: Firestore;
  readonly writes: readonly Write[];
  /** The JSON of each write's record. */
  readonly texts: readonly string[];
  /** A random mark that every document of this commit holds. */
  readonly mark: string;
}

/** The version that a write expects; undefined if it expects none. */
export const expectedVersion = (write: Write): string | undefined =>
  write.op === "replace" || write.op === "delete" ? write.version : undefined;

/**
 * Makes the commit. `unclear`: a precondition failed, but all of them held when the documents were read. A commit whose
 * answer was lost is repeated. If the first try succeeded, the second fails because of it; the mark in the documents
 * tells that apart from another writer's commit.
 */
export const commitOnce = async (commit: Commit): Promise<CommitOutcome | "unclear"> => {
  const answer = await commit.calls(
    { act: "write records", repeatable: true, run: () => toBatch(commit).commit() },
    "FAILED_PRECONDITION",
    "ALREADY_EXISTS",
    "NOT_FOUND",
  );
  return answer.status === "OK" ? toOutcome(commit, answer.value) : explain(commit);
};

const toOutcome = ({ writes }: Commit, results: readonly WriteResult[]): CommitOutcome => ({
  done: true,
  versions: writes.map((write, at) => {
    const result = results[at];
    if (result === undefined) throw new Error("Firestore answered fewer writes than it was given");
    return write.op === "delete" ? "" : toVersion(result.writeTime);
  }),
});

const referTo = ({ database }: Commit, { kind, id }: Write): DocumentReference => {
  if (!isDocumentId(id)) throw new RangeError(`no record of kind ${kind} can have this id`);
  return database.collection(kind).doc(id);
};

const toBatch = (commit: Commit): WriteBatch => {
  const batch = commit.database.batch();
  for (const [at, write] of commit.writes.entries()) addTo(batch, commit, { write, json: commit.texts[at] ?? "" });
  return batch;
};

const addTo = (
  batch: WriteBatch,
  commit: Commit,
  { write, json }: { readonly write: Write; readonly json: string },
) => {
  const document = referTo(commit, write);
  const version = expectedVersion(write);
  const lastUpdateTime = version === undefined ? undefined : toUpdateTime(version);
  const record = { id: write.id, json, write: commit.mark };
  switch (write.op) {
    case "create":
      return batch.create(document, toFields(write.kind, record));
    case "put": {
      // As a replacement: fields that a later release keeps beside the JSON, for queries of its own, stay.
      const update = toUpdate(write.kind, record);
      return batch.set(document, update, { mergeFields: Object.keys(update) });
    }
    case "add":
      return batch.set(document, toAddition(write.kind, record), { merge: true });
    case "replace":
      return batch.update(document, toUpdate(write.kind, record), { lastUpdateTime });
    case "delete":
      return lastUpdateTime === undefined ? batch.delete(document) : batch.delete(document, { lastUpdateTime });
  }
};

/**
 * Firestore does not say which precondition failed, so find the one that does not hold now. Reading also proves that
 * the database exists.
 */
const explain = async (commit: Commit): Promise<CommitOutcome | "unclear"> => {
  const { calls, database, writes, mark } = commit;
  const documents = writes.map((write) => referTo(commit, write));
  const run = () => database.getAll(...documents, { fieldMask: [WRITE_FIELD] });
  const found = await expectOk(calls({ act: "find the failed precondition", repeatable: true, run }));
  // A commit is all or nothing: one document with our mark proves that all were written.
  const ours = found.find((document) => document.get(WRITE_FIELD) === mark)?.updateTime;
  if (ours !== undefined)
    return { done: true, versions: writes.map(({ op }) => (op === "delete" ? "" : toVersion(ours))) };
  const at = writes.findIndex((write, index) => {
    const time = found[index]?.updateTime;
    return hasPrecondition(write) && expectedVersion(write) !== (time && toVersion(time));
  });
  return at === -1 ? "unclear" : { done: false, at };
};

/** A create expects that there is no document, hence no update time. */
const hasPrecondition = (write: Write): boolean => write.op === "create" || expectedVersion(write) !== undefined;
