import type { RecordKind } from "./record-kinds.ts";

/**
 * The record version that this release writes, by kind; 1 if absent. A release raises it only for a change that earlier
 * releases must not overwrite: see "Two releases on one store" in `adapters/firestore/SCHEMA.md`.
 */
const WRITTEN_VERSIONS: Partial<Readonly<Record<RecordKind, number>>> = { mailServers: 2 };

/** Whether only a later release may change the record or act on it. Without `recordVersion`, a record has version 1. */
export const isOfLaterVersion = (kind: RecordKind, record: object): boolean => {
  const version: unknown = "recordVersion" in record ? record.recordVersion : 1;
  return typeof version !== "number" || version > (WRITTEN_VERSIONS[kind] ?? 1);
};
