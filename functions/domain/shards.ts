/**
 * How many shards the entries of an index are spread over, by the field that holds a record's shard. A store whose
 * index takes some 500 writes a second of values that grow with time (Firestore) then takes so many times more. They
 * may be raised at any time, since readers ask for all, but never lowered.
 */
export const SHARDS = {
  /** Lists by time: an entry is written once, and by status twice. One query of Firestore merges up to 30. */
  listShard: 24,
  /** What is due: an entry is written with every move of a message. */
  dueShard: 48,
} as const;

export type ShardField = keyof typeof SHARDS;

/** One of `of` equal parts of the shards, for work that several processes share: those that leave `at` over. */
export interface Part {
  readonly at: number;
  readonly of: number;
}

export const isInPart = (shard: number, { at, of }: Part): boolean => shard % of === at;

/** FNV-1a, which spreads random ids well enough (www.isthe.com/chongo/tech/comp/fnv). */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
};

/** The shard of a record, which follows from its id. */
export const shardOf = (field: ShardField, id: string): number => hashOf(id) % SHARDS[field];
