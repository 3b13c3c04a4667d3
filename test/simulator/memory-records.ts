import { HOUR } from "../../functions/domain/clock.ts";
import { decodeCursor, encodeCursor } from "../../functions/domain/page-cursor.ts";
import {
  type PageOf,
  QUERIES,
  type QueryArguments,
  type QueryKind,
  type QueryName,
} from "../../functions/domain/queries.ts";
import type { RecordKind, RecordKinds } from "../../functions/domain/record-kinds.ts";
import { encodeCommit } from "../../functions/domain/record-limits.ts";
import { sumsField } from "../../functions/domain/record-sums.ts";
import type { CommitOutcome, Page, Records, Versioned, Write } from "../../functions/domain/records.ts";
import { isInPart, type ShardField, shardOf } from "../../functions/domain/shards.ts";
import { SortedList } from "./sorted-list.ts";

type Stored = Versioned<unknown>;
type Value = Readonly<Record<string, unknown>>;

/** Told of each record that a commit or the erasure changes, in order; undefined where there is none. */
export type OnWrite = (
  kind: RecordKind,
  id: string,
  change: { readonly before: unknown; readonly after: unknown },
) => void;

interface Entry {
  readonly order: number | string;
  readonly id: string;
}

const compareOrders = (a: number | string, b: number | string): number => {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
  return a < b ? -1 : a > b ? 1 : 0;
};
const compareEntries = (a: Entry, b: Entry): number =>
  compareOrders(a.order, b.order) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
const orderIn = (value: Value, field: string): number | string | null => {
  const order = value[field];
  return typeof order === "number" || typeof order === "string" ? order : null;
};

interface Shape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  readonly contains?: string;
  readonly upTo?: true;
  readonly order: readonly [field: string, direction: "asc" | "desc"];
  readonly shards?: ShardField;
}

/** The entries of the records that have the same values in the fields of `equal`, one level for each field. */
interface Group {
  readonly below: Map<string, Group>;
  readonly entries: SortedList<Entry>;
}

const newGroup = (): Group => ({ below: new Map(), entries: new SortedList(compareEntries) });

const groupBelow = (group: Group, value: string): Group => {
  const known = group.below.get(value);
  if (known !== undefined) return known;
  const fresh = newGroup();
  group.below.set(value, fresh);
  return fresh;
};

/**
 * The index of one query, kept sorted. It is made when the query is first asked, as few of them are in a run. Queries
 * for a member of a list have none: a message has dozens of members, and only a search in doubt ever asks for one.
 */
class Index {
  readonly shape: Shape;
  readonly #all = newGroup();

  constructor(shape: Shape) {
    this.shape = shape;
  }

  #orderOf(value: Value): number | string | null {
    return orderIn(value, this.shape.order[0]);
  }

  /** The list that names a record. */
  #listOf(value: Value): SortedList<Entry> {
    let group = this.#all;
    for (const field of this.shape.equal) group = groupBelow(group, String(value[field]));
    return group.entries;
  }

  listFor(args: Value): SortedList<Entry> | undefined {
    let group: Group | undefined = this.#all;
    for (const field of this.shape.equal) group = group?.below.get(String(args[field]));
    return group?.entries;
  }

  change(id: string, before: Value | undefined, after: Value | undefined): void {
    const was = before === undefined ? null : this.#orderOf(before);
    const is = after === undefined ? null : this.#orderOf(after);
    if (was === is && (was === null || this.#sameGroups(before, after))) return;
    if (before !== undefined && was !== null) this.#listOf(before).remove({ order: was, id });
    if (after !== undefined && is !== null) this.#listOf(after).add({ order: is, id });
  }

  #sameGroups(before: Value | undefined, after: Value | undefined): boolean {
    return this.shape.equal.every((field) => before?.[field] === after?.[field]);
  }
}

/** Strings longer than this make a commit worth measuring. */
const SURELY_SMALL = 60_000;

/**
 * Freezes a value that is stored, so that a process which alters what it has read or written fails. Returns how many
 * characters of text were not yet frozen. Throws for what is no JSON.
 */
const freezeDeeply = (value: unknown): number => {
  if (typeof value === "string") return value.length;
  if (value === null || typeof value === "number" || typeof value === "boolean") return 0;
  if (typeof value !== "object") throw new TypeError(`${typeof value} is no JSON`);
  if (Object.isFrozen(value)) return 0;
  let characters = 0;
  if (Array.isArray(value)) for (const member of value) characters += freezeDeeply(member);
  else {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) throw new TypeError("an instance of a class is no JSON");
    for (const member of Object.values(value)) characters += freezeDeeply(member);
  }
  Object.freeze(value);
  return characters;
};

const isValue = (value: unknown): value is Value => typeof value === "object" && value !== null;
const asValue = (value: unknown): Value | undefined => (isValue(value) ? value : undefined);

