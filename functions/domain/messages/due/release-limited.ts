import { changeOnCondition } from "../../change-on-condition.ts";
import { type Clock, DAY, MINUTE, SECOND } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import { type Limits, limitsOf } from "../../mail-servers/limits.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { commitMove } from "../commit-move.ts";
import { WAIT_FOR_ROOM_MS } from "../deliver/claim-room.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { dueForRoomMs, holdAgainAtMs } from "../hold.ts";
import { forEachInBatches } from "../in-batches.ts";
import { changeLedger, readLedger } from "../limits/ledger.ts";
import { promiseRoom, type Turn, type Waiting } from "../limits/promise-room.ts";
import { EMPTY_LEDGER, earliestRoom } from "../limits/room.ts";
import type { Message } from "../message.ts";
import { moveTo, pendingRecipients, postpone } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { isIn, type MessageIn } from "../statuses.ts";
import { timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";

const LARGEST_PAGE = 50;

interface Server {
  readonly id: string;
  readonly value: MailServer;
}

const waitsForRoom = (message: Versioned<Message>): message is Versioned<MessageIn<"held">> =>
  isIn(message.value, "held") && message.value.because === "limit_reached" && isUnderstoodMessage(message.value);

export const waitingEntry = ({ id, value }: Versioned<Message>): Waiting => {
  return { id, createdAtMs: value.createdAtMs, recipients: pendingRecipients(value).length };
};

interface Line {
  /** The messages at the head of the line, oldest first. */
  readonly first: readonly Versioned<Message>[];
  /** Whether others may wait behind these. */
  readonly more: boolean;
}

/** Reads as many of the oldest as a minute's limit allows, which is rarely too few, and one more: the next in line. */
const readHeadOfLine = async (deps: MoveDeps, { id: serverId, value }: Server): Promise<Line> => {
  const limit = Math.min(LARGEST_PAGE, limitsOf(value).perMinute + 1);
  const first: Versioned<Message>[] = [];
  const held = { serverId, status: "held" } as const;
  for await (const message of everyRecord(deps.records, "messagesOfServerOldest", held, { page: limit + 1 })) {
    if (first.length >= limit) return { first, more: true };
    if (waitsForRoom(message)) first.push(message);
  }
  return { first, more: false };
};

/**
 * Releases one message, even if another worker has postponed it in the meantime. Returns false if it is neither held
 * nor queued any more. Another worker that released it also published it. Throws `Contended`, `Unavailable`.
 */
const releaseMessage = (deps: MoveDeps, message: Versioned<Message>): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "release a held message", async (lost) => {
    const now = lost === 0 ? message : await deps.records.get("messages", message.id);
    if (now === undefined || !waitsForRoom(now)) return now !== undefined && isIn(now.value, "queued");
    const change = { nowMs: deps.clock.nowMs(), note: timelineNote("room_again") };
    const after = moveTo(now.value, queuedNow(deps.clock), change);
    if ((await commitMove(deps, now, { after })) === undefined) return "contended";
    await publishForDelivery(deps, message);
    return true;
  });

/**
 * Releases messages one after the other, so that they reach the topic in this order. Those that were canceled or
 * claimed in the meantime give their promised room back.
 */
const releaseMessages = async (
  deps: MoveDeps,
  serverId: string,
  going: readonly Versioned<Message>[],
): Promise<void> => {
  const gone = new Set<string>();
  for (const message of going) if (!(await releaseMessage(deps, message))) gone.add(message.id);
  if (gone.size === 0) return;
  await changeLedger(deps, { serverId }, (ledger) => {
    return { ...ledger, promised: ledger.promised.filter(({ id }) => !gone.has(id)) };
  });
};

/**
 * Makes sure that the next in line is due before its room opens. A tick looks only at lines of which a message is due,
 * and room may open earlier than expected: the account may be reconnected, or its limit raised.
 */
const ensureDueBeforeRoom = async (deps: MoveDeps, next: Versioned<Message>, roomAtMs: number): Promise<void> => {
  const dueAtMs = dueForRoomMs(deps.clock, roomAtMs);
  if ((next.value.dueAtMs ?? Infinity) > dueAtMs)
    await commitMove(deps, next, { after: postpone(next.value, dueAtMs) });
};

/**
 * Releases as many of the oldest messages as there is room for. Returns when the next one may go, or null if none is
 * left. It writes the ledger first, which promises each its room and keeps the order, then the messages: a crash in
 * between leaves them held and due for the next tick.
 */
