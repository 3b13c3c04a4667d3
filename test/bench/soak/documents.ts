import { runKilled } from "../../integration/documents/killed.ts";
import { seeded } from "../../integration/submission/killed.ts";
import type { Section } from "./section.ts";

const SEED = 15;

export const documents: Section = {
  title: "Trigger Email documents, whose function is killed while their events come twice and mixed",
  size: { of: "documents", usual: 200 },
  run: async (count) => {
    const { kills, events, calls, mails, states, wrong } = await runKilled(count, seeded(SEED));
    const stuck = count - (states.SUCCESS ?? 0);
    return {
      text: [
        `${count} documents were written to the emulator of Firestore. Its own trigger told of each write; every event was sent twice, in no order, and again until it was acknowledged. \`mail-documents\` was killed (-9) ${kills} times at random moments until half of the documents were at their end.`,
        "",
        "| documents | events | events a document | calls | mails | SUCCESS | stuck |",
        "|---|---|---|---|---|---|---|",
        `| ${count} | ${events} | ${(events / count).toFixed(2)} | ${calls} | ${mails} | ${states.SUCCESS ?? 0} | ${stuck} |`,
        "",
        "An event is what calls the function once as deployed; calls count the doubled and repeated ones too.",
      ].join("\n"),
      faults: [
        ...wrong.map((id) => `${id} is not one mail`),
        ...(stuck === 0 ? [] : [`${stuck} documents are stuck: ${JSON.stringify(states)}`]),
        ...(events <= 3 * count ? [] : [`${events} events are more than 3 a document`]),
      ],
    };
  },
};
