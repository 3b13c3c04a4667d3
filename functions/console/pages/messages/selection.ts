import { signal } from "@preact/signals";

/** Which messages are ticked. A row that asks for its own is rendered again when that changes. */
export interface Selection {
  readonly has: (id: string) => boolean;
  readonly ids: () => ReadonlySet<string>;
  readonly toggle: (id: string) => void;
  readonly clear: () => void;
}

export const createSelection = (): Selection => {
  const ticked = signal<ReadonlySet<string>>(new Set());
  return {
    has: (id) => ticked.value.has(id),
    ids: () => ticked.value,
    toggle: (id) => {
      const next = new Set(ticked.value);
      if (!next.delete(id)) next.add(id);
      ticked.value = next;
    },
    clear: () => {
      ticked.value = new Set();
    },
  };
};
