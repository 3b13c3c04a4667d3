import type { SQLInputValue, SQLOutputValue } from "node:sqlite";
import { decodeCursor, encodeCursor, type PagePosition } from "../../domain/page-cursor.ts";
import { QUERIES, type QueryName } from "../../domain/queries.ts";
import type { RecordKind, RecordKinds } from "../../domain/record-kinds.ts";
import { type EncodedRecord, encodeCommit } from "../../domain/record-limits.ts";
import { addNumbers, sumsField } from "../../domain/record-sums.ts";
import type { CommitOutcome, Records, Versioned, Write } from "../../domain/records.ts";
import type { Part } from "../../domain/shards.ts";
import { type Connection, shardFunction } from "./connection.ts";
import { membersTable, RECORD_KINDS } from "./schema.ts";

type Row = Record<string, SQLOutputValue>;
type Arguments = Readonly<Record<string, SQLInputValue>>;

/**
 * `Records` in one SQLite file. Versions grow with every write to the store, so none ever occurs twice. What is read is
 * durable too: a record that was just written, by any process, is shown only once a power cut cannot take it back.
 */
export const sqliteRecords = (connection: Connection): Records => {
  const durable = durableVersions(connection);
  return {
    get: async <K extends RecordKind>(kind: K, id: string) => {
      const select = `SELECT id, version, value FROM "${kind}" WHERE id = ?`;
      const row = await connection.whenUnlocked(() =>
        connection.read("read a record", () => connection.sql(select).get(id)),
      );
      if (row === undefined) return undefined;
      if (!durable.has(row)) await durable.reach();
      return toRecord<RecordKinds[K]>(row);
    },

    commit: async (writes, { early = false } = {}) => {
      const encoded = encodeCommit(writes);
      const work = () => commitNow(connection, writes, encoded);
      if (early) return durable.later(await connection.writeAtOnce("write records", work));
      const outcome = await connection.writeTogether("write records", work);
      if (outcome.done) durable.note(outcome.versions);
      return outcome;
    },

    query: async (name, args, { limit, cursor, part }) => {
      const position = cursor == null ? undefined : decodeCursor(name, args, cursor);
      if (cursor != null && position === undefined) return "bad_cursor";
      const { text, values } = selectPage(name, args, { position, part });
      // The extra record tells whether there is a next page.
      const rows = await connection.whenUnlocked(() =>
        connection.read("query records", () => connection.sql(text).all(...values, limit + 1)),
      );
      if (!rows.every(durable.has)) await durable.reach();
      const found = rows.slice(0, limit);
      const last = rows.length > limit ? found.at(-1) : undefined;
      return {
        items: found.map((row) => toRecord(row)),
        next: last === undefined ? null : encodeCursor(name, args, positionOf(last)),
      };
    },
  };
};

/** Knows up to which version everything survives a power cut. */
const durableVersions = (connection: Connection) => {
  let upTo = 0;
  /** Once a commit is confirmed, all versions before it are durable too, as they stand before it in the log. */
  const note = (versions: readonly string[]): void => {
    upTo = Math.max(upTo, ...versions.map(Number));
  };
  return {
    has: (row: Row): boolean => Number(row.version) <= upTo,
    note,
    /** The outcome of a commit that is not durable yet. */
    later: (outcome: CommitOutcome): CommitOutcome => {
      if (!outcome.done) return outcome;
      const { versions } = outcome;
      const synced = async (): Promise<void> => {
        if (versions.every((version) => Number(version) <= upTo)) return;
        await connection.synced("write records");
        note(versions);
      };
      return { ...outcome, durable: synced };
    },
    reach: async (): Promise<void> => {
      const last = connection.read("read a record", () => connection.sql("SELECT last FROM versions").get())?.last;
      await connection.synced("read a record");
      upTo = Math.max(upTo, Number(last));
    },
  };
};

/**
 * Erases every record whose `eraseAtMs` has come, as Firestore's TTL policy does within a day, and returns their
 * number.
 */
export const eraseExpired = (connection: Connection, nowMs: number): number =>
  connection.write("erase expired records", () =>
    RECORD_KINDS.reduce((erased, kind) => {
      const statement = `DELETE FROM "${kind}" WHERE "eraseAtMs" IS NOT NULL AND "eraseAtMs" <= ?`;
      return erased + Number(connection.sql(statement).run(nowMs).changes);
    }, 0),
  );

const toRecord = <T>(row: Row): Versioned<T> => ({
  id: String(row.id),
  version: String(row.version),
  value: JSON.parse(String(row.value)),
});

const positionOf = (row: Row): PagePosition => ({
  orderValue: typeof row.orderValue === "string" ? row.orderValue : Number(row.orderValue),
  id: String(row.id),
});

