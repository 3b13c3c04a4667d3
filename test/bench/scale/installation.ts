import { DatabaseSync } from "node:sqlite";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { serverNameId } from "../../../functions/domain/mail-servers/server-name.ts";
import type { Message, MessageState } from "../../../functions/domain/messages/message.ts";
import { searchEntries } from "../../../functions/domain/messages/views/message-search.ts";
import type { RecordKind } from "../../../functions/domain/record-kinds.ts";
import { mailServer, validConnection } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";

/** A hundredth of the messages and of the servers is due. */
export const DUE_SHARE = 100;

export const serverIdAt = (at: number): string => `srv_${String(at).padStart(20, "0")}`;
export const recipientAt = (at: number): string => `r${at % 50_000}@example${at % 100}.org`;
export const subjectAt = (at: number): string => `Facture ${at % 20_000} du mois`;

const stateAt = (at: number, nowMs: number): MessageState => {
  if (at % DUE_SHARE === 0) return { status: "deferred", dueAtMs: nowMs - MINUTE };
  if (at % DUE_SHARE === 1) return { status: "scheduled", dueAtMs: nowMs + DAY, scheduledAtMs: nowMs + DAY };
  if (at % DUE_SHARE === 2) return { status: "held", because: "paused", sinceMs: nowMs - HOUR, dueAtMs: null };
  const status = at % DUE_SHARE === 3 ? "failed" : "sent";
  return { status, dueAtMs: null, finalAtMs: nowMs - HOUR, eraseAtMs: nowMs + 30 * DAY };
};

const messageAt = (at: number, { servers, nowMs }: { readonly servers: number; readonly nowMs: number }): Message => {
  // Spread over a month; the newest comes first.
  const createdAtMs = nowMs - 1_000 - Math.floor((at * 2_000) % (30 * DAY));
  const state = stateAt(at, nowMs);
  const recipient = recipientAt(at);
  const found = {
    messageId: `<${at}@mail.example.com>`,
    from: "ada@example.com",
    subject: subjectAt(at),
    recipientAddresses: [recipient],
    tags: {},
  };
  const reached = state.status === "sent" ? "accepted" : "pending";
  return {
    ...found,
    caller: "olga@example.com",
    serverId: serverIdAt(at % servers),
    createdAtMs,
    updatedAtMs: createdAtMs,
    recipients: [{ address: recipient, kind: "to", state: reached, reply: null }],
    searchPrefixes: searchEntries(found),
    body: { kind: "erased", atMs: createdAtMs },
    sizeBytes: 10_000,
    onUnknown: "hold",
    expiresAtMs: null,
    firstTriedAtMs: null,
    agelessMs: 0,
    attempts: [],
    timeline: [{ atMs: createdAtMs, status: state.status, note: null }],
    providerId: null,
    requestSha256: null,
    ...state,
  };
};

const serverAt = (at: number, nowMs: number): MailServer =>
  mailServer({
    name: `Server ${at}`,
    username: `u${at}@example.com`,
    connection: validConnection({ email: `u${at}@example.com`, sub: String(at) }),
    createdAtMs: nowMs - 60 * DAY + at,
    nextCheckAtMs: at % DUE_SHARE === 0 ? nowMs - MINUTE : nowMs + HOUR + at,
  });

/** Without indexes rows are added fast; opening the store makes them, as after a release that adds queries. */
const dropIndexes = (db: DatabaseSync, kinds: readonly RecordKind[]): void => {
  const named = "SELECT type, name, tbl_name AS kind FROM sqlite_schema WHERE sql IS NOT NULL";
  for (const { type, name, kind } of db.prepare(named).all()) {
    const ofKind = kinds.some((one) => kind === one);
    if (ofKind && (type === "index" || type === "trigger")) db.exec(`DROP ${type} "${name}"`);
  }
  for (const { name } of db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all())
    if (kinds.some((kind) => String(name).startsWith(`${kind}_`))) db.exec(`DROP TABLE "${name}"`);
};

/** Fills a new store with this many messages and a tenth as many servers. */
export const fillStore = (path: string, messages: number, nowMs: number): void => {
  testStore(undefined, path).close();
  const servers = messages / 10;
  const db = new DatabaseSync(path);
  db.exec("PRAGMA synchronous = OFF");
  dropIndexes(db, ["messages", "mailServers"]);
  let version = 0;
  const adder = (kind: RecordKind) => {
    const insert = db.prepare(`INSERT INTO "${kind}" (id, version, value) VALUES (?, ?, ?)`);
    return (id: string, value: object): void => {
      version += 1;
      insert.run(id, version, JSON.stringify(value));
    };
  };
  db.exec("BEGIN");
  const [addServer, addName] = [adder("mailServers"), adder("serverNames")];
  for (let at = 0; at < servers; at += 1) {
    const value = serverAt(at, nowMs);
    addServer(serverIdAt(at), value);
    addName(serverNameId(value.name), { serverId: serverIdAt(at) });
  }
  const addMessage = adder("messages");
  for (let at = 0; at < messages; at += 1)
    addMessage(`msg_${String(at).padStart(20, "0")}`, messageAt(at, { servers, nowMs }));
  db.prepare("UPDATE versions SET last = ?").run(version);
  db.exec("COMMIT");
  db.close();
};
