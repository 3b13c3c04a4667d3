import type { Log } from "../log.ts";
import type { Message, MessageStatus } from "./message.ts";
import { STATUSES } from "./statuses.ts";

/** When the message could first be sent: once it was accepted, or at the last of its scheduled times. */
const readySinceMs = ({ createdAtMs, timeline }: Message): number =>
  timeline[timeline.findLastIndex(({ status }) => status === "scheduled") + 1]?.atMs ?? createdAtMs;

/**
 * Logs a new message, and each move that has an event: metrics and alarms count these lines (infra/metrics.tf). Codes
 * and times only; `before` is null for a new message.
 */
export const logMove = (
  { log }: { readonly log: Log },
  { id, before, after }: { readonly id: string; readonly before: MessageStatus | null; readonly after: Message },
): void => {
  const { status, serverId: server } = after;
  if (before === null) log.info("message_accepted", { id, server, status });
  if (before === status || STATUSES[status].event === null) return;
  log.info("message_moved", {
    id,
    server,
    from: before,
    to: status,
    problem: after.attempts.at(-1)?.problem ?? null,
    because: after.status === "held" ? after.because : null,
    // A message that was held waited for a person or a limit, which says nothing about how fast Relais is.
    held: after.timeline.some((entry) => entry.status === "held"),
    waitedMs: after.updatedAtMs - readySinceMs(after),
  });
};