const numbersIn = (value: Value | undefined, field: string) => (value?.[field] ?? {}) as Record<string, number>;

/** Adds to a record's numbers where they are: there are thousands, and to copy them for each addition is slow. */
const addUp = (kind: RecordKind, before: Value | undefined, added: Value): Value => {
  const field = sumsField(kind) ?? "";
  if (before === undefined) return { ...added, [field]: { ...numbersIn(added, field) } };
  const sums = Object.isFrozen(before[field]) ? { ...numbersIn(before, field) } : numbersIn(before, field);
  for (const [name, by] of Object.entries(numbersIn(added, field))) sums[name] = (sums[name] ?? 0) + by;
  return { ...before, ...added, [field]: sums };
};

/** Whether a write's condition holds for what is stored. */
const holds = (write: Write, stored: Stored | undefined): boolean => {
  switch (write.op) {
    case "put":
    case "add":
      return true;
    case "create":
      return stored === undefined;
    case "replace":
      return stored?.version === write.version;
    case "delete":
      return write.version === undefined || stored?.version === write.version;
  }
};

/** The record's time of erasure, if it has one. */
const eraseAtOf = (value: Value | undefined): number | null =>
  typeof value?.eraseAtMs === "number" ? value.eraseAtMs : null;

/**
 * `Records` in memory, for simulations: what Firestore promises, at once. Latency, faults and lost answers are added by
 * whoever hands it to a process.
 */
export class MemoryRecords implements Records {
  readonly #kinds = new Map<RecordKind, Map<string, Stored>>();
  readonly #indexes = new Map<QueryName, Index>();
  readonly #indexesOf = new Map<RecordKind, Index[]>();
  /** The records to look at in each hour; those whose time of erasure has changed since are in another hour too. */
  readonly #erasures = new Map<number, { readonly kind: RecordKind; readonly id: string }[]>();
  readonly #onWrite: OnWrite;
  readonly #lookEvery: number;
  #lastVersion = 0;
  #commits = 0;

  /** Every `lookEvery`-th commit is checked: whether it is JSON, and within the limits of a commit. */
  constructor(onWrite: OnWrite = () => undefined, lookEvery = 1) {
    this.#onWrite = onWrite;
    this.#lookEvery = lookEvery;
  }

