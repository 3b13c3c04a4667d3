import type { Write } from "./records.ts";

/** Most writes of one commit. */
export const MAX_WRITES = 20;

/**
 * Largest record, bytes of its JSON in UTF-8. A Firestore document ends at 1 MiB (1,048,576 bytes) with its name, index fields and
 * field names counted in (firebase.google.com/docs/firestore/quotas); every store keeps this one limit, so that what works on a
 * laptop works when deployed. Writers aim at 900 KiB.
 */
export const MAX_RECORD_BYTES = 1_000_000;

/** Throws on what no store takes: a defect of the caller, never something a user can bring about. */
export const checkCommit = (writes: readonly Write[]): void => {
  if (writes.length > MAX_WRITES) throw new RangeError(`a commit takes at most ${MAX_WRITES} writes`);
  const places = new Set(writes.map(({ kind, id }) => `${kind}/${id}`));
  if (places.size !== writes.length) throw new RangeError("a commit writes each record at most once");
};

/** The JSON text that is stored. Throws when it is too large. */
export const encodeRecord = (kind: string, value: unknown): string => {
  const json = JSON.stringify(value);
  if (Buffer.byteLength(json) > MAX_RECORD_BYTES) {
    throw new RangeError(`a record of kind ${kind} is larger than ${MAX_RECORD_BYTES} bytes`);
  }
  return json;
};
