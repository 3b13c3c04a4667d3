import { MINUTE } from "../clock.ts";
import { limitsOf } from "../mail-servers/limits.ts";
import { canSend, type MailServer } from "../mail-servers/mail-server.ts";
import type { Page, Versioned } from "../records.ts";
import { WAIT_FOR_ROOM_MS } from "./claim.ts";
import type { MoveDeps } from "./delivery-deps.ts";
import { saveMove } from "./finish.ts";
import { dueForRoomMs, holdAgainAtMs } from "./hold.ts";
import { changeLedger, type Room, readLedger, roomOf } from "./ledger.ts";
import type { Message } from "./message.ts";
import { isIn, moveTo, pendingRecipients, postponed } from "./moves.ts";
import { queuedNow } from "./plan-message.ts";
import { publishForDelivery } from "./publish-delivery.ts";

const LARGEST_PAGE = 50;

interface Server {
  readonly id: string;
  readonly value: MailServer;
}

const waitsForRoom = ({ value }: Versioned<Message>): boolean =>
  isIn(value, "held") && value.because === "limit_reached";

interface Turn {
  /** Oldest first. */
  readonly going: readonly Versioned<Message>[];
  /** The oldest that has to wait on, and when there will be room for it; null: nobody has to. */
  readonly next: { readonly createdAtMs: number; readonly untilMs: number } | null;
}

/** Those for whom there is room, oldest first. Writes nothing. */
const whoseTurn = async (deps: MoveDeps, { id: serverId, value }: Server, room: Room): Promise<Turn> => {
  // Seldom do more go at once than a minute lets, and the next after them is what one looks for.
  const limit = Math.min(LARGEST_PAGE, limitsOf(value).perMinute + 1);
  const going: Versioned<Message>[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<Message> | "bad_cursor" = await deps.records.query(
      "messagesOfServerOldest",
      { serverId, status: "held" },
      { limit, cursor },
    );
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    for (const message of page.items.filter(waitsForRoom)) {
      const taken = room.take(pendingRecipients(message.value).length);
      const { createdAtMs } = message.value;
      if (!taken.fits) return { going, next: { createdAtMs, untilMs: taken.untilMs } };
      going.push(message);
    }
    cursor = page.next;
  } while (cursor !== null);
  return { going, next: null };
};

/**
 * Lets the oldest go, as many as there is room for; answers when the next one may, null where none is left. First the ledger, which says who must
 * not overtake whom, then the messages: a crash in between leaves them held and due, for the next tick.
 */
const releaseOldest = async (deps: MoveDeps, server: Server, room: Room): Promise<number | null> => {
  const { going, next } = await whoseTurn(deps, server, room);
  const lineSinceMs = next?.createdAtMs ?? null;
  await changeLedger(deps, { serverId: server.id }, (ledger) =>
    ledger.lineSinceMs === lineSinceMs ? null : { ...ledger, lineSinceMs },
  );
  for (const message of going) {
    const change = { nowMs: deps.clock.nowMs(), note: "there is room again" };
    const saved = await saveMove(deps, message, moveTo(message.value, queuedNow(deps.clock), change));
    if (saved !== undefined) await publishForDelivery(deps, message.id);
  }
  return next?.untilMs ?? null;
};

/** Sets those that are due, and have to wait on, down for the minute before their turn should come. */
const setDown = async (
  deps: MoveDeps,
  server: Server,
  { due, untilMs }: { readonly due: readonly Versioned<Message>[]; readonly untilMs: number },
): Promise<void> => {
  const { perMinute } = limitsOf(server.value);
  let ahead = 0;
  for (const { id } of due.toSorted((a, b) => a.value.createdAtMs - b.value.createdAtMs)) {
    const message = await deps.records.get("messages", id);
    if (message === undefined || !waitsForRoom(message)) continue;
    const turnAtMs = untilMs + Math.floor(ahead / perMinute) * deps.clock.lasting(MINUTE);
    const dueAtMs = dueForRoomMs(deps.clock, turnAtMs);
    // Whose turn comes before the next tick stays as it is: it goes below, or is due by then.
    if (dueAtMs > deps.clock.nowMs()) await saveMove(deps, message, postponed(message.value, dueAtMs));
    ahead += pendingRecipients(message.value).length;
  }
};

/**
 * For a server of which messages wait for room: lets the oldest go, and sets each of the others that are due (`due`) down for the minute before its
 * turn should come, so that a long line is not looked at whole at every tick. Then, until `untilMs`, lets each next one go as its room opens:
 * a tick that came a moment too early would else cost it a minute. Throws `Unavailable`.
 */
export const releaseWithinLimits = async (
  deps: MoveDeps,
  server: Server,
  { due, untilMs: endMs }: { readonly due: readonly Versioned<Message>[]; readonly untilMs: number },
): Promise<void> => {
  const { clock } = deps;
  if (!canSend(server.value)) {
    return setDown(deps, server, { due, untilMs: holdAgainAtMs(clock, "reconnect_required") });
  }
  const aheadMs = clock.lasting(WAIT_FOR_ROOM_MS) / 2;
  const ledger = (await readLedger(deps.records, server.id)).value;
  const room = roomOf(clock, { ledger, server: server.value, aheadMs });
  let nextMs = await releaseOldest(deps, server, room);
  if (nextMs !== null) await setDown(deps, server, { due, untilMs: nextMs });
  while (nextMs !== null && nextMs - aheadMs < endMs) {
    await clock.sleep(Math.max(1, nextMs - aheadMs - clock.nowMs()));
    nextMs = await releaseOldest(deps, server, room);
  }
};
