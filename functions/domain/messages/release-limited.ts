import { MINUTE } from "../clock.ts";
import { limitsOf } from "../mail-servers/limits.ts";
import { canSend, type MailServer } from "../mail-servers/mail-server.ts";
import type { Page, Versioned } from "../records.ts";
import type { MoveDeps } from "./delivery-deps.ts";
import { saveMove } from "./finish.ts";
import { holdAgainAtMs } from "./hold.ts";
import { type Room, readRoom } from "./limits.ts";
import type { Message } from "./message.ts";
import { isIn, moveTo, pendingRecipients, postponed } from "./moves.ts";
import { queuedNow } from "./plan-message.ts";
import { publishForDelivery } from "./publish-delivery.ts";

const PAGE = 50;

const waitsForRoom = ({ value }: Versioned<Message>): boolean =>
  isIn(value, "held") && value.because === "limit_reached";

/** Oldest first, as many as there is room for. Answers when the next one may go; null: none is left. */
const releaseOldest = async (deps: MoveDeps, serverId: string, room: Room): Promise<number | null> => {
  let cursor: string | null = null;
  do {
    const page: Page<Message> | "bad_cursor" = await deps.records.query(
      "messagesOfServerOldest",
      { serverId, status: "held" },
      { limit: PAGE, cursor },
    );
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    for (const message of page.items.filter(waitsForRoom)) {
      const taken = room.take(pendingRecipients(message.value).length);
      if (!taken.fits) return taken.untilMs;
      const change = { nowMs: deps.clock.nowMs(), note: "there is room again" };
      const saved = await saveMove(deps, message, moveTo(message.value, queuedNow(deps.clock), change));
      if (saved !== undefined) await publishForDelivery(deps, message.id);
    }
    cursor = page.next;
  } while (cursor !== null);
  return null;
};

/**
 * For a server of which messages that wait for room are due: lets the oldest go, and sets each of the others down for the minute in which its turn
 * should come, so that a long line is not looked at whole at every tick. `due` are the messages that are due. Throws `Unavailable`.
 */
export const releaseWithinLimits = async (
  deps: MoveDeps,
  server: { readonly id: string; readonly value: MailServer },
  due: readonly Versioned<Message>[],
): Promise<void> => {
  const blocked = !canSend(server.value);
  const untilMs = blocked
    ? holdAgainAtMs(deps.clock, "reconnect_required")
    : await releaseOldest(deps, server.id, await readRoom(deps, server));
  if (untilMs === null) return;
  const { perMinute } = limitsOf(server.value);
  let ahead = 0;
  for (const { id } of due.toSorted((a, b) => a.value.createdAtMs - b.value.createdAtMs)) {
    const message = await deps.records.get("messages", id);
    if (message === undefined || !waitsForRoom(message)) continue;
    const turnAtMs = untilMs + Math.floor(ahead / perMinute) * deps.clock.lasting(MINUTE);
    await saveMove(deps, message, postponed(message.value, turnAtMs));
    ahead += pendingRecipients(message.value).length;
  }
};