  #recordsOf(kind: RecordKind): Map<string, Stored> {
    let records = this.#kinds.get(kind);
    if (records === undefined) {
      records = new Map();
      this.#kinds.set(kind, records);
    }
    return records;
  }

  /** What `get` resolves to, at once. */
  read<K extends RecordKind>(kind: K, id: string): Versioned<RecordKinds[K]> | undefined {
    const stored = this.#recordsOf(kind).get(id);
    const read = stored === undefined || sumsField(kind) === undefined ? stored : structuredClone(stored);
    // Each map holds values of its kind only.
    return read as Versioned<RecordKinds[K]> | undefined;
  }

  async get<K extends RecordKind>(kind: K, id: string): Promise<Versioned<RecordKinds[K]> | undefined> {
    return this.read(kind, id);
  }

  async commit(writes: readonly Write[]): Promise<CommitOutcome> {
    return this.write(writes);
  }

  /** What `commit` resolves to, at once. */
  write(writes: readonly Write[]): CommitOutcome {
    this.#check(writes);
    const stored = writes.map(({ kind, id }) => this.#recordsOf(kind).get(id));
    const at = writes.findIndex((write, place) => !holds(write, stored[place]));
    if (at !== -1) return { done: false, at };
    const applied = writes.map((write, place) => this.#apply(write, asValue(stored[place]?.value)));
    // Whoever watches sees the commit whole.
    for (const [place, { kind, id }] of writes.entries())
      this.#onWrite(kind, id, { before: stored[place]?.value, after: applied[place]?.value });
    return { done: true, versions: applied.map((record) => record?.version ?? "") };
  }

  #check(writes: readonly Write[]): void {
    let characters = 0;
    this.#commits += 1;
    // To look at every commit would take a tenth of a simulation's time.
    if (this.#commits % this.#lookEvery !== 0) return;
    for (const write of writes) if (write.op !== "delete") characters += freezeDeeply(write.value);
    const few = writes.length === 1 || new Set(writes.map(({ kind, id }) => `${kind}/${id}`)).size === writes.length;
    if (characters > SURELY_SMALL || !few || writes.length > 2) encodeCommit(writes);
  }

  /** Returns the record as it is now. */
  #apply(write: Write, before: Value | undefined): Stored | undefined {
    const { kind, id } = write;
    const records = this.#recordsOf(kind);
    if (write.op === "delete") {
      records.delete(id);
      this.#index(kind, id, { before, after: undefined });
      return undefined;
    }
    this.#lastVersion += 1;
    const after = write.op === "add" ? addUp(kind, before, { ...write.value }) : write.value;
    const record = Object.freeze({ id, value: after, version: String(this.#lastVersion) });
    records.set(id, record);
    this.#index(kind, id, { before, after: asValue(after) });
    return record;
  }

  #index(
    kind: RecordKind,
    id: string,
    { before, after }: { before: Value | undefined; after: Value | undefined },
  ): void {
    for (const index of this.#indexesOf.get(kind) ?? []) index.change(id, before, after);
    const eraseAtMs = eraseAtOf(after);
    if (eraseAtMs === null || eraseAtMs === eraseAtOf(before)) return;
    const hour = Math.floor(eraseAtMs / HOUR);
    const others = this.#erasures.get(hour);
    if (others === undefined) this.#erasures.set(hour, [{ kind, id }]);
    else others.push({ kind, id });
  }

  /** Erases the records whose `eraseAtMs` came in an hour that is over, as Firestore's TTL does within a day. */
  eraseExpired(nowMs: number): void {
    const over = [...this.#erasures.keys()].filter((hour) => (hour + 1) * HOUR <= nowMs).sort((a, b) => a - b);
    for (const hour of over) {
      for (const { kind, id } of this.#erasures.get(hour) ?? []) this.#eraseIfDue(kind, id, nowMs);
      this.#erasures.delete(hour);
    }
  }

  #eraseIfDue(kind: RecordKind, id: string, nowMs: number): void {
    const before = asValue(this.#recordsOf(kind).get(id)?.value);
    if ((eraseAtOf(before) ?? Infinity) > nowMs) return;
    this.#recordsOf(kind).delete(id);
    this.#index(kind, id, { before, after: undefined });
    this.#onWrite(kind, id, { before, after: undefined });
  }

  #indexFor(name: QueryName): Index {
    const known = this.#indexes.get(name);
    if (known !== undefined) return known;
    const index = new Index(QUERIES[name]);
    for (const { id, value } of this.#recordsOf(index.shape.kind).values()) index.change(id, undefined, asValue(value));
    this.#indexes.set(name, index);
    this.#indexesOf.set(index.shape.kind, [...(this.#indexesOf.get(index.shape.kind) ?? []), index]);
    return index;
  }

  /** Looks at every record of the kind for those that a query for a member of a list finds. */
  #search({ kind, equal, contains = "", order }: Shape, args: Value): SortedList<Entry> {
    const found = new SortedList(compareEntries);
    for (const { id, value } of this.#recordsOf(kind).values()) {
      if (!isValue(value) || equal.some((field) => value[field] !== args[field])) continue;
      const members = value[contains];
      const at = orderIn(value, order[0]);
      if (at !== null && Array.isArray(members) && members.includes(args[contains])) found.add({ order: at, id });
    }
    return found;
  }

  async query<Q extends QueryName>(
    name: Q,
    args: QueryArguments<Q>,
    page: PageOf<Q>,
  ): Promise<Page<RecordKinds[QueryKind<Q>]> | "bad_cursor"> {
    return this.find(name, args, page);
  }

  /** What `query` resolves to, at once. */
  find<Q extends QueryName>(
    name: Q,
    args: QueryArguments<Q>,
    { limit, cursor = null, part }: PageOf<Q>,
  ): Page<RecordKinds[QueryKind<Q>]> | "bad_cursor" {
    const given: Value = { ...args };
    const position = cursor === null ? undefined : decodeCursor(name, given, cursor);
    if (cursor !== null && position === undefined) return "bad_cursor";
    const shape: Shape = QUERIES[name];
    const { kind, upTo, order, shards } = shape;
    const from = position === undefined ? undefined : { order: position.orderValue, id: position.id };
    const list = shape.contains === undefined ? this.#indexFor(name).listFor(given) : this.#search(shape, given);
    const entries = order[1] === "asc" ? list?.ascending(from) : list?.descending(from);
    const most = upTo === undefined ? null : Number(given.upTo);
    const found: Entry[] = [];
    for (const entry of entries ?? []) {
      if (most !== null && compareOrders(entry.order, most) > 0) {
        if (order[1] === "asc") break;
        continue;
      }
      if (part !== undefined && shards !== undefined && !isInPart(shardOf(shards, entry.id), part)) continue;
      found.push(entry);
      // One more tells whether there is a next page.
      if (found.length > limit) break;
    }
    const items = found.slice(0, limit);
    const last = found.length > limit ? items.at(-1) : undefined;
    return {
      // An index names stored records of the query's kind only.
      items: items.map(({ id }) => this.read(kind, id)) as unknown as readonly Versioned<RecordKinds[QueryKind<Q>]>[],
      next: last === undefined ? null : encodeCursor(name, given, { orderValue: last.order, id: last.id }),
    };
  }
}
