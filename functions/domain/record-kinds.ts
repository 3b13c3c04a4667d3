/**
 * The kinds of records that Relais stores, each with ids of its own. Each folder declares its kinds beside their types
 * (`declare module`), so that the store knows them all without importing a folder. The store may erase a record after
 * its optional `eraseAtMs` (Firestore TTL, SQLite sweep); readers must not rely on it.
 */
// biome-ignore lint/suspicious/noEmptyInterface: the folders add their kinds.
export interface RecordKinds {}
export type RecordKind = keyof RecordKinds;
