import { changeOnCondition } from "../../change-on-condition.ts";
import { MINUTE, SECOND } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import { limitsOf } from "../../mail-servers/limits.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { each } from "../at-once.ts";
import { commitMove } from "../commit-move.ts";
import { WAIT_FOR_ROOM_MS } from "../deliver/claim-room.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { dueForRoomMs, holdAgainAtMs } from "../hold.ts";
import { changeLedger } from "../limits/ledger.ts";
import { EMPTY_LEDGER, promisedRoom, type Turn, type Waiting } from "../limits/limits.ts";
import type { Message } from "../message.ts";
import { moveTo, pendingRecipients, postponed } from "../moves.ts";
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

export const waitingOf = ({ id, value }: Versioned<Message>): Waiting => {
  return { id, createdAtMs: value.createdAtMs, recipients: pendingRecipients(value).length };
};

interface Line {
  /** Oldest first. */
  readonly first: readonly Versioned<Message>[];
  /** Others may wait behind these. */
  readonly more: boolean;
}

/** The oldest that wait: seldom do more go at once than a minute lets, and the next after them is what one looks for. */
const oldestWaiting = async (deps: MoveDeps, { id: serverId, value }: Server): Promise<Line> => {
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
 * False: it is neither held nor queued any more. Somebody else may have postponed it meanwhile; whoever released it has published it too.
 * Throws `Contended`, `Unavailable`.
 */
const letGo = (deps: MoveDeps, message: Versioned<Message>): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "release a held message", async (lost) => {
    const now = lost === 0 ? message : await deps.records.get("messages", message.id);
    if (now === undefined || !waitsForRoom(now)) return now !== undefined && isIn(now.value, "queued");
    const change = { nowMs: deps.clock.nowMs(), note: timelineNote("room_again") };
    const after = moveTo(now.value, queuedNow(deps.clock), change);
    if ((await commitMove(deps, now, { after })) === undefined) return "contended";
    await publishForDelivery(deps, message.id);
    return true;
  });

/** Lets them go one after the other, so that the topic gets them in that order; who was called back or claimed meanwhile needs no room. */
const letAllGo = async (deps: MoveDeps, serverId: string, going: readonly Versioned<Message>[]): Promise<void> => {
  const gone = new Set<string>();
  for (const message of going) if (!(await letGo(deps, message))) gone.add(message.id);
  if (gone.size === 0) return;
  await changeLedger(deps, { serverId }, (ledger) => {
    return { ...ledger, promised: ledger.promised.filter(({ id }) => !gone.has(id)) };
  });
};

/**
 * The next of a line is due by the tick before its room opens, whatever it was set down for: in the meantime its account may have been connected again, or
 * its limit been raised, and a line of which nothing is due is looked at by no tick.
 */
const keepInView = async (deps: MoveDeps, next: Versioned<Message>, roomAtMs: number): Promise<void> => {
  const dueAtMs = dueForRoomMs(deps.clock, roomAtMs);
  if ((next.value.dueAtMs ?? Infinity) > dueAtMs)
    await commitMove(deps, next, { after: postponed(next.value, dueAtMs) });
};

/**
 * Lets the oldest go, as many as there is room for; answers when the next one may, null where none is left. First the ledger, which promises each
 * its room and says who must not overtake whom, then the messages: a crash in between leaves them held and due, for the next tick.
 */
const releaseOldest = async (deps: MoveDeps, server: Server, aheadMs: number): Promise<number | null> => {
  const { clock } = deps;
  const { first, more } = await oldestWaiting(deps, server);
  const plan = { line: first.map(waitingOf), more, limits: limitsOf(server.value), aheadMs };
  let turn: Turn = { going: [], nextMs: null, after: EMPTY_LEDGER };
  const written = await changeLedger(deps, { serverId: server.id }, (ledger) => {
    turn = promisedRoom(clock, ledger, plan);
    return turn.going.length === 0 && ledger.lineSinceMs === turn.after.lineSinceMs ? null : turn.after;
  });
  if (written === undefined && turn.going.length > 0) return clock.nowMs() + aheadMs + clock.lasting(SECOND);
  const going = new Set(turn.going);
  await letAllGo(
    deps,
    server.id,
    first.filter(({ id }) => going.has(id)),
  );
  const next = first.find(({ id }) => !going.has(id));
  if (next !== undefined && turn.nextMs !== null) await keepInView(deps, next, turn.nextMs);
  return turn.nextMs;
};

/** All there is room for now. */
const releaseAll = async (deps: MoveDeps, server: Server, aheadMs: number): Promise<number | null> => {
  let nextMs = await releaseOldest(deps, server, aheadMs);
  while (nextMs !== null && nextMs <= deps.clock.nowMs()) nextMs = await releaseOldest(deps, server, aheadMs);
  return nextMs;
};

/** Sets those that are due, and have to wait on, down for the minute before their turn should come. */
const setDown = async (
  deps: MoveDeps,
  server: Server,
  { due, untilMs }: { readonly due: readonly Waiting[]; readonly untilMs: number },
): Promise<void> => {
  const { clock } = deps;
  const { perMinute } = limitsOf(server.value);
  let ahead = 0;
  await each(
    due.toSorted((a, b) => a.createdAtMs - b.createdAtMs),
    async ({ id }) => {
      const message = await deps.records.get("messages", id);
      if (message === undefined || !waitsForRoom(message)) return;
      const turnAtMs = untilMs + Math.floor(ahead / perMinute) * clock.lasting(MINUTE);
      ahead += pendingRecipients(message.value).length;
      const dueAtMs = dueForRoomMs(clock, turnAtMs);
      // Whose turn comes before the next tick stays as it is: it goes below, or is due by then.
      if (dueAtMs > clock.nowMs()) await commitMove(deps, message, { after: postponed(message.value, dueAtMs) });
    },
  );
};

/**
 * For a server of which messages wait for room: lets the oldest go, and sets each of the others that are due (`due`) down for the minute before its
 * turn should come, so that a long line is not looked at whole at every tick. Then, until `untilMs`, lets each next one go as its room opens:
 * a tick that came a moment too early would else cost it a minute. Throws `Unavailable`.
 */
export const releaseWithinLimits = async (
  deps: MoveDeps,
  server: Server,
  { due, untilMs: endMs }: { readonly due: readonly Waiting[]; readonly untilMs: number },
): Promise<void> => {
  const { clock } = deps;
  if (!canSend(server.value)) {
    return setDown(deps, server, { due, untilMs: holdAgainAtMs(clock, "reconnect_required") });
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
  // Both at once: a long line takes longer to set down than the next room to open.
  await Promise.all([setDown(deps, server, { due, untilMs: firstMs }), goOn()]);
};
