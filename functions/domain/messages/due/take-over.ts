import { everyRecord } from "../../every-record.ts";
import { commitMove } from "../commit-move.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { changeLedger } from "../limits/ledger.ts";
import { postpone } from "../moves.ts";
import { isUnderstoodMessage } from "../understood.ts";

/**
 * Ends the leases of messages that are being sent, and the places that their accounts hold for them: the next tick
 * then queues or doubts them, instead of minutes later. Only for a process that knows that no other works on the store,
 * before it delivers anything itself. Safe to repeat. Throws `Unavailable`.
 */
export const takeOver = async (deps: MoveDeps): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  for await (const sending of everyRecord(deps.records, "messagesByStatus", { status: "sending" })) {
    if (isUnderstoodMessage(sending.value)) await commitMove(deps, sending, { after: postpone(sending.value, nowMs) });
  }
  // A process may have died between an outcome and the end of its claim, so every ledger is looked at.
  for await (const { id: serverId } of everyRecord(deps.records, "serversByAge", {})) {
    await changeLedger(deps, { serverId }, (ledger) => (ledger.live.length === 0 ? null : { ...ledger, live: [] }));
  }
};
