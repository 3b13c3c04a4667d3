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

/** Their bodies come along, up to 100 KiB each. */
const PAGE = 50;

/** The server, if mail may leave through it now. */
const sendingServer = async (deps: MoveDeps, id: string): Promise<Versioned<MailServer> | undefined> => {
  const server = await deps.records.get("mailServers", id);
  const settings = await readSettings(deps.records, deps.environment);
  return server !== undefined && canSend(server.value) && !settings.value.paused ? server : undefined;
};

/**
 * Lets a server's held messages go, oldest first, one after the other so that the topic gets them in that order. Answers how many went; none while
 * the server cannot send or everything is paused. May run twice at once, and go on where it was cut off. Throws `Unavailable`.
 */
export const releaseHeld = async (deps: MoveDeps, serverId: string): Promise<number> => {
  const server = await sendingServer(deps, serverId);
  if (server === undefined) return 0;
  let released = 0;
  const held = { serverId, status: "held" } as const;
  for await (const message of everyRecord(deps.records, "messagesOfServerOldest", held, { page: PAGE })) {
    // What waits for room goes as far as there is any, below.
    if (!isIn(message.value, "held") || message.value.because === "limit_reached") continue;
    if (!isUnderstoodMessage(message.value)) continue;
    const change = { nowMs: deps.clock.nowMs(), note: timelineNote("released") };
    const saved = await commitMove(deps, message, { after: moveTo(message.value, queuedNow(deps.clock), change) });
    if (saved === undefined) continue;
    await publishForDelivery(deps, message.id);
    released += 1;
  }
  await releaseWithinLimits(deps, server, { due: [], untilMs: 0 });
  return released;
};

/**
 * There is room again: of those that wait for it the oldest go, as many as it takes. Far less than `releaseHeld` to do where many wait; nothing while the
 * server cannot send or everything is paused. Throws `Unavailable`.
 */
export const releaseIntoRoom = async (deps: MoveDeps, serverId: string): Promise<void> => {
  const server = await sendingServer(deps, serverId);
  if (server !== undefined) await releaseWithinLimits(deps, server, { due: [], untilMs: 0 });
};

/** After a pause: every server's. */
export const releaseAllHeld = async (deps: MoveDeps): Promise<number> => {
  let released = 0;
  for await (const server of everyRecord(deps.records, "serversByAge", {}))
    released += await releaseHeld(deps, server.id);
  return released;
};
