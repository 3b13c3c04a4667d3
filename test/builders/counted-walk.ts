import assert from "node:assert/strict";
import fc from "fast-check";
import { DAY, HOUR, MINUTE } from "../../functions/domain/clock.ts";
import type { SmtpReply } from "../../functions/domain/google/replies.ts";
import { cancelMessage } from "../../functions/domain/messages/commands/cancel.ts";
import { resolveByPerson } from "../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../functions/domain/messages/commands/retry-message.ts";
import { deliverMessage } from "../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../functions/domain/messages/due/dispatch.ts";
import { releaseHeld } from "../../functions/domain/messages/due/release.ts";
import type { Message, MessageStatus } from "../../functions/domain/messages/message.ts";
import { COUNTED, type Counted } from "../../functions/domain/messages/stats/counted.ts";
import { readStats, type StatsRow } from "../../functions/domain/messages/views/stats.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import type { Records } from "../../functions/domain/records.ts";
import { acceptsAll, type Delivery, delivery, type Gmail, losesReply, refuses, SERVER } from "./delivery.ts";
import { grant, OPERATOR, validConnection } from "./mail-server.ts";

/** Random lives of a few messages, on a store that fails and loses answers, and a recount of them by hand. */

const IDS = ["msg_1", "msg_2", "msg_3"];
const RECIPIENTS = ["a@y.org", "b@y.org", "c@y.org"];

type Fault = "before" | "after" | null;

interface World extends Delivery {
  /** What happens to the next commit that moves a message: it fails, or succeeds and its answer is lost. */
  fault: Fault;
  /** Called by a worker that dies, on which nobody waits any longer. */
  noteDeath: () => void;
}

const failing = (records: Records, here: () => World): Records => ({
  get: records.get.bind(records),
  query: records.query.bind(records),
  commit: async (writes) => {
    const { fault } = here();
    if (fault === null || !writes.some(({ kind }) => kind === "messages")) return records.commit(writes);
    here().fault = null;
    if (fault === "after") await records.commit(writes);
    throw new Unavailable("write records", { cause: new Error("as the test wants it") });
  },
});

const world = async (given?: Records): Promise<World> => {
  const stack: World = Object.assign(await delivery(given), { fault: null, noteDeath: () => undefined });
  Object.assign(stack.deps, { records: failing(stack.deps.records, () => stack) });
  for (const [at, id] of IDS.entries()) {
    const recipientAddresses = RECIPIENTS.slice(0, at + 1);
    const recipients = recipientAddresses.map((address) => ({ address, state: "pending", reply: null }) as const);
    await stack.accept(id, {
      serverId: SERVER,
      recipients,
      recipientAddresses,
      onUnknown: at === 0 ? "resend" : "hold",
    });
  }
  return stack;
};

/** Refuses the first recipient for now or for good, and takes the mail for the others. */
const refusesFirst =
  (code: number): Gmail =>
  async (mail, beforeData) => {
    const reply: SmtpReply = { code, enhanced: null, response: "no" };
    const [first = "", ...accepted] = mail.envelope.to;
    const refused = [{ address: first, reply }];
    if (accepted.length === 0) return { kind: "refused", stage: "rcpt", reply, refused, retryAfterMs: null };
    if (!(await beforeData(refused))) return { kind: "abandoned" };
    return { kind: "accepted", accepted, refused, reply: { ...reply, code: 250 }, providerId: null };
  };

const dies =
  (here: World, marked: boolean): Gmail =>
  async (_mail, beforeData) => {
    if (marked) await beforeData([]);
    here.noteDeath();
    return new Promise(() => undefined);
  };

const gmails = (here: World): readonly Gmail[] => [
  acceptsAll,
  acceptsAll,
  losesReply,
  refusesFirst(451),
  refusesFirst(550),
  refuses("mail", 451),
  refuses("body", 550, "5.4.5"),
  refuses("body", 554, "5.6.0"),
  refuses("auth", 535),
  dies(here, false),
  dies(here, true),
];
const GMAILS = 11;

type Event = (here: World) => Promise<unknown>;

const push =
  (id: string): Event =>
  async (here) => {
    const death = new Promise<void>((resolve) => {
      here.noteDeath = resolve;
    });
    await Promise.race([deliverMessage(here.deps, id), death]);
  };

const expiring = (ms: number): Event => {
  return async (here) => {
    const found = await here.deps.records.get("messages", "msg_3");
    if (found === undefined || found.value.expiresAtMs !== null) return;
    const { id, version } = found;
    const value = { ...found.value, expiresAtMs: here.clock.nowMs() + ms };
    await here.deps.records.commit([{ op: "replace", kind: "messages", id, version, value }]);
  };
};

const perform =
  (act: (here: World, id: string) => Promise<unknown>) =>
  (id: string): Event =>
  (here) =>
    act(here, id);

const set = <K extends "lookup" | "fault">(member: K, values: readonly World[K][]) =>
  fc.constantFrom(...values).map(
    (value): Event =>
      async (here) =>
        void Object.assign(here, { [member]: value }),
  );

const id = fc.constantFrom(...IDS);

