import type { PageOf, QueryArguments, QueryKind, QueryName } from "./queries.ts";
import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import type { SummedKind } from "./record-sums.ts";

/** A stored record; `version` is opaque and changes with every write. */
export interface Versioned<T> {
  readonly id: string;
  readonly value: T;
  readonly version: string;
}

/** A write of a commit. `create` needs a free id; `replace`, and `delete` with a version, need an unchanged record. */
export type Write = { [K in RecordKind]: WriteOf<K> }[RecordKind] | Addition;

/**
 * Creates a record, or adds the numbers of `value` (`SUMS`) to those that it has and sets its other members. It needs
 * nothing to be unchanged, so writers that only add never keep each other waiting. As it cannot be repeated, it belongs
 * in a commit with a write that cannot succeed twice.
 */
export type Addition = {
  [K in SummedKind]: { readonly op: "add"; readonly kind: K; readonly id: string; readonly value: RecordKinds[K] };
}[SummedKind];

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
  /**
   * All writes are done; `versions[i]` belongs to write `i` (empty for a delete). They are durable unless `durable` is
   * there, as after an early answer: it resolves once they are, and throws `Unavailable` if they may never be.
   */
  | { readonly done: true; readonly versions: readonly string[]; readonly durable?: () => Promise<void> }
  /** Nothing is written, because the precondition of `writes[at]` did not hold. */
  | { readonly done: false; readonly at: number };

export interface Page<T> {
  readonly items: readonly Versioned<T>[];
  /** The `cursor` of the next page; null at the end. */
  readonly next: string | null;
}

export interface CommitOptions {
  /**
   * The answer may come before the writes are durable. They are in their place by then: whatever is committed later, by
   * anybody, is durable no sooner than they are, and nobody reads them before. So a power cut leaves no later write
   * without them. For a write that another one follows which is waited for, or whose `durable` is.
   */
  readonly early?: boolean;
}

/**
 * The store of records, with optimistic concurrency: a write can require the version that was read. Values are plain
 * JSON (no undefined, no Date), under 900 KiB each.
 *
 * Every method throws `Unavailable` if the store cannot be reached. A failed commit writes nothing; if only its answer
 * was lost, however, it may have been done, so read again. `query` returns `"bad_cursor"` for a cursor it cannot read.
 */
export interface Records {
  get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined>;
  /** Writes all or nothing, at most 20 records. */
  commit(writes: readonly Write[], options?: CommitOptions): Promise<CommitOutcome>;
  query<Q extends QueryName>(
    name: Q,
    args: QueryArguments<Q>,
    page: PageOf<Q>,
  ): Promise<Page<RecordKinds[QueryKind<Q>]> | "bad_cursor">;
}
