import type { RecordKind, RecordKinds } from "./record-kinds.ts";
import type { CommitOutcome, Records, Versioned, Write } from "./records.ts";

type Told = (record: Versioned<unknown>) => void;

const keyOf = ({ kind, id }: Pick<Write, "kind" | "id">): string => `${kind} ${id}`;

/** Tells those who wait for a record what this process has written of it. Other processes' writes are not told. */
export class RecordChanges {
  readonly #waiting = new Map<string, ReadonlySet<Told>>();

  /** Calls back with each new state of a record, until the returned function is called. */
  watch<K extends RecordKind>(kind: K, id: string, told: (record: Versioned<RecordKinds[K]>) => void): () => void {
    const key = keyOf({ kind, id });
    // Only writes of this kind are told under this key.
    const one: Told = (record) => told(record as Versioned<RecordKinds[K]>);
    this.#waiting.set(key, new Set([...(this.#waiting.get(key) ?? []), one]));
    return () => {
      const others = [...(this.#waiting.get(key) ?? [])].filter((other) => other !== one);
      if (others.length === 0) this.#waiting.delete(key);
      else this.#waiting.set(key, new Set(others));
    };
  }

  /** Tells what was written, once it is durable. */
  note(writes: readonly Write[], outcome: CommitOutcome): void {
    if (!outcome.done || this.#waiting.size === 0 || !writes.some((write) => this.#waiting.has(keyOf(write)))) return;
    const { versions, durable } = outcome;
    if (durable === undefined) this.#tell(writes, versions);
    else
      durable().then(
        () => this.#tell(writes, versions),
        // The one that committed it is told of the failure; those that wait here read the record.
        () => undefined,
      );
  }

  #tell(writes: readonly Write[], versions: readonly string[]): void {
    for (const [at, write] of writes.entries()) {
      if (write.op === "delete") continue;
      const record = { id: write.id, value: write.value, version: versions[at] ?? "" };
      for (const told of this.#waiting.get(keyOf(write)) ?? []) told(record);
    }
  }
}

/** The same records, whose commits are told once they are durable. */
export const tellingChanges = (records: Records, changes: RecordChanges): Records => ({
  get: (kind, id) => records.get(kind, id),
  query: (name, args, page) => records.query(name, args, page),
  commit: async (writes, options) => {
    const outcome = await records.commit(writes, options);
    changes.note(writes, outcome);
    return outcome;
  },
});
