import { counting, NO_COUNTS } from "../../builders/counted-records.ts";
import { dispatchDueMessages } from "../../builders/due-messages.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import type { Section } from "./section.ts";

const SERVERS = 100;

/** Dispatches so many messages that are due at once. Returns what it cost, and how many were published. */
const dispatchAll = async (count: number) => {
  const counts = { ...NO_COUNTS };
  const records = counting(new MemoryRecords(undefined, 10_000), counts);
  const ready = () => void Object.assign(counts, NO_COUNTS);
  const result = await dispatchDueMessages(records, { count, servers: SERVERS, ready });
  return { count, ...counts, ...result };
};

/** Everything is due at once. */
export const due: Section = {
  title: "What is due",
  size: { of: "messages", usual: 100_000 },
  run: async (messages) => {
    const runs = [await dispatchAll(Math.ceil(messages / 4)), await dispatchAll(messages)];
    const perMessage = (all: number, count: number): number => all / count;
    const faults = runs.flatMap(({ count, sent }) => (sent === count ? [] : [`${sent} of ${count} were published`]));
    const [few, many] = runs;
    if (few !== undefined && many !== undefined)
      for (const what of ["reads", "writes", "publications"] as const)
        if (perMessage(many[what], many.count) > 1.02 * perMessage(few[what], few.count))
          faults.push(`${what} grow faster than the messages`);
    const rows = runs.map(
      ({ count, reads, writes, publications, pushes }) =>
        `| ${count} | ${[reads, writes, publications].map((all) => perMessage(all, count).toFixed(3)).join(" | ")} | ${pushes} |`,
    );
    const text = `All messages of ${SERVERS} servers are due at once, and the tick and its parts dispatch them: what the store and the topics are asked, a message.

| messages | reads | writes | publications | pushes in all |
|---|---|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
