import type { RecordKind } from "./record-kinds.ts";
import type { Write } from "./records.ts";

const MAX_WRITES = 20;

/**
 * The largest record, in bytes of UTF-8 JSON. A Firestore document is limited to 1 MiB, including its name, index
 * fields and field names (firebase.google.com/docs/firestore/quotas). Every store has this limit, so that what works on
 * a laptop works when deployed. Writers aim at 900 KiB.
 */
export const MAX_RECORD_BYTES = 1_000_000;

/** The limit for all records of a commit. Firestore takes requests of up to 10 MiB, its emulator up to 4 MiB. */
const MAX_COMMIT_BYTES = 4_000_000;

/**
 * The field of each kind that holds a large text from outside. Firestore stores it in a field of its own, so it counts
 * without JSON escapes, which could double its size.
 */
export const LARGE_TEXT: Partial<Record<RecordKind, string>> = { bodyChunks: "text" };

/**
 * The field of each kind that may be large and stays as it is while the others change. It comes last in the text of a
 * record, where a store may leave it alone.
 */
const STEADY: Partial<Record<RecordKind, string>> = { messages: "body" };

/** A record as JSON. The steady field and its name begin at `steadyAt`; null if there is none. */
export interface EncodedRecord {
  readonly text: string;
  readonly steadyAt: number | null;
}

/** An empty text as JSON: two quotes. */
const EMPTY_TEXT_BYTES = 2;

const encode = (write: Write): EncodedRecord => {
  if (write.op === "delete") return { text: "", steadyAt: null };
  const field = STEADY[write.kind];
  if (field === undefined) return { text: JSON.stringify(write.value), steadyAt: null };
  const entries = Object.entries(write.value);
  const head = JSON.stringify(Object.fromEntries(entries.filter(([name]) => name !== field)));
  const steady = JSON.stringify(Object.fromEntries(entries.filter(([name]) => name === field)));
  if (head === "{}" || steady === "{}") return { text: JSON.stringify(write.value), steadyAt: null };
  return { text: `${head.slice(0, -1)},${steady.slice(1)}`, steadyAt: head.length };
};

/**
 * The JSON text of each write's record (empty for a delete). Throws if a limit is exceeded, which is a defect of the
 * caller and never the fault of a user.
 */
export const encodeCommit = (writes: readonly Write[]): readonly EncodedRecord[] => {
  if (writes.length > MAX_WRITES) throw new RangeError(`a commit takes at most ${MAX_WRITES} writes`);
  const places = new Set(writes.map(({ kind, id }) => `${kind}/${id}`));
  if (places.size !== writes.length) throw new RangeError("a commit writes each record at most once");
  const encoded = writes.map(encode);
  const sizes = writes.map((write, at) => recordBytes(write, encoded[at]?.text ?? ""));
  const tooLarge = writes[sizes.findIndex((size) => size > MAX_RECORD_BYTES)];
  if (tooLarge) throw new RangeError(`a record of kind ${tooLarge.kind} is larger than ${MAX_RECORD_BYTES} bytes`);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_COMMIT_BYTES) throw new RangeError(`a commit is larger than ${MAX_COMMIT_BYTES} bytes`);
  return encoded;
};

/** A large text is measured as it is, beside the record without it: to write it as JSON once more would take longer. */
const recordBytes = (write: Write, json: string): number => {
  const field = LARGE_TEXT[write.kind];
  if (write.op === "delete" || field === undefined) return Buffer.byteLength(json);
  const text = Object.entries(write.value).find(([name]) => name === field)?.[1];
  if (typeof text !== "string") return Buffer.byteLength(json);
  const rest = JSON.stringify({ ...write.value, [field]: "" });
  return Buffer.byteLength(rest) - EMPTY_TEXT_BYTES + Buffer.byteLength(text);
};