const releaseOldest = async (deps: MoveDeps, server: Server, aheadMs: number): Promise<number | null> => {
  const { clock } = deps;
  const { first, more } = await readHeadOfLine(deps, server);
  const plan = { line: first.map(waitingEntry), more, limits: limitsOf(server.value), aheadMs };
  let turn: Turn = { going: [], nextMs: null, after: EMPTY_LEDGER };
  const written = await changeLedger(deps, { serverId: server.id }, (ledger) => {
    turn = promiseRoom(clock, ledger, plan);
    return turn.going.length === 0 && ledger.lineSinceMs === turn.after.lineSinceMs ? null : turn.after;
  });
  if (written === undefined && turn.going.length > 0) return clock.nowMs() + aheadMs + clock.lasting(SECOND);
  const going = new Set(turn.going);
  await releaseMessages(
    deps,
    server.id,
    first.filter(({ id }) => going.has(id)),
  );
  const next = first.find(({ id }) => !going.has(id));
  if (next !== undefined && turn.nextMs !== null) await ensureDueBeforeRoom(deps, next, turn.nextMs);
  return turn.nextMs;
};

/** Releases every message that has room now. */
const releaseAll = async (deps: MoveDeps, server: Server, aheadMs: number): Promise<number | null> => {
  let nextMs = await releaseOldest(deps, server, aheadMs);
  while (nextMs !== null && nextMs <= deps.clock.nowMs()) nextMs = await releaseOldest(deps, server, aheadMs);
  return nextMs;
};

/** The due messages of a line, as far as a process has read them. */
interface DueInLine {
  readonly due: readonly Waiting[];
  /** How many processes read a part of the line each: so many wait for each one that this process knows. */
  readonly parts: number;
}

/** How long those `ahead` take to go, in recipients. The day's limit counts too: a long line takes many days. */
export const lineMs = (clock: Pick<Clock, "lasting">, { perMinute, perDay }: Limits, ahead: number): number =>
  Math.max(Math.floor(ahead / perMinute) * clock.lasting(MINUTE), Math.floor(ahead / perDay) * clock.lasting(DAY));

/** Postpones due messages that must still wait to the minute before their turn should come. */
const postponeWaiting = async (
  deps: MoveDeps,
  server: Server,
  { due, parts, untilMs }: DueInLine & { readonly untilMs: number },
): Promise<void> => {
  const { clock } = deps;
  const limits = limitsOf(server.value);
  let ahead = 0;
  await forEachInBatches(
    due.toSorted((a, b) => a.createdAtMs - b.createdAtMs),
    async ({ id }) => {
      const message = await deps.records.get("messages", id);
      if (message === undefined || !waitsForRoom(message)) return;
      const turnAtMs = untilMs + lineMs(clock, limits, ahead);
      ahead += parts * pendingRecipients(message.value).length;
      const dueAtMs = dueForRoomMs(clock, turnAtMs);
      // A message whose turn comes before the next tick stays due: this tick may release it, or the next one will.
      if (dueAtMs > clock.nowMs()) await commitMove(deps, message, { after: postpone(message.value, dueAtMs) });
    },
  );
};

/**
 * Postpones due messages of a line that another process releases. Without this, each tick would read the whole line.
 * Throws `Unavailable`.
 */
export const postponeInLine = async (deps: MoveDeps, server: Server, line: DueInLine): Promise<void> => {
  const { clock } = deps;
  const nowMs = clock.nowMs();
  if (!canSend(server.value))
    return postponeWaiting(deps, server, { ...line, untilMs: holdAgainAtMs(clock, "reconnect_required") });
  const { value: ledger } = await readLedger(deps.records, server.id);
  const roomAtMs = earliestRoom(clock, ledger, { limits: limitsOf(server.value), wanted: 1, nowMs });
  return postponeWaiting(deps, server, { ...line, untilMs: roomAtMs ?? nowMs });
};

/**
 * Releases the oldest messages that wait for room at a server. It postpones the others among `due` to the minute before
 * their turn, so that a tick does not read a long line whole, and until `untilMs` releases each next one as its room
 * opens: a tick that comes a moment too early would otherwise cost it a minute. Throws `Unavailable`.
 */
export const releaseWithinLimits = async (
  deps: MoveDeps,
  server: Server,
  { untilMs: endMs, ...line }: DueInLine & { readonly untilMs: number },
): Promise<void> => {
  const { clock } = deps;
  if (!canSend(server.value)) {
    return postponeWaiting(deps, server, { ...line, untilMs: holdAgainAtMs(clock, "reconnect_required") });
  }
  const aheadMs = clock.lasting(WAIT_FOR_ROOM_MS) / 2;
  const firstMs = await releaseAll(deps, server, aheadMs);
  if (firstMs === null) return;
  const goOn = async (): Promise<void> => {
    let nextMs: number | null = firstMs;
    while (nextMs !== null && nextMs - aheadMs < endMs) {
      await clock.sleep(Math.max(1, nextMs - aheadMs - clock.nowMs()));
      nextMs = await releaseAll(deps, server, aheadMs);
    }
  };
  // Both run at once: postponing a long line may take longer than the next room takes to open.
  await Promise.all([postponeWaiting(deps, server, { ...line, untilMs: firstMs }), goOn()]);
};
