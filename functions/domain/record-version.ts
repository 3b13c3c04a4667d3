import type { RecordKind } from "./record-kinds.ts";

/**
 * * The version of the records that this release writes, for each kind that has had a change which an earlier release
 * must not write over; 1 for every other kind. A release raises it only in such a case: see "Two releases on one store"
 * in `adapters/firestore/SCHEMA.md`.
 */
const WRITTEN_VERSIONS: Partial<Readonly<Record<RecordKind, number>>> = {};

/**
 * Does the record say that only a later release may change it, or act on it? A record without `recordVersion` has
 * version 1.
 */
export const isOfLaterVersion = (kind: RecordKind, record: object): boolean => {
  const version: unknown = "recordVersion" in record ? record.recordVersion : 1;
  return typeof version !== "number" || version > (WRITTEN_VERSIONS[kind] ?? 1);
};
