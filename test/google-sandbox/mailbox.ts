import { randomBytes } from "node:crypto";
import { maySendAs, type SandboxAccount } from "./accounts.ts";
import type { Faults } from "./faults.ts";
import { addressesIn, fieldOf, readHeaders, withFields } from "./mail-headers.ts";
import type { State } from "./state.ts";

export interface Envelope {
  /** Always the account's own address: Gmail replaces the one in MAIL FROM. */
  readonly from: string;
  readonly to: readonly string[];
  /** What the client wrote in MAIL FROM; null through the API. */
  readonly givenFrom: string | null;
}

/** A message as it left: what the recipient would get. */
export interface SentMail {
  /** Gmail's id: 16 hexadecimal digits. */
  readonly id: string;
  /** The address of the account that sent it. */
  readonly account: string;
  readonly via: "smtp" | "gmail_api";
  readonly atMs: number;
  /** With angle brackets. */
  readonly messageId: string;
  readonly envelope: Envelope;
  readonly raw: Buffer;
}

export interface Delivery {
  readonly account: SandboxAccount;
  readonly via: SentMail["via"];
  readonly to: readonly string[];
  readonly givenFrom: string | null;
  readonly mime: Buffer;
}

export interface Mailbox {
  deliver(delivery: Delivery): SentMail;
  /** Oldest first. */
  all(): readonly SentMail[];
  byId(id: string): SentMail | null;
  /** What `rfc822msgid:` finds by now. */
  search(account: string, messageId: string): readonly SentMail[];
  clear(): void;
  /** Makes messages this much older, as the search index sees them. */
  age(ms: number): void;
}

type Known = {
  readonly state: State;
  readonly faults: Faults;
  readonly nowMs: () => number;
  readonly onMail: (mail: SentMail) => void;
};

export const mailboxOf = ({ state, faults, nowMs, onMail }: Known): Mailbox => {
  const { database } = state;
  /** By id. A mail never changes, and tests look at all of them again and again while one arrives. */
  const known = new Map<string, SentMail>();
  const read = (id: string): SentMail | null => {
    const row = database.prepare("SELECT * FROM messages WHERE id = ?").get(id);
    if (row === undefined) return null;
    const mail = sentMail(row);
    known.set(id, mail);
    return mail;
  };
  const byId = (id: string): SentMail | null => known.get(id) ?? read(id);
  return {
    deliver: (delivery) => {
      const { account, via } = delivery;
      const atMs = nowMs();
      const rewrite = via === "gmail_api" && faults.take("rewrite_message_id", account.email) !== null;
      const { raw, messageId } = applyGmailChanges(delivery, { atMs, rewrite });
      const envelope: Envelope = { from: account.email, to: delivery.to, givenFrom: delivery.givenFrom };
      const id = randomBytes(8).toString("hex");
      const findableAtMs = atMs + (faults.take("search_lag", account.email)?.ms ?? 0);
      database
        .prepare(
          `INSERT INTO messages (id, account, via, at, message_id, envelope, raw, findable_at)
           VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(id, account.email, via, atMs, messageId, JSON.stringify(envelope), raw, findableAtMs);
      const mail = { id, account: account.email, via, atMs, messageId, envelope, raw };
      known.set(id, mail);
      onMail(mail);
      return mail;
    },
    all: () => {
      const rows = database.prepare("SELECT id FROM messages ORDER BY serial").all();
      return rows.flatMap(({ id }) => byId(String(id)) ?? []);
    },
    byId,
    search: (account, messageId) =>
      database
        .prepare(
          "SELECT * FROM messages WHERE account = ? AND message_id = ? AND findable_at <= ? ORDER BY serial DESC",
        )
        .all(account, withBrackets(messageId), nowMs())
        .map(sentMail),
    clear: () => {
      database.exec("DELETE FROM messages");
      known.clear();
    },
    age: (ms) => {
      database.prepare("UPDATE messages SET findable_at = findable_at - ?").run(ms);
    },
  };
};

const withBrackets = (messageId: string): string => (messageId.startsWith("<") ? messageId : `<${messageId}>`);

const sentMail = (row: Record<string, unknown>): SentMail => ({
  id: String(row.id),
  account: String(row.account),
  via: row.via === "smtp" ? "smtp" : "gmail_api",
  atMs: Number(row.at),
  messageId: String(row.message_id),
  envelope: JSON.parse(String(row.envelope)),
  raw: Buffer.from(row.raw instanceof Uint8Array ? row.raw : []),
});

/**
 * Gmail's silent changes: a From that is neither the account nor a verified alias becomes the account's address, Bcc is
 * removed, and a missing Message-ID or Date is added. All other bytes stay as they came.
 */
const applyGmailChanges = (
  { account, mime }: Delivery,
  about: { readonly atMs: number; readonly rewrite: boolean },
): { raw: Buffer; messageId: string } => {
  const headers = readHeaders(mime);
  const from = fieldOf(headers, "from") ?? "";
  const given = fieldOf(headers, "message-id");
  const made = `<CA${randomBytes(24).toString("base64url")}@mail.gmail.com>`;
  const messageId = given === null || about.rewrite ? made : given;
  const changes: Record<string, string | null> = {};
  const author = addressesIn(from)[0];
  if (author === undefined || !maySendAs(account, author)) changes.From = rewriteFrom(from, account.email);
  if (fieldOf(headers, "bcc") !== null) changes.Bcc = null;
  if (messageId !== given) changes["Message-ID"] = messageId;
  if (fieldOf(headers, "date") === null) changes.Date = new Date(about.atMs).toUTCString().replace("GMT", "+0000");
  return { raw: Object.keys(changes).length === 0 ? mime : withFields(headers, changes), messageId };
};

/** The display name stays; the address does not. */
const rewriteFrom = (from: string, address: string): string => {
  const name = /^(.*)<[^<>]*>\s*$/.exec(from)?.[1]?.trim() ?? "";
  return name === "" ? address : `${name} <${address}>`;
};
