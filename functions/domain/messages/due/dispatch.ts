import { everyPage } from "../../every-record.ts";
import { canSend } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import { isInPart, type Part, shardOf } from "../../shards.ts";
import { unhandled } from "../../unhandled.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { sweepBodies } from "../body-store.ts";
import { commitMove, eraseFinalBody } from "../commit-move.ts";
import { interruptedAttempt } from "../deliver/lease.ts";
import { doubtAbandoned } from "../deliver/resolver.ts";
import { setAside } from "../deliver/set-aside.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { expire } from "../finish.ts";
import { hold, holdAgainAtMs } from "../hold.ts";
import { forEachInBatches } from "../in-batches.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { Waiting } from "../limits/promise-room.ts";
import type { Message } from "../message.ts";
import { latestEvent } from "../message-events.ts";
import { moveTo, pendingRecipients, postpone } from "../moves.ts";
import { publishForDelivery, publishRoom } from "../publish-delivery.ts";
import { flushDueTallies } from "../stats/ledger-tally.ts";
import type { MessageIn, StatusBefore } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { DueCounts } from "./due-counts.ts";
import { postponeInLine, releaseWithinLimits, waitingEntry } from "./release-limited.ts";
import { beginTick, runIsolated, type Tick } from "./tick.ts";
import { waitsUntilMs } from "./turn.ts";

/** The pages are small: each message carries a body of up to 100 KiB, and the instance has 256 MiB. */
const PAGE = 50;
/** Writes the record before it publishes: a crash in between leaves a queued message that becomes due again. */
const enqueue = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<"scheduled" | "deferred" | "held">>,
  note: TimelineNote | null,
): Promise<void> => {
  const after = moveTo(message.value, queuedNow(deps.clock), { nowMs: deps.clock.nowMs(), note });
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message);
};

/** Queues a message whose time has come, or holds it until there is room. */
const enqueueIfRoom = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<"scheduled" | "deferred">>,
  tick: Tick,
): Promise<void> => {
  const untilMs = await waitsUntilMs(deps, message.value, tick);
  if (untilMs === null) return enqueue(deps, message, null);
  const cause = { because: "limit_reached", problem: "limit_reached", untilMs } as const;
  await setAside(deps, message, hold(deps.clock, message.value, cause));
};

/** A queued message lost its publication. An unknown one needs a search, for which only `deliver-mail` has a token. */
const publishAgain = async (deps: MoveDeps, message: Versioned<MessageIn<"queued" | "unknown">>): Promise<void> => {
  const after = postpone(message.value, queuedNow(deps.clock).dueAtMs);
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message);
};

const expireDue = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<StatusBefore<"expired">>>,
  tick: Tick,
): Promise<void> => {
  const { retentionDays } = tick.settings;
  const after = expire(deps.clock, message.value, { nowMs: deps.clock.nowMs(), retentionDays });
  await commitMove(deps, message, { after, event: latestEvent(message.id, after) });
};

/** Queues a message whose lease expired before the mark. Nothing was sent, so the ledger gets its count back. */
const requeueAbandoned = async (deps: MoveDeps, sending: Versioned<MessageIn<"sending">>): Promise<void> => {
  const { value } = sending;
  const nowMs = deps.clock.nowMs();
  const note = timelineNote("worker_gone");
  const after = moveTo(value, queuedNow(deps.clock), { nowMs, note, attempt: interruptedAttempt(nowMs) });
  if ((await commitMove(deps, sending, { after })) === undefined) return;
  const unsent = pendingRecipients(value).length;
  const over = { id: sending.id, claimedAtMs: value.updatedAtMs, unsent, limit: null };
  await correctLedger(deps, { serverId: value.serverId }, over);
  await publishForDelivery(deps, sending);
};

const reconsiderHeld = async (deps: MoveDeps, held: Versioned<MessageIn<"held">>, tick: Tick): Promise<void> => {
  const server = await tick.server(held.value.serverId);
  // If the server is gone, the message is queued all the same: the claim then fails it with the reason.
  if (held.value.because === "limit_reached" && server !== undefined && !tick.settings.paused) {
    const others = tick.limited.get(held.value.serverId) ?? [];
    others.push(waitingEntry(held));
    tick.limited.set(held.value.serverId, others);
    return;
  }
  const stuck = tick.settings.paused || (server !== undefined && !canSend(server));
  if (!stuck) return enqueue(deps, held, timelineNote("released"));
  // No room opens during a pause, so a long line need not be read every minute.
  const because = held.value.because === "limit_reached" ? "paused" : held.value.because;
  await commitMove(deps, held, { after: postpone(held.value, holdAgainAtMs(deps.clock, because)) });
};

