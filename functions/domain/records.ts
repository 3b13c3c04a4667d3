import type { QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";

/** A record as read: `version` is opaque and changes with every write. */
export interface Versioned<T> {
  readonly id: string;
  readonly value: T;
  readonly version: string;
}

/** One write of a commit. `create` wants the id free; `replace` and a `delete` with a version want it unchanged since read. */
export type Write = { [K in RecordKind]: WriteOf<K> }[RecordKind];

export type WriteOf<K extends RecordKind> =
  | { readonly op: "create" | "put"; readonly kind: K; readonly id: string; readonly value: RecordKinds[K] }
  | {
      readonly op: "replace";
      readonly kind: K;
      readonly id: string;
      readonly version: string;
      readonly value: RecordKinds[K];
    }
  | { readonly op: "delete"; readonly kind: K; readonly id: string; readonly version?: string };

export type CommitOutcome =
  /** All writes are durable. `versions[i]` belongs to write `i` (empty for a delete). */
  | { readonly done: true; readonly versions: readonly string[] }
  /** Nothing was written, because the precondition of `writes[at]` did not hold. */
  | { readonly done: false; readonly at: number };

export interface Page<T> {
  readonly items: readonly Versioned<T>[];
  /** Hand it back as `cursor` for the page after; null at the end. */
  readonly next: string | null;
}

/**
 * The store of records, for optimistic concurrency: read a version, write on condition that it still stands.
 * Values are plain JSON (no undefined, no Date). A record stays under 900 KiB.
 *
 * Fails: every method throws `Unavailable` when the store cannot be reached; nothing of a failed commit is visible, except
 * that a commit whose answer was lost may have been done (read again before you conclude). `query` with a cursor it cannot
 * read answers as `"bad_cursor"`.
 */
export interface Records {
  get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined>;
  /** All or nothing, at most 20 writes. */
  commit(writes: readonly Write[]): Promise<CommitOutcome>;
  query<Q extends QueryName>(
    name: Q,
    args: QueryArguments<Q>,
    page: { readonly limit: number; readonly cursor?: string | null },
  ): Promise<Page<RecordKinds[QueryKind<Q>]> | "bad_cursor">;
}
