import type { RecordKind, RecordKinds } from "./record-kinds.ts";

/**
 * The kinds of which a write of op `add` adds to a record's numbers, with the field that holds them. All other members
 * of such a record follow from its id.
 */
export const SUMS = { tallies: "counts" } as const satisfies Partial<{ [K in RecordKind]: keyof RecordKinds[K] }>;

export type SummedKind = keyof typeof SUMS;

const FIELDS: { readonly [K in RecordKind]?: string } = SUMS;

export const sumsField = (kind: RecordKind): string | undefined => FIELDS[kind];

/** Adds up numbers by name. */
export const addNumbers = (
  some: Readonly<Record<string, number>>,
  others: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> => {
  const sums = new Map(Object.entries(some));
  for (const [name, by] of Object.entries(others)) sums.set(name, (sums.get(name) ?? 0) + by);
  return Object.fromEntries(sums);
};
