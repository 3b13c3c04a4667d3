import { QUERIES } from "../../domain/queries.ts";
import type { RecordKind } from "../../domain/record-kinds.ts";
import type { Connection } from "./connection.ts";

/** Must grow if a change to the tables is more than an addition. */
const SCHEMA_VERSION = 1;

/** Every kind has a table of its name; the type keeps this list complete. */
const KINDS: Readonly<Record<RecordKind, true>> = {
  mailServers: true,
  serverNames: true,
  settings: true,
  sessions: true,
  keys: true,
  oauthStates: true,
  accessTokens: true,
  securityEvents: true,
  oauthClients: true,
  grantLedgers: true,
  secretSweeps: true,
  sealedTokens: true,
  tokenMoves: true,
  messages: true,
  bodyChunks: true,
  quotas: true,
  notices: true,
  audit: true,
  tallies: true,
};
export const RECORD_KINDS = Object.keys(KINDS) as readonly RecordKind[];

interface Shape {
  readonly kind: RecordKind;
  readonly equal: readonly string[];
  readonly contains?: string;
  readonly order: readonly [string, "asc" | "desc"];
}
const SHAPES: readonly (readonly [string, Shape])[] = Object.entries(QUERIES);

/**
 * Has a row for each member of a record's array field, with the field that lists are ordered by; `contains` searches
 * it.
 */
export const membersTable = (kind: RecordKind, field: string): string => `${kind}_${field}`;

/**
 * Creates or completes the tables, all derived from `QUERIES`. The fields that queries look at are virtual columns over
 * the JSON, so nothing is stored twice, and a query added by a later release finds older records too.
 */
export const prepareSchema = (connection: Connection): void =>
  connection.write("prepare the store's tables", () => {
    refuseNewerFile(connection);
    for (const kind of RECORD_KINDS) prepareKind(connection, kind);
    for (const [name, shape] of SHAPES) prepareQuery(connection, name, shape);
    addLanes(connection);
    for (const statement of OTHER_TABLES) connection.sql(statement).run();
    connection.sql(`PRAGMA user_version = ${SCHEMA_VERSION}`).run();
  });

const refuseNewerFile = (connection: Connection): void => {
  const found = Number(connection.sql("PRAGMA user_version").get()?.user_version);
  if (found > SCHEMA_VERSION)
    throw new Error(`the store was written by a newer Relais (its schema is version ${found})`);
};

const prepareKind = (connection: Connection, kind: RecordKind): void => {
  const fields = [...fieldsOf(kind)];
  const columns = ["id TEXT PRIMARY KEY", "version INTEGER NOT NULL", "value TEXT NOT NULL", ...fields.map(columnOf)];
  connection.sql(`CREATE TABLE IF NOT EXISTS "${kind}" (${columns.join(", ")})`).run();
  // Each ALTER TABLE reads the whole schema again, so only tables of earlier releases get columns that way.
  const found = connection.sql(`PRAGMA table_xinfo("${kind}")`).all();
  const present = new Set(found.map(({ name }) => name));
  for (const field of fields) {
    if (!present.has(field)) connection.sql(`ALTER TABLE "${kind}" ADD COLUMN ${columnOf(field)}`).run();
  }
  connection
    .sql(`CREATE INDEX IF NOT EXISTS "${kind}_eraseAtMs" ON "${kind}" ("eraseAtMs") WHERE "eraseAtMs" IS NOT NULL`)
    .run();
};

const columnOf = (field: string): string =>
  `"${field}" GENERATED ALWAYS AS (json_extract(value, '$.${field}')) VIRTUAL`;

const fieldsOf = (kind: RecordKind): ReadonlySet<string> =>
  new Set([
    "eraseAtMs",
    ...SHAPES.filter(([, shape]) => shape.kind === kind).flatMap(([, { equal, contains, order }]) => [
      ...equal,
      ...(contains === undefined ? [] : [contains]),
      order[0],
    ]),
  ]);

const prepareQuery = (connection: Connection, name: string, { kind, equal, contains, order }: Shape): void => {
  if (contains !== undefined) {
    prepareMembers(connection, { kind, field: contains, order: order[0] });
    return;
  }
  const columns = [...equal, order[0], "id"].map((column) => `"${column}"`).join(", ");
  connection.sql(`CREATE INDEX IF NOT EXISTS "${name}" ON "${kind}" (${columns})`).run();
};