const dispatchOne = async (deps: MoveDeps, message: Versioned<Message>, tick: Tick): Promise<void> => {
  const { value, ...at } = message;
  // The query should not return messages of a later release; this check does not depend on the store.
  if (!isUnderstoodMessage(value)) return;
  const isLate = value.expiresAtMs !== null && value.expiresAtMs <= deps.clock.nowMs();
  switch (value.status) {
    case "queued":
      return isLate ? expireDue(deps, { ...at, value }, tick) : publishAgain(deps, { ...at, value });
    case "scheduled":
    case "deferred":
      return isLate ? expireDue(deps, { ...at, value }, tick) : enqueueIfRoom(deps, { ...at, value }, tick);
    case "held":
      return isLate ? expireDue(deps, { ...at, value }, tick) : reconsiderHeld(deps, { ...at, value }, tick);
    case "sending":
      return value.phase === "data" ? doubtAbandoned(deps, { ...at, value }) : requeueAbandoned(deps, { ...at, value });
    case "unknown":
      return publishAgain(deps, { ...at, value });
    case "sent":
    case "failed":
    case "canceled":
    case "expired":
      return eraseFinalBody(deps, message);
    default:
      return unhandled("a status", value);
  }
};

/** Dispatches what is due, page by page, until the tick ends or has seen so many. */
const dispatchPages = async (deps: MoveDeps, tick: Tick, most: number): Promise<Dispatched> => {
  let seen = 0;
  let more = false;
  const due = new DueCounts();
  const paging = { page: PAGE, part: tick.part ?? undefined };
  for await (const page of everyPage(deps.records, "messagesDue", { upTo: tick.startedAtMs }, paging)) {
    // There was a next page when the last of those that it may see was read.
    more = seen >= most;
    if (more) break;
    await forEachInBatches(page, (message) =>
      runIsolated(deps, tick, { about: { id: message.id }, act: () => dispatchOne(deps, message, tick) }),
    );
    for (const { value } of page) due.note(value, tick.startedAtMs);
    seen += page.length;
    if (deps.clock.nowMs() >= tick.endsAtMs) break;
  }
  due.log(deps);
  return { seen, more };
};

/** So few due messages of a server may be all, and none of them in the part whose run releases the line. */
const FEW = 10;

const releaseLine = async (
  deps: MoveDeps,
  tick: Tick,
  { id, due, mine }: { readonly id: string; readonly due: readonly Waiting[]; readonly mine: boolean },
): Promise<void> => {
  const value = await tick.server(id);
  if (value === undefined) return;
  const line = { due, parts: tick.part?.of ?? 1 };
  if (mine) return releaseWithinLimits(deps, { id, value }, { ...line, untilMs: tick.endsAtMs });
  if (due.length < FEW) await publishRoom(deps, id);
  await postponeInLine(deps, { id, value }, line);
};

const releaseLines = async (deps: MoveDeps, tick: Tick, isMine: (serverId: string) => boolean): Promise<void> => {
  const lines = [...tick.limited].map(([id, due]) =>
    runIsolated(deps, tick, {
      about: { server: id },
      act: () => releaseLine(deps, tick, { id, due, mine: isMine(id) }),
    }),
  );
  await Promise.all(lines);
};

const upkeep = (deps: MoveDeps, tick: Tick): Promise<unknown> =>
  Promise.all(
    [() => sweepBodies(deps), () => flushDueTallies(deps, tick.endsAtMs)].map((act) =>
      runIsolated(deps, tick, { about: {}, act }),
    ),
  );

interface Dispatched {
  readonly seen: number;
  /** Whether it left messages that were due, because it had seen as many as it may. */
  readonly more: boolean;
}

/** How much a tick does by itself, and what happens to the rest. */
export interface Share {
  readonly most: number;
  readonly handOver: () => Promise<void>;
}

const dispatchAll = async (deps: MoveDeps, share: Share | null): Promise<number> => {
  const tick = await beginTick(deps, null);
  const { seen, more } = await dispatchPages(deps, tick, share?.most ?? Number.POSITIVE_INFINITY);
  if (more && share !== null) await runIsolated(deps, tick, { about: {}, act: share.handOver });
  // If others read the rest, a line is released by the one that finds most of it.
  await Promise.all([releaseLines(deps, tick, () => !more), upkeep(deps, tick)]);
  return seen;
};

/**
 * Handles every message that is due, longest due first, and returns how many. Safe to run twice at once: each move is
 * conditional, and a message that is published twice is delivered once. Throws `Unavailable`; the next tick goes on.
 */
export const dispatchDue = (deps: MoveDeps): Promise<number> => dispatchAll(deps, null);

/** Handles the first of them, as `dispatchDue` does, and hands the rest over if there are more. */
export const dispatchFirst = (deps: MoveDeps, share: Share): Promise<number> => dispatchAll(deps, share);

/**
 * Handles the due messages of one part of the shards, as `dispatchDue` does, and returns how many. Of all parts, one
 * releases the line of a server; the others only keep its messages from being read every minute.
 */
export const dispatchPart = async (deps: MoveDeps, part: Part): Promise<number> => {
  const tick = await beginTick(deps, part);
  const { seen } = await dispatchPages(deps, tick, Number.POSITIVE_INFINITY);
  await releaseLines(deps, tick, (serverId) => isInPart(shardOf("dueShard", serverId), part));
  return seen;
};
