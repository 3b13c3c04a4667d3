import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { DAY } from "../../functions/domain/clock.ts";
import { foldAddress } from "../../functions/domain/messages/mailbox.ts";
import type { Message } from "../../functions/domain/messages/message.ts";
import { listMessages, type MessageFilter, NO_FILTER } from "../../functions/domain/messages/views/list-messages.ts";
import { searchEntries, searchTerms } from "../../functions/domain/messages/views/message-search.ts";
import type { Records, Write } from "../../functions/domain/records.ts";
import { testClock } from "../builders/clock.ts";
import { acceptedMessage } from "../builders/delivery.ts";
import { OPERATOR } from "../builders/mail-server.ts";
import { inState } from "../builders/messages.ts";

const SERVERS = ["srv_a", "srv_b"];
const ADDRESSES = ["lea@example.org", "leo@example.org", "bob@example.net"];
const SENDERS = ["Ada@example.com", "ada@example.com", "team@example.com"];
const WORDS = ["invoice", "INVOICES", "lettre", "leaflet"];
const TAGS: readonly Readonly<Record<string, string>>[] = [
  {},
  { kind: "invoice" },
  { kind: "letter", "a b": "" },
  { kind: "invoice", order: "1" },
];
const CALLERS = ["key:a1", "key:b2", "topic:mail-send"];
const IDS = ["<1@example.com>", "<2@example.com>", "<shared@example.com>"];
/** Around a change of day, several at one instant. */
const MIDNIGHT = Date.parse("2026-03-01T00:00:00Z");
const TIMES = [MIDNIGHT - DAY, MIDNIGHT - 1, MIDNIGHT, MIDNIGHT + 1, MIDNIGHT + 60_000];

const orNull = <T>(values: readonly T[]) => fc.constantFrom(null, ...values);

const drawnMessage = fc.record({
  serverId: fc.constantFrom(...SERVERS),
  from: fc.constantFrom(...SENDERS),
  to: fc.subarray(ADDRESSES, { minLength: 1 }),
  subject: fc.constantFrom(...WORDS),
  tags: fc.constantFrom(...TAGS),
  messageId: fc.constantFrom(...IDS),
  caller: fc.constantFrom(...CALLERS),
  createdAtMs: fc.constantFrom(...TIMES),
  failed: fc.boolean(),
});
type Drawn = typeof drawnMessage extends fc.Arbitrary<infer T> ? T : never;

const drawnFilter: fc.Arbitrary<MessageFilter> = fc.record({
  server: orNull(SERVERS),
  status: orNull(["queued", "failed"] as const),
  to: orNull([...ADDRESSES, "nobody@example.org"]),
  terms: fc.constantFrom("", "l", "le", "lea", "invoices", "leaf lea").map(searchTerms),
  rejected: fc.constantFrom(false, false, true),
  key: orNull(["a1", "b2", "c3"]),
  from: orNull(["ada@example.com", "team@example.com", "nobody@example.com"]),
  messageId: orNull([...IDS, "<other@example.com>"]),
  tags: fc.constantFrom<Record<string, string>[]>(
    {},
    {},
    { kind: "invoice" },
    { "a b": "" },
    { kind: "x", order: "1" },
  ),
  afterMs: orNull(TIMES),
  beforeMs: orNull(TIMES),
});

/** Most filters narrow by one or two things: with all eleven at once nothing is ever found. */
const narrowed = fc
  .tuple(drawnFilter, fc.subarray(Object.keys(NO_FILTER) as (keyof MessageFilter)[], { minLength: 1, maxLength: 3 }))
  .map(([filter, kept]) => ({
    ...NO_FILTER,
    ...Object.fromEntries(Object.entries(filter).filter(([member]) => kept.some((name) => name === member))),
  }));

const messageOf = (drawn: Drawn, id: string): Message => {
  const { to, failed, ...facts } = drawn;
  const message = { ...acceptedMessage(testClock(), id, to), ...facts };
  const recipients = message.recipients.map((recipient) => ({ ...recipient, state: "rejected" as const }));
  const made = failed
    ? inState({ ...message, recipients }, { status: "failed", dueAtMs: null, finalAtMs: 1 })
    : message;
  return { ...made, searchPrefixes: searchEntries(made) };
};

/** The filter as its documentation says it, read off each message without any index. */
const passes = (message: Message, filter: MessageFilter): boolean => {
  const starts = [...message.recipientAddresses, message.subject.toLowerCase()];
  return (
    (filter.server === null || filter.server === message.serverId) &&
    (filter.status === null || filter.status === message.status) &&
    (filter.to === null || message.recipientAddresses.includes(filter.to)) &&
    filter.terms.every((term) => starts.some((start) => start.startsWith(term))) &&
    (!filter.rejected || message.status === "failed") &&
    (filter.key === null || message.caller === `key:${filter.key}`) &&
    (filter.from === null || filter.from === foldAddress(message.from)) &&
    (filter.messageId === null || filter.messageId === message.messageId) &&
    Object.entries(filter.tags).every(([name, value]) => message.tags[name] === value) &&
    (filter.afterMs === null || message.createdAtMs >= filter.afterMs) &&
    (filter.beforeMs === null || message.createdAtMs < filter.beforeMs)
  );
};

const walk = async (records: Records, filter: MessageFilter, limit: number): Promise<string[]> => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const found = await listMessages(records, OPERATOR, { filter, page: { limit, cursor } });
    assert.ok(found.ok && found.value !== "bad_cursor");
    assert.ok(found.value.items.length <= limit);
    seen.push(...found.value.items.map(({ id }) => id));
    cursor = found.value.next;
  } while (cursor !== null);
  return seen;
};

/** Every combination of filters finds, on this store, exactly what reading every message would. */
export const messageListContract = (
  name: string,
  open: () => Promise<{ readonly records: Records; close(): Promise<void> }>,
  { filters, messages = 120 }: { readonly filters: number; readonly messages?: number },
): void => {
  describe(`the list of messages on ${name}`, () => {
    let store: Awaited<ReturnType<typeof open>>;
    let stored: ReadonlyMap<string, Message>;
    before(async () => {
      store = await open();
      const drawn = fc.sample(drawnMessage, messages);
      stored = new Map(drawn.map((one, at) => [`msg_${at}`, messageOf(one, `msg_${at}`)]));
      const writes: Write[] = [...stored].map(([id, value]) => ({ op: "create", kind: "messages", id, value }));
      for (let at = 0; at < writes.length; at += 20) await store.records.commit(writes.slice(at, at + 20));
    });
    after(() => store.close());

    test("holds exactly what passes every filter, newest first, on pages of any size", {
      timeout: 240_000,
    }, async () => {
      const newestFirst = ([idA, a]: [string, Message], [idB, b]: [string, Message]): number =>
        b.createdAtMs - a.createdAtMs || (idA < idB ? 1 : -1);
      await fc.assert(
        fc.asyncProperty(narrowed, fc.constantFrom(7, 50, 200), async (filter, limit) => {
          const expected = [...stored].filter(([, message]) => passes(message, filter)).sort(newestFirst);
          assert.deepEqual(
            await walk(store.records, filter, limit),
            expected.map(([id]) => id),
          );
        }),
        { numRuns: filters },
      );
    });
  });
};