const event: fc.Arbitrary<Event> = fc.oneof(
  { weight: 8, arbitrary: id.map(push) },
  { weight: 4, arbitrary: fc.constant<Event>((here) => dispatchDue(here.deps)) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(MINUTE, 10 * MINUTE, 50 * MINUTE, 9 * HOUR, 2 * DAY).map(
      (ms): Event =>
        async (here) =>
          here.clock.advance(ms),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.nat(GMAILS - 1).map(
      (at): Event =>
        async (here) => {
          here.gmail = gmails(here)[at] ?? acceptsAll;
        },
    ),
  },
  { weight: 2, arbitrary: set("lookup", ["found", "not_found", "forbidden", "unavailable"]) },
  { weight: 3, arbitrary: set("fault", ["before", "after"]) },
  {
    weight: 2,
    arbitrary: fc.boolean().map(
      (dead): Event =>
        (here) =>
          here.setServer({
            limits: { perMinute: 2, perDay: 20 },
            connection: dead
              ? { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 }
              : validConnection(),
          }),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Event>((here) => releaseHeld(here.deps, SERVER)) },
  { weight: 1, arbitrary: fc.constant(expiring(HOUR)) },
  { weight: 1, arbitrary: id.map(perform((here, one) => cancelMessage(here.deps, OPERATOR, one))) },
  { weight: 2, arbitrary: id.map(perform((here, one) => retryMessage(here.deps, OPERATOR, one))) },
  {
    weight: 2,
    arbitrary: fc.tuple(id, fc.constantFrom("sent", "resend", "failed")).map(
      ([one, as]): Event =>
        (here) =>
          resolveByPerson(here.deps, OPERATOR, { id: one, body: { as } }),
    ),
  },
);

const PASSING: readonly MessageStatus[] = ["held", "deferred", "unknown", "canceled", "expired"];

/** What this message counts as, read off its record: by hour, then by what. */
const recount = ({ timeline, status, recipients, tallied }: Message): (readonly [atMs: number, Counted, number])[] => {
  const entries = timeline.filter((entry, at) => entry.status !== timeline[at - 1]?.status);
  const passing = entries.filter((entry) => PASSING.includes(entry.status));
  const last = entries.at(-1);
  const before = entries.at(-2);
  const handedOver = status === "sent" && before?.status === "sending" ? before : last;
  const atMs = handedOver?.atMs ?? 0;
  const rejected = recipients.some(({ state }) => state === "rejected");
  const accepted = recipients.filter(({ state }) => state === "accepted").length;
  return [
    ...passing.map((entry) => [entry.atMs, entry.status as Counted, 1] as const),
    ...(status === "sent" || status === "sending" ? [[atMs, "sent", 1] as const] : []),
    ...(status === "sent" && rejected ? [[atMs, "refused", 1] as const] : []),
    ...(status === "failed" ? [[atMs, "failed", 1] as const] : []),
    // The record does not say in which hour an earlier attempt reached whom, so these are compared as a sum.
    [0, "recipients", accepted + (status === "sending" ? (tallied?.recipients ?? 0) : 0)],
  ];
};

const hourOf = (at: number | string): string => new Date(at).toISOString().slice(0, 13);

/** As one line a number, so that a difference is easy to read. */
const linesOf = (counts: readonly (readonly [hour: string, what: string, by: number])[]): string[] => {
  const sums = new Map<string, number>();
  for (const [hour, what, by] of counts) {
    const name = what === "recipients" ? what : `${hour} ${what}`;
    sums.set(name, (sums.get(name) ?? 0) + by);
  }
  return [...sums]
    .filter(([, sum]) => sum !== 0)
    .map(([name, sum]) => `${name}: ${sum}`)
    .sort();
};

const rowsBetween = async (here: World, fromMs: number, server: string | null): Promise<StatsRow[]> => {
  const rows: StatsRow[] = [];
  const endMs = here.clock.nowMs() + HOUR;
  for (let atMs = fromMs; atMs < endMs; atMs += 400 * HOUR) {
    const wanted = { by: "hour", fromMs: atMs, toMs: Math.min(endMs, atMs + 400 * HOUR), server } as const;
    const view = await readStats(here.deps, OPERATOR, wanted);
    assert.ok(view.ok, JSON.stringify(view));
    rows.push(...view.value.items);
  }
  return rows;
};

const compare = async (here: World, startMs: number): Promise<readonly string[]> => {
  const messages = await Promise.all(IDS.map((one) => here.message(one)));
  const expected = linesOf(messages.flatMap(recount).map(([atMs, what, by]) => [hourOf(atMs), what, by]));
  for (const server of [null, SERVER]) {
    const rows = await rowsBetween(here, startMs, server);
    const shown = rows.flatMap((row) => COUNTED.map((what) => [hourOf(row.at), what, row[what]] as const));
    assert.deepEqual(linesOf(shown), expected, `of ${server ?? "all servers"}`);
  }
  return expected.map((line) => /(\w+):/.exec(line)?.[1] ?? "");
};

/**
 * Walks random lives, and compares the statistics with the recount on the way and at the end. Returns what was counted
 * at all, so that a test can see that it has looked at everything.
 */
export const walkAndRecount = async (
  { walks, steps }: { readonly walks: number; readonly steps: number },
  records: () => Records | undefined = () => undefined,
): Promise<ReadonlySet<string>> => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(fc.array(event, { minLength: steps / 2, maxLength: steps }), async (events) => {
      const here = await world(records());
      const startMs = Math.floor(here.clock.nowMs() / HOUR) * HOUR;
      for (const [at, happen] of events.entries()) {
        await happen(here).catch((error: unknown) => {
          if (!(error instanceof Unavailable)) throw error;
        });
        if (at % 10 === 9) await compare(here, startMs);
      }
      for (const what of await compare(here, startMs)) seen.add(what);
    }),
    { numRuns: walks },
  );
  return seen;
};
