import type { Principal } from "../../access/records.ts";
import { changeOnCondition } from "../../change-on-condition.ts";
import { everyRecord } from "../../every-record.ts";
import type { Versioned } from "../../records.ts";
import { ok, type Result } from "../../result.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { commitMove } from "../commit-move.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { finish } from "../finish.ts";
import type { Message } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { type MessageIn, type StatusFor, takesCommand, WAITING } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { moveByCaller } from "./caller-move.ts";

const cancel = (
  deps: Pick<MoveDeps, "clock">,
  message: MessageIn<StatusFor<"cancel">>,
  how: { readonly retentionDays: number; readonly note: TimelineNote | null },
): Message => finish(deps.clock, message, { status: "canceled", nowMs: deps.clock.nowMs(), ...how });

/** Cancels a waiting message. Refuses what `moveByCaller` refuses. Throws `Unavailable`. */
export const cancelMessage = async (
  deps: MoveDeps,
  principal: Principal,
  id: string,
): Promise<Result<Versioned<Message>>> => {
  const { retentionDays } = (await readSettings(deps.records, deps.environment)).value;
  return moveByCaller(deps, {
    principal,
    id,
    command: "cancel",
    decide: (value) => {
      const after = cancel(deps, value, { retentionDays, note: null });
      return ok({ after, announcement: messageEvent("relais.message.canceled.v1", id, after) });
    },
  });
};

/** Returns false if the message is being sent or has ended otherwise. Throws `Contended`, `Unavailable`. */
const cancelOne = (deps: MoveDeps, id: string, retentionDays: number): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "cancel a message", async () => {
    const before = await deps.records.get("messages", id);
    if (before === undefined || !isUnderstoodMessage(before.value) || !takesCommand(before.value, "cancel"))
      return false;
    const after = cancel(deps, before.value, { retentionDays, note: timelineNote("server_deleted") });
    const event = messageEvent("relais.message.canceled.v1", id, after);
    return (await commitMove(deps, before, { after, event })) === undefined ? "contended" : true;
  });

/**
 * Cancels every waiting message of a server that is being deleted, and leaves those that are being sent or in doubt.
 * Returns how many it canceled. Safe to repeat after a crash. Throws `Unavailable`.
 */
export const cancelOpenMessages = async (deps: MoveDeps, serverId: string): Promise<number> => {
  const { retentionDays } = (await readSettings(deps.records, deps.environment)).value;
  let count = 0;
  for (const status of WAITING) {
    for await (const { id } of everyRecord(
      deps.records,
      "messagesOfServerOldest",
      { serverId, status },
      { page: 100 },
    )) {
      if (await cancelOne(deps, id, retentionDays)) count += 1;
    }
  }
  return count;
};
