import { type DocumentSnapshot, FieldPath, type Firestore } from "@google-cloud/firestore";
import { type Clock, MINUTE } from "../../domain/clock.ts";
import type { RecordKind } from "../../domain/record-kinds.ts";
import { shardOf } from "../../domain/shards.ts";
import { expectOk, type GoogleCalls } from "../google-cloud/google-calls.ts";
import { COLLECTIONS, shardFields } from "./indexes.ts";

interface Deps {
  readonly calls: GoogleCalls;
  readonly database: Firestore;
  readonly clock: Pick<Clock, "nowMs" | "lasting">;
}

/** Where the walk is: `passes` are complete; of the present one, `kind` is walked up to the document `after`. */
interface Progress {
  readonly passes: number;
  readonly endedAtMs: number;
  readonly kind: number;
  readonly after: string;
}

const KINDS = (Object.keys(COLLECTIONS) as readonly RecordKind[]).filter((kind) => shardFields(kind).length > 0);
const START: Progress = { passes: 0, endedAtMs: 0, kind: 0, after: "" };
/** During a roll-out an earlier release may still create records without shards: hence the second pass. */
const PASSES = 2;
const BETWEEN_PASSES_MS = 15 * MINUTE;
const PAGE = 200;
const AT_ONCE = 20;

/**
 * Gives shards to the records of releases that knew none, since no query for shards finds them. It walks all records of
 * those kinds by id, which needs no index, and remembers in the store where it is. Returns how many records it changed;
 * a record that is written meanwhile gets its shards by that. Stops at `untilMs`; the next call goes on. Once the walk
 * is over, a call costs one read, and later ones of the same instance nothing. Throws `Unavailable`.
 */
export const shardsAdder = ({ calls, database, clock }: Deps): ((untilMs: number) => Promise<number>) => {
  const marker = database.collection("upkeep").doc("shards");
  let isOver = false;

  const pageOf = async (kind: RecordKind, after: string): Promise<readonly DocumentSnapshot[]> => {
    const ordered = database.collection(kind).orderBy(FieldPath.documentId());
    const from = after === "" ? ordered : ordered.startAfter(after);
    const query = from.select(...shardFields(kind).flat()).limit(PAGE);
    return (await expectOk(calls({ act: "read records without shards", repeatable: true, run: () => query.get() })))
      .docs;
  };

  /** Not repeated if its answer is lost, since the next pass finds what is missing. */
  const add = async (kind: RecordKind, document: DocumentSnapshot): Promise<number> => {
    const missing = shardFields(kind).filter(
      ([field, by]) => document.get(by) !== undefined && document.get(field) === undefined,
    );
    const { updateTime: lastUpdateTime } = document;
    if (missing.length === 0 || lastUpdateTime === undefined) return 0;
    const shards = Object.fromEntries(missing.map(([field]) => [field, shardOf(field, document.id)]));
    const run = () => document.ref.update(shards, { lastUpdateTime });
    const answer = await calls({ act: "add shards", repeatable: false, run }, "FAILED_PRECONDITION", "NOT_FOUND");
    return answer.status === "OK" ? 1 : 0;
  };

  const addAll = async (kind: RecordKind, documents: readonly DocumentSnapshot[]): Promise<number> => {
    let added = 0;
    for (let at = 0; at < documents.length; at += AT_ONCE) {
      const done = await Promise.all(documents.slice(at, at + AT_ONCE).map((document) => add(kind, document)));
      added += done.reduce((sum, one) => sum + one, 0);
    }
    return added;
  };

  const next = (progress: Progress, documents: readonly DocumentSnapshot[]): Progress => {
    const last = documents.length < PAGE ? undefined : documents.at(-1);
    if (last !== undefined) return { ...progress, after: last.id };
    if (progress.kind + 1 < KINDS.length) return { ...progress, kind: progress.kind + 1, after: "" };
    return { passes: progress.passes + 1, endedAtMs: clock.nowMs(), kind: 0, after: "" };
  };

  const isWaiting = ({ passes, endedAtMs }: Progress): boolean =>
    passes >= PASSES || (passes > 0 && clock.nowMs() < endedAtMs + clock.lasting(BETWEEN_PASSES_MS));

  return async (untilMs) => {
    if (isOver) return 0;
    const read = () => marker.get();
    const found = await expectOk(calls({ act: "read the progress of shards", repeatable: true, run: read }));
    let progress: Progress = { ...START, ...found.data() };
    let added = 0;
    while (!isWaiting(progress) && clock.nowMs() < untilMs) {
      const kind = KINDS[progress.kind] ?? "messages";
      const documents = await pageOf(kind, progress.after);
      added += await addAll(kind, documents);
      progress = next(progress, documents);
      const write = { ...progress };
      await expectOk(calls({ act: "note the progress of shards", repeatable: true, run: () => marker.set(write) }));
    }
    isOver = progress.passes >= PASSES;
    return added;
  };
};
