import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import fc from "fast-check";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { SentMailLookup } from "../../../functions/domain/google/accounts.ts";
import { cancelMessage } from "../../../functions/domain/messages/commands/cancel.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { releaseHeld } from "../../../functions/domain/messages/due/release.ts";
import type { Message, MessageStatus } from "../../../functions/domain/messages/message.ts";
import { MESSAGE_STATUSES, NEXT } from "../../../functions/domain/messages/statuses.ts";
import type { Write } from "../../../functions/domain/records.ts";
import { defaultSettings } from "../../../functions/domain/settings/read-settings.ts";
import {
  acceptsAll,
  type Delivery,
  delivery,
  type Gmail,
  losesReply,
  refuses,
  SERVER,
} from "../../builders/delivery.ts";
import { grant, OPERATOR, validConnection } from "../../builders/mail-server.ts";

const ID = "msg_1";

/** Every move that the table allows, as `from>to`. Another test compares STATES.md with the same table. */
const ALLOWED: ReadonlySet<string> = new Set(
  MESSAGE_STATUSES.flatMap((from) => NEXT[from].map((to) => `${from}>${to}`)),
);

interface World extends Delivery {
  /** The copies of the message that Gmail holds. */
  copies: number;
  /** Whether someone has asked for a second copy. */
  resent: boolean;
  readonly moves: string[];
}

const world = async (onUnknown: Message["onUnknown"]): Promise<World> => {
  const stack = await delivery();
  const { records } = stack.deps;
  const moves: string[] = [];
  const commit = async (writes: readonly Write[]) => {
    const before = await records.get("messages", ID);
    const outcome = await records.commit(writes);
    const write = writes.find(({ kind }) => kind === "messages");
    if (outcome.done && write !== undefined && "value" in write && before !== undefined) {
      const { status } = write.value as Message;
      const grew = (write.value as Message).timeline.length > before.value.timeline.length;
      if (grew || status !== before.value.status) moves.push(`${before.value.status}>${status}`);
    }
    return outcome;
  };
  const get = records.get.bind(records);
  const query = records.query.bind(records);
  const built = Object.assign(stack, { copies: 0, resent: false, moves });
  Object.assign(stack.deps, { records: { get, query, commit } });
  await stack.accept(ID, { onUnknown });
  return built;
};

/** Fake Gmails that count what they really accepted. */
const gmails = (here: World): readonly Gmail[] => {
  const counted =
    (gmail: Gmail): Gmail =>
    async (mail, beforeData, token) => {
      const outcome = await gmail(mail, beforeData, token);
      if (outcome.kind === "accepted" || outcome.kind === "unknown") here.copies += 1;
      return outcome;
    };
  const dies =
    (marked: boolean, taken: boolean): Gmail =>
    async (_mail, beforeData) => {
      if (marked && !(await beforeData([]))) return { kind: "abandoned" };
      if (taken) here.copies += 1;
      return new Promise(() => undefined);
    };
  return [
    counted(acceptsAll),
    counted(losesReply),
    refuses("mail", 451),
    refuses("rcpt", 550, "5.1.1"),
    refuses("body", 550, "5.4.5"),
    refuses("body", 552),
    refuses("auth", 535),
    dies(false, false),
    dies(true, false),
    dies(true, true),
  ];
};

const LOOKUPS: readonly SentMailLookup[] = ["found", "not_found", "unsearchable", "forbidden", "unavailable"];

type Event = (here: World) => Promise<unknown>;

/** A worker that may never return. We wait for it only while it makes progress. */
const push: Event = async (here) => {
  void deliverMessage(here.deps, ID).catch(() => undefined);
  for (let turns = 0; turns < 30; turns += 1) await setImmediate();
};

const setPaused =
  (paused: boolean): Event =>
  (here) => {
    const value = { ...defaultSettings(here.deps.environment), paused };
    return here.deps.records.commit([{ op: "put", kind: "settings", id: "settings", value }]);
  };

const event = fc.oneof(
  { weight: 6, arbitrary: fc.constant(push) },
  { weight: 5, arbitrary: fc.constant<Event>((here) => dispatchDue(here.deps)) },
  {
    weight: 5,
    arbitrary: fc.constantFrom(MINUTE, 10 * MINUTE, 2 * HOUR, 2 * DAY).map(
      (ms): Event =>
        async (here) =>
          here.clock.advance(ms),
    ),
  },
  {
    weight: 5,
    arbitrary: fc.nat(9).map(
      (n): Event =>
        async (here) => {
          here.gmail = gmails(here)[n] ?? acceptsAll;
        },
    ),
  },
  {
    weight: 2,
    // The search of the sent mail tells the truth, or it fails.
    arbitrary: fc.constantFrom(...LOOKUPS).map(
      (lookup): Event =>
        async (here) => {
          here.lookup = lookup === "found" && here.copies === 0 ? "not_found" : lookup;
        },
    ),
  },
  {
    weight: 2,
    arbitrary: fc.boolean().map(
      (dead): Event =>
        (here) =>
          here.setServer({
            connection: dead
              ? { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 }
              : validConnection(),
          }),
    ),
  },
  { weight: 1, arbitrary: fc.boolean().map(setPaused) },
  { weight: 1, arbitrary: fc.constant<Event>((here) => releaseHeld(here.deps, SERVER)) },
  { weight: 1, arbitrary: fc.constant<Event>((here) => cancelMessage(here.deps, OPERATOR, ID)) },
  {
    weight: 1,
    arbitrary: fc.constant<Event>(async (here) => {
      const { ok } = await retryMessage(here.deps, OPERATOR, ID);
      if (ok) here.resent = true;
    }),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom("sent", "resend", "failed").map(
      (as): Event =>
        async (here) => {
          const { ok } = await resolveByPerson(here.deps, OPERATOR, { id: ID, body: { as } });
          if (ok && as === "resend") here.resent = true;
        },
    ),
  },
);

const FINAL: readonly MessageStatus[] = MESSAGE_STATUSES.filter((status) => NEXT[status].length === 0);

test("whatever happens, a message moves only as the table allows, and is sent once", { timeout: 280_000 }, async () => {
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom("hold" as const, "resend" as const),
      fc.array(event, { minLength: 5, maxLength: 40 }),
      async (onUnknown, events) => {
        const here = await world(onUnknown);
        let final: MessageStatus | null = null;
        for (const happen of events) {
          await happen(here);
          const { status } = await here.message(ID);
          if (final !== null) assert.equal(status, final, "a final state is final");
          if (FINAL.includes(status)) final = status;
        }
        for (const move of here.moves) {
          assert.ok(ALLOWED.has(move), `${move} is in no table`);
          seen.add(move);
        }
        if (onUnknown === "hold" && !here.resent) assert.ok(here.copies <= 1, `${here.copies} copies`);
      },
    ),
    { numRuns: 300 },
  );
  // Which of the rarer moves a random walk meets is chance, so each has a test of its own.
  for (const move of ["queued>sending", "sending>sent"]) assert.ok(seen.has(move), `${move} was walked`);
});
