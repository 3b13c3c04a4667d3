import { faultsOf, outOfOrder, runLedgers, ticksLate } from "../../integration/delivery/ledger-run.ts";
import type { Section } from "./section.ts";

/** Several processes claim the messages of several servers against their limits. */
export const ledger: Section = {
  title: "Limits",
  size: { of: "messages of each server", usual: 300 },
  run: async (messages) => {
    const run = { servers: 10, processes: 5, messages, perMinute: 5, minuteMs: 4_000, slackMinutes: 1 };
    const { claimedAtMs, releasedAtMs } = await runLedgers(run);
    const found = claimedAtMs.map((times, n) => [...faultsOf(times, run), ...outOfOrder(releasedAtMs[n] ?? [])]);
    const late = claimedAtMs.map((times) => ticksLate(times, run).toFixed(2));
    const rows = found.map((one, n) => `| ${n} | ${one.length === 0 ? "kept" : one.join("; ")} | ${late[n]} |`);
    const text = `${run.servers} servers of ${messages} messages at ${run.perMinute} a minute, ${run.processes} processes: no rolling minute above the limit, oldest first, the last within
one tick of the earliest time that the limits allow. A minute takes ${run.minuteMs / 1_000} s.

| server | | ticks that the last left later than the limits allow |
|---|---|---|
${rows.join("\n")}`;
    return { text, faults: found.flat() };
  },
};
