import { sendUnderRandomFaults, wrongOf } from "../../integration/delivery/random-faults.ts";
import type { Section } from "./section.ts";

/** Many messages, each of which meets a fault of Gmail's at its first try. */
export const faults: Section = {
  title: "Random faults at the first try",
  size: { of: "messages", usual: 1_000 },
  run: async (messages) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seed ${seed}`);
    const outcomes = await sendUnderRandomFaults(messages, seed);
    const wrong = wrongOf(outcomes);
    const cells = new Map<string, number>();
    for (const outcome of outcomes) {
      const cell = `| ${outcome.name} | ${outcome.status} | ${outcome.copies} | ${wrong.includes(outcome) ? "WRONG" : ""} |`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    const text = `${outcomes.length} messages, seed ${seed}.

| fault | outcome | copies in the mailbox | | times |
|---|---|---|---|---|
${[...cells]
  .sort()
  .map(([cell, times]) => `${cell} ${times} |`)
  .join("\n")}`;
    return { text, faults: wrong.map(({ name, status }) => `${name}: ${status}`) };
  },
};