/** Runs within a transaction: checks every precondition first, and writes only if all of them hold. */
const commitNow = (
  connection: Connection,
  writes: readonly Write[],
  encoded: readonly EncodedRecord[],
): CommitOutcome => {
  const broken = writes.findIndex((write) => !holds(connection, write));
  if (broken !== -1) return { done: false, at: broken };
  const next = connection.sql("UPDATE versions SET last = last + ? RETURNING last").get(writes.length);
  const first = Number(next?.last) - writes.length + 1;
  const versions = writes.map((write, at) =>
    apply(connection, write, { json: withRoom(encoded[at]), version: first + at }),
  );
  return { done: true, versions };
};

const holds = (connection: Connection, write: Write): boolean => {
  const current = connection.sql(`SELECT version FROM "${write.kind}" WHERE id = ?`).get(write.id)?.version;
  switch (write.op) {
    case "put":
    case "add":
      return true;
    case "create":
      return current === undefined;
    case "replace":
      return String(current) === write.version;
    case "delete":
      return write.version === undefined || String(current) === write.version;
  }
};

/** Shorter records lie on one page of the file, which is written whole. */
const WORTH_ROOM = 4_096;
const ROOM = 1_024;
const NOTHING: EncodedRecord = { text: "", steadyAt: null };

/**
 * Leaves blanks before a large field that stays as it is, so that it stays at its place in the file while the fields
 * before it change: a row that keeps its length is overwritten, of which SQLite writes only the pages that differ
 * (`btreeOverwriteCell` in its source). JSON allows blanks there, and other releases read them.
 */
const withRoom = ({ text, steadyAt }: EncodedRecord = NOTHING): string => {
  if (steadyAt === null || text.length - steadyAt < WORTH_ROOM) return text;
  const head = text.slice(0, steadyAt);
  return `${head}${" ".repeat(ROOM - (Buffer.byteLength(head) % ROOM))}${text.slice(steadyAt)}`;
};

/** The record's JSON once the numbers of `json` are added to those that it has. */
const addedUp = (connection: Connection, { kind, id }: Write, json: string): string => {
  const field = sumsField(kind) ?? "";
  const stored = connection.sql(`SELECT value FROM "${kind}" WHERE id = ?`).get(id)?.value;
  if (stored === undefined) return json;
  const [before, added] = [JSON.parse(String(stored)), JSON.parse(json)];
  return JSON.stringify({ ...before, ...added, [field]: addNumbers(before[field] ?? {}, added[field] ?? {}) });
};

const apply = (
  connection: Connection,
  write: Write,
  { json, version }: { readonly json: string; readonly version: number },
): string => {
  const { op, kind, id } = write;
  if (op === "delete") {
    connection.sql(`DELETE FROM "${kind}" WHERE id = ?`).run(id);
    return "";
  }
  const text = op === "add" ? addedUp(connection, write, json) : json;
  // An upsert would first prepare a row to insert, with all that the indexes need of it.
  const sql =
    op === "replace"
      ? `UPDATE "${kind}" SET version = ?2, value = ?3 WHERE id = ?1`
      : `INSERT INTO "${kind}" (id, version, value) VALUES (?, ?, ?)
         ON CONFLICT (id) DO UPDATE SET version = excluded.version, value = excluded.value`;
  connection.sql(sql).run(id, version, text);
  return String(version);
};

/**
 * The statement for one page; its last parameter is the limit. Field names come from `QUERIES`, never from a request.
 */
export const selectPage = (
  name: QueryName,
  args: Arguments,
  { position, part }: { readonly position: PagePosition | undefined; readonly part?: Part | undefined },
): { readonly text: string; readonly values: readonly SQLInputValue[] } => {
  const shape: (typeof QUERIES)[QueryName] = QUERIES[name];
  const contains = "contains" in shape ? shape.contains : undefined;
  const [field, direction] = shape.order;
  const ordered = contains === undefined ? "record" : "member";
  const conditions: (readonly [condition: string, ...values: SQLInputValue[]])[] = [
    ...shape.equal.map((equal) => [`record."${equal}" = ?`, args[equal] ?? null] as const),
    ...(contains === undefined ? [] : [["member.member = ?", args[contains] ?? null] as const]),
    ...("upTo" in shape ? [[`record."${field}" <= ?`, args.upTo ?? null] as const] : []),
    ...("shards" in shape && part !== undefined
      ? [[`${shardFunction(shape.shards)}(record.id) % ? = ?`, part.of, part.at] as const]
      : []),
    ...(position === undefined
      ? []
      : [
          [
            `(${ordered}."${field}", ${ordered}.id) ${direction === "asc" ? ">" : "<"} (?, ?)`,
            position.orderValue,
            position.id,
          ] as const,
        ]),
  ];
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.map(([condition]) => condition).join(" AND ")}`;
  const from =
    contains === undefined
      ? `"${shape.kind}" AS record`
      : `"${membersTable(shape.kind, contains)}" AS member JOIN "${shape.kind}" AS record ON record.id = member.id`;
  return {
    text: `SELECT record.id, record.version, record.value, record."${field}" AS orderValue FROM ${from} ${where}
           ORDER BY ${ordered}."${field}" ${direction}, ${ordered}.id ${direction} LIMIT ?`,
    values: conditions.flatMap(([, ...values]) => values),
  };
};
