import { parseAddress } from "../address.ts";
import { type Found, listWithin, type PageWanted, type Period, type Source, sourceOf } from "../filtered-list.ts";
import type { Records } from "../records.ts";
import type { AuditAction } from "./audit-actions.ts";
import type { AuditEntry } from "./records.ts";

/** Null does not narrow. */
export interface AuditFilter extends Period {
  /** As an entry names who acted; an address in any spelling. */
  readonly actor: string | null;
  readonly action: AuditAction | null;
  /** As an entry names what was changed; an address in any spelling. */
  readonly target: string | null;
}

/** Entries hold addresses folded; everything else is compared as it is. */
const folded = (name: string | null): string | null => (name === null ? null : (parseAddress(name) ?? name.trim()));

/** The index that finds the fewest entries, by guess. */
const entriesIn = (
  records: Records,
  { actor, action, target }: Omit<AuditFilter, keyof Period>,
): Source<AuditEntry> => {
  if (target !== null) return sourceOf(records, "auditByTarget", { target });
  if (actor !== null) return sourceOf(records, "auditByActor", { actor });
  return action === null ? sourceOf(records, "auditNewest", {}) : sourceOf(records, "auditByAction", { action });
};

/** Whether an index finds exactly what is asked for. */
const isExact = ({ afterMs, beforeMs, ...narrowing }: AuditFilter): boolean =>
  afterMs === null && beforeMs === null && Object.values(narrowing).filter((value) => value !== null).length <= 1;

/** In bytes: longer than any id or address, and short enough for every store, as Firestore refuses 1,500 in a query. */
const LONGEST_NAME = 1_000;

const isName = (text: string | null): boolean => text === null || Buffer.byteLength(text) <= LONGEST_NAME;

/** Lists entries that have not reached the end of their retention, newest first. Throws `Unavailable`. */
export const listAudit = async (
  { records, nowMs }: { readonly records: Records; readonly nowMs: number },
  { actor: givenActor, target: givenTarget, ...others }: AuditFilter,
  page: PageWanted,
): Promise<Found<AuditEntry>> => {
  const filter = { ...others, actor: folded(givenActor), target: folded(givenTarget) };
  const { actor, action, target } = filter;
  if (!isName(actor) || !isName(target)) return { items: [], next: null };
  const keep = (entry: AuditEntry): boolean =>
    // The store may erase late.
    entry.eraseAtMs > nowMs &&
    (actor === null || entry.actor === actor) &&
    (action === null || entry.action === action) &&
    (target === null || entry.target === target);
  const source = entriesIn(records, filter);
  if (!isExact(filter)) return listWithin(source, { period: filter, keep }, page);
  const found = await source.read(page);
  return found === "bad_cursor" ? found : { ...found, items: found.items.filter(({ value }) => keep(value)) };
};
