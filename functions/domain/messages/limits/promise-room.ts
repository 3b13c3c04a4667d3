import type { Limits } from "../../mail-servers/limits.ts";
import type { QuotaLedger } from "../message.ts";
import { earliestRoom, type LedgerClock, standingPromises } from "./room.ts";

export interface Waiting {
  readonly id: string;
  readonly createdAtMs: number;
  readonly recipients: number;
}

/** Which messages of a line may go. */
export interface Turn {
  readonly going: readonly string[];
  /** When the next one may go; null if none is left. */
  readonly nextMs: number | null;
  /** The ledger with their promises, and the line as it then stands. */
  readonly after: QuotaLedger;
}

/**
 * Promises room to each message of `line` (oldest first). Nobody else gets that room while the promise stands:
 * otherwise two ticks, or one that runs before the released messages are claimed, could release more than fit, and the
 * younger could overtake. Room that opens within `aheadMs` is promised now. With `more`, others wait behind the line.
 */
export const promiseRoom = (
  clock: LedgerClock,
  ledger: QuotaLedger,
  plan: {
    readonly line: readonly Waiting[];
    readonly more: boolean;
    readonly limits: Limits;
    readonly aheadMs: number;
  },
): Turn => {
  const nowMs = clock.nowMs();
  const going: string[] = [];
  let after: QuotaLedger = { ...ledger, promised: standingPromises(clock, ledger) };
  for (const { id, createdAtMs, recipients } of plan.line) {
    // If a tick died between the promise and the release, its promise still stands.
    if (!after.promised.some((promise) => promise.id === id)) {
      const untilMs = earliestRoom(clock, after, { limits: plan.limits, wanted: recipients, nowMs });
      if (untilMs !== null && untilMs > nowMs + plan.aheadMs) {
        return { going, nextMs: untilMs, after: { ...after, lineSinceMs: createdAtMs } };
      }
      after = { ...after, promised: [...after.promised, { id, atMs: untilMs ?? nowMs, recipients }] };
    }
    going.push(id);
  }
  const last = plan.more ? plan.line.at(-1) : undefined;
  return {
    going,
    nextMs: last === undefined ? null : nowMs,
    after: { ...after, lineSinceMs: last?.createdAtMs ?? null },
  };
};
