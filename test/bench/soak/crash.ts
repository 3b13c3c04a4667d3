import { crashEverywhere, tableOf } from "../../integration/crash/crash.ts";
import { World } from "../../integration/crash/world.ts";
import type { Section } from "./section.ts";

/** The built delivery killed at every point that it passes, so many times each. */
export const crash: Section = {
  title: "Killed at every point, every event delivered twice",
  size: { of: "times that each point is struck", usual: 7 },
  run: async (rounds) => {
    const world = await World.make();
    try {
      const smtp = { servers: await world.seed("smtp", 60), searchable: true, rounds };
      const api = { servers: await world.seed("gmail_api", 30), searchable: false, rounds };
      const rows = await crashEverywhere(world, [smtp, api]);
      const text = `On the embedded store, ${rows.length} messages. Rows with \`store\` and \`google\` alone are of the Gmail API under \`gmail.send\`, where nobody may search the sent mail.

${tableOf(rows)}`;
      const faults = rows.filter(({ asItShould }) => !asItShould).map(({ point }) => point);
      return { text, faults };
    } finally {
      await world.close();
    }
  },
};