/** Triggers keep this table up to date, so that no write, erasure or sweep can forget it. */
const prepareMembers = (
  connection: Connection,
  { kind, field, order }: { readonly kind: RecordKind; readonly field: string; readonly order: string },
): void => {
  const table = membersTable(kind, field);
  const known = connection.sql("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?").get(table);
  if (known !== undefined) return;
  // DISTINCT, since OR IGNORE does not work here: in a trigger, the outer statement's conflict handling overrides it.
  const insert = (row: string): string =>
    `INSERT INTO "${table}" SELECT DISTINCT member.value, ${row}."${order}", ${row}.id`;
  const remove = `DELETE FROM "${table}" WHERE id = OLD.id`;
  const add = `${insert("NEW")} FROM json_each(NEW.value, '$.${field}') AS member WHERE NEW."${order}" IS NOT NULL`;
  const changed = `OLD."${field}" IS NOT NEW."${field}" OR OLD."${order}" IS NOT NEW."${order}"`;
  for (const statement of [
    `CREATE TABLE "${table}" (member TEXT, "${order}", id TEXT, PRIMARY KEY (member, "${order}", id)) WITHOUT ROWID`,
    // In the table's order and before its index, so that a store with millions of records is filled at its ends.
    `${insert("record")} FROM "${kind}" AS record, json_each(record.value, '$.${field}') AS member
     WHERE record."${order}" IS NOT NULL ORDER BY 1, 2, 3`,
    `CREATE INDEX "${table}_id" ON "${table}" (id)`,
    `CREATE TRIGGER "${table}_insert" AFTER INSERT ON "${kind}" BEGIN ${add}; END`,
    `CREATE TRIGGER "${table}_update" AFTER UPDATE ON "${kind}" WHEN ${changed} BEGIN ${remove}; ${add}; END`,
    `CREATE TRIGGER "${table}_delete" AFTER DELETE ON "${kind}" BEGIN ${remove}; END`,
  ]) {
    connection.sql(statement).run();
  }
};

/** Files of earlier releases have a queue without lanes. */
const addLanes = (connection: Connection): void => {
  const columns = connection.sql('PRAGMA table_xinfo("queue")').all();
  if (columns.length === 0 || columns.some(({ name }) => name === "lane")) return;
  connection.sql("ALTER TABLE queue ADD COLUMN lane TEXT NOT NULL DEFAULT ''").run();
};

const OTHER_TABLES = [
  // The last version of any record. AUTOINCREMENT counts per table, but a version must not come back after a delete.
  `CREATE TABLE IF NOT EXISTS versions (only INTEGER PRIMARY KEY CHECK (only = 1), last INTEGER NOT NULL)`,
  `INSERT OR IGNORE INTO versions VALUES (1, 0)`,
  // Long-lived secrets, sealed. `at` keeps their order.
  `CREATE TABLE IF NOT EXISTS secrets (
     at INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, version TEXT NOT NULL, sealed TEXT NOT NULL, UNIQUE (name, version))`,
  // Messages waiting for delivery. `dueAtMs` is when a message may be delivered (again), or the end of its lease.
  `CREATE TABLE IF NOT EXISTS queue (
     id INTEGER PRIMARY KEY AUTOINCREMENT, topic TEXT NOT NULL, data TEXT NOT NULL, attributes TEXT NOT NULL,
     publishedAtMs INTEGER NOT NULL, dueAtMs INTEGER NOT NULL, attempt INTEGER NOT NULL DEFAULT 0, buriedAtMs INTEGER,
     lane TEXT NOT NULL DEFAULT '')`,
  `CREATE INDEX IF NOT EXISTS queue_due ON queue (dueAtMs, id) WHERE buriedAtMs IS NULL AND topic <> 'mail-events'`,
  `CREATE INDEX IF NOT EXISTS queue_mail ON queue (lane, dueAtMs, id) WHERE buriedAtMs IS NULL AND topic = 'mail-send'`,
  `CREATE INDEX IF NOT EXISTS queue_others ON queue (dueAtMs, id)
     WHERE buriedAtMs IS NULL AND topic NOT IN ('mail-events', 'mail-send')`,
];
