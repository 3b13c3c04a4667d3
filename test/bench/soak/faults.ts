import { sendInLanes, wrongOf } from "../../integration/delivery/random-faults.ts";
import type { Section } from "./section.ts";

const LANES = 4;

/** Many messages, each of which meets a fault of Gmail's at its first try. */
export const faults: Section = {
  title: "Random faults at the first try",
  size: { of: "messages", usual: 1_000 },
  run: async (messages) => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    console.log(`seeds ${seed} to ${seed + LANES - 1}`);
    const outcomes = await sendInLanes({ messages, seed, lanes: LANES });
    const wrong = wrongOf(outcomes);
    const cells = new Map<string, number>();
    for (const outcome of outcomes) {
      const cell = `| ${outcome.name} | ${outcome.status} | ${outcome.copies} | ${wrong.includes(outcome) ? "WRONG" : ""} |`;
      cells.set(cell, (cells.get(cell) ?? 0) + 1);
    }
    const text = `${outcomes.length} messages, ${LANES} stacks side by side, seeds ${seed} to ${seed + LANES - 1}.

| fault | outcome | copies in the mailbox | | times |
|---|---|---|---|---|
${[...cells]
  .sort()
  .map(([cell, times]) => `${cell} ${times} |`)
  .join("\n")}`;
    return { text, faults: wrong.map(({ name, status }) => `${name}: ${status}`) };
  },
};
