import { batch, type Signal, signal } from "@preact/signals";

/** Which messages are ticked. */
export interface Selection {
  /** Whether this one is. A component that asks is rendered again when that changes, and for no other message. */
  readonly has: (id: string) => boolean;
  /** All of them. A component that asks is rendered again at each change. */
  readonly ids: () => ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly clear: () => void;
}

export const createSelection = (): Selection => {
  const ticked = signal<ReadonlySet<string>>(new Set());
  /** One for each row that asked: among ten thousand, a tick concerns one. */
  const rows = new Map<string, Signal<boolean>>();
  const rowOf = (id: string): Signal<boolean> => {
    const row = rows.get(id) ?? signal(ticked.peek().has(id));
    rows.set(id, row);
    return row;
  };
  const set = (next: ReadonlySet<string>, changed: Iterable<string>): void =>
    batch(() => {
      ticked.value = next;
      for (const id of changed) rowOf(id).value = next.has(id);
    });
  return {
    has: (id) => rowOf(id).value,
    ids: () => ticked.value,
    toggle: (id) => {
      const next = new Set(ticked.peek());
      if (!next.delete(id)) next.add(id);
      set(next, [id]);
    },
    clear: () => set(new Set(), ticked.peek()),
  };
};
