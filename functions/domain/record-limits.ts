import type { RecordKind } from "./record-kinds.ts";
import type { Write } from "./records.ts";

/** Most writes of one commit. */
const MAX_WRITES = 20;

/**
 * Largest record, bytes of its JSON in UTF-8. A Firestore document ends at 1 MiB (1,048,576 bytes) with its name, index fields and
 * field names counted in (firebase.google.com/docs/firestore/quotas); every store keeps this one limit, so that what works on a
 * laptop works when deployed. Writers aim at 900 KiB.
 */
export const MAX_RECORD_BYTES = 1_000_000;

/** All records of one commit. Firestore ends at 10 MiB of request, its emulator at 4 MiB. */
const MAX_COMMIT_BYTES = 4_000_000;

/**
 * Large pieces of foreign text, by kind: they count as they are and not as JSON, whose escapes (`"` becomes `\"`) could double them;
 * Firestore keeps them in a field of their own.
 */
export const LARGE_TEXT: Partial<Record<RecordKind, string>> = { bodyChunks: "text" };

/**
 * The JSON text of each write's record (empty for a delete). Throws on what no store takes: a defect of the caller, never something that a
 * user can bring about.
 */
export const encodeCommit = (writes: readonly Write[]): readonly string[] => {
  if (writes.length > MAX_WRITES) throw new RangeError(`a commit takes at most ${MAX_WRITES} writes`);
  const places = new Set(writes.map(({ kind, id }) => `${kind}/${id}`));
  if (places.size !== writes.length) throw new RangeError("a commit writes each record at most once");
  const texts = writes.map((write) => (write.op === "delete" ? "" : JSON.stringify(write.value)));
  const sizes = writes.map((write, at) => recordBytes(write, texts[at] ?? ""));
  const tooLarge = writes[sizes.findIndex((size) => size > MAX_RECORD_BYTES)];
  if (tooLarge) throw new RangeError(`a record of kind ${tooLarge.kind} is larger than ${MAX_RECORD_BYTES} bytes`);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (total > MAX_COMMIT_BYTES) throw new RangeError(`a commit is larger than ${MAX_COMMIT_BYTES} bytes`);
  return texts;
};

const recordBytes = (write: Write, json: string): number => {
  const field = LARGE_TEXT[write.kind];
  const text =
    write.op === "delete" || field === undefined
      ? undefined
      : Object.entries(write.value).find(([name]) => name === field)?.[1];
  const escapes = typeof text === "string" ? Buffer.byteLength(JSON.stringify(text)) - Buffer.byteLength(text) : 0;
  return Buffer.byteLength(json) - escapes;
};
