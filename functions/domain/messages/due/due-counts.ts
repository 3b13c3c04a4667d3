import type { Log } from "../../log.ts";
import type { Message, MessageStatus } from "../message.ts";
import { STATUSES } from "../statuses.ts";

/** What a tick found due, by status, without messages whose body is to be erased. */
export class DueCounts {
  readonly #byStatus = new Map<MessageStatus, { count: number; oldestMs: number }>();

  note({ status, dueAtMs }: Message, nowMs: number): void {
    // A status that this release does not know is in no table.
    if (!Object.hasOwn(STATUSES, status) || STATUSES[status].stage === "final") return;
    const before = this.#byStatus.get(status) ?? { count: 0, oldestMs: 0 };
    const waitedMs = nowMs - (dueAtMs ?? nowMs);
    this.#byStatus.set(status, { count: before.count + 1, oldestMs: Math.max(before.oldestMs, waitedMs) });
  }

  log({ log }: { readonly log: Log }): void {
    for (const [status, counts] of this.#byStatus) log.info("messages_due", { status, ...counts });
  }
}
