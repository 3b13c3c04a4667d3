import { everyRecord } from "../../every-record.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { commitMove } from "../commit-move.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { moveTo } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { isIn } from "../statuses.ts";
import { timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { releaseWithinLimits } from "./release-limited.ts";

/** The pages are small, because each message carries a body of up to 100 KiB. */
const PAGE = 50;

/** Reads the server; undefined if it cannot send now or sending is paused. */
const readSendingServer = async (deps: MoveDeps, id: string): Promise<Versioned<MailServer> | undefined> => {
  const server = await deps.records.get("mailServers", id);
  const settings = await readSettings(deps.records, deps.environment);
  return server !== undefined && canSend(server.value) && !settings.value.paused ? server : undefined;
};

/**
 * Releases a server's held messages, oldest first, one after the other, so that they reach the topic in this order.
 * Returns how many it released: none while the server cannot send or sending is paused. Safe to run twice at once and
 * to repeat after a crash. Throws `Unavailable`.
 */
export const releaseHeld = async (deps: MoveDeps, serverId: string): Promise<number> => {
  const server = await readSendingServer(deps, serverId);
  if (server === undefined) return 0;
  let released = 0;
  const held = { serverId, status: "held" } as const;
  for await (const message of everyRecord(deps.records, "messagesOfServerOldest", held, { page: PAGE })) {
    // Messages that wait for room are released below, as far as there is room.
    if (!isIn(message.value, "held") || message.value.because === "limit_reached") continue;
    if (!isUnderstoodMessage(message.value)) continue;
    const change = { nowMs: deps.clock.nowMs(), note: timelineNote("released") };
    const saved = await commitMove(deps, message, { after: moveTo(message.value, queuedNow(deps.clock), change) });
    if (saved === undefined) continue;
    await publishForDelivery(deps, message);
    released += 1;
  }
  await releaseWithinLimits(deps, server, { due: [], parts: 1, untilMs: 0 });
  return released;
};

/**
 * Releases the oldest messages that wait for room, as far as there is any. It reads far less than `releaseHeld` if many
 * wait, and does nothing while the server cannot send or sending is paused. Throws `Unavailable`.
 */
export const releaseIntoRoom = async (deps: MoveDeps, serverId: string): Promise<void> => {
  const server = await readSendingServer(deps, serverId);
  if (server !== undefined) await releaseWithinLimits(deps, server, { due: [], parts: 1, untilMs: 0 });
};

/** Releases the held messages of every server after a pause. */
export const releaseAllHeld = async (deps: MoveDeps): Promise<number> => {
  let released = 0;
  for await (const server of everyRecord(deps.records, "serversByAge", {}))
    released += await releaseHeld(deps, server.id);
  return released;
};
