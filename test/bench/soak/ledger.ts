import { faultsOf, outOfOrder, ticksLate } from "../../builders/claims.ts";
import { runLedgers } from "./ledger-run.ts";
import type { Section } from "./section.ts";

/**
 * A minute in real milliseconds. Before a worker reaches messages that were released meanwhile, it must look at and set
 * aside the whole queue, which takes five real seconds on two busy cores at any scale, all within the second minute.
 * That is more than a minute of four seconds, but less than one of ten, as it is of a real one.
 */
const MINUTE_MS = 10_000;

/** Several processes claim the messages of several servers against their limits. */
export const ledger: Section = {
  title: "Limits",
  size: { of: "messages of each server", usual: 300 },
  run: async (messages) => {
    const run = { servers: 10, processes: 5, messages, perMinute: 5, minuteMs: MINUTE_MS, slackMinutes: 1 };
    const { claimedAtMs, waits } = await runLedgers(run);
    const found = claimedAtMs.map((times, n) => [...faultsOf(times, run), ...outOfOrder(waits[n] ?? [], run)]);
    const early = (times: readonly number[]) => times.toSorted((a, b) => a - b).slice(0, 10 * run.perMinute);
    const late = claimedAtMs.map((times) => [early(times), times].map((some) => ticksLate(some, run).toFixed(2)));
    const rows = found.map(
      (one, n) => `| ${n} | ${one.length === 0 ? "kept" : one.join("; ")} | ${late[n]?.join(" | ")} |`,
    );
    const text = `${run.servers} servers of ${messages} messages at ${run.perMinute} a minute, ${run.processes} processes: no rolling minute above the limit, oldest first, the last within
one tick of the earliest time that the limits allow. A minute takes ${run.minuteMs / 1_000} s.

| server | | ticks that the last of the first ten minutes left later than the limits allow | the last of all |
|---|---|---|---|
${rows.join("\n")}`;
    return { text, faults: found.flat() };
  },
};
