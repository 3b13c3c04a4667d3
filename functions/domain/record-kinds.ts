/**
 * What Relais keeps, by kind; the key of a record is its id within the kind. It is empty here: each folder adds its own
 * kinds beside their types (`declare module`), so that the store knows them all and imports no folder.
 * The store may erase a record by itself after `eraseAtMs` (top level, optional; Firestore TTL, SQLite sweep). Readers
 * must not rely on the erasure having happened.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the folders add their kinds.
export interface RecordKinds {}
export type RecordKind = keyof RecordKinds;
