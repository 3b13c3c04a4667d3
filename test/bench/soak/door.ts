import { bundledDoor } from "../../builders/door-process.ts";
import { runKilled, seeded } from "../../integration/submission/killed.ts";
import type { Section } from "./section.ts";

const MAILS_A_KILL = 2.5;
const SEED = 12;

export const door: Section = {
  title: "The SMTP door and Relais, killed while a client that repeats sends",
  size: { of: "kills", usual: 200 },
  run: async (kills) => {
    const mails = Math.ceil(kills * MAILS_A_KILL);
    const { folder, remove } = bundledDoor();
    const outcome = await runKilled({ mails, kills, random: seeded(SEED), program: `${folder}/index.js` });
    remove();
    const { killed, attempts, inDoubt, lost, twice, extraRecords } = outcome;
    return {
      text: [
        `${mails} mails were sent through \`relais-smtp\` to \`npm start\`, each repeated until it was answered 250, while one of the two was killed (-9) at ${kills} random moments: the door ${killed.door} times, Relais ${killed.relais} times.`,
        "",
        "| mails | attempts, most while one of the two was down | lost | sent twice | records too many | in doubt, decided by a person |",
        "|---|---|---|---|---|---|",
        `| ${mails} | ${attempts} | ${lost.length} | ${twice.length} | ${extraRecords} | ${inDoubt} |`,
        "",
        "In doubt: Relais was killed between the mark and Gmail's reply, and the mail was not found among the sent ones.",
      ].join("\n"),
      faults: [
        ...lost.map((id) => `${id} was lost`),
        ...twice.map((id) => `${id} was sent twice`),
        ...(extraRecords === 0 ? [] : [`there are ${extraRecords} records too many`]),
      ],
    };
  },
};
