import { useEmulators } from "../../builders/emulators.ts";
import { moveUnderKills } from "../../integration/crash/moving-tokens.ts";
import type { Section } from "./section.ts";

/** `npm test` moves fewer tokens, and kills at some of the points. */
export const moving: Section = {
  title: "Refresh tokens that move while others refresh them",
  size: { of: "servers", usual: 16 },
  run: async (servers) => {
    const emulators = await useEmulators();
    try {
      const { points, kills, refreshed } = await moveUnderKills({ servers, choose: (all) => all });
      const text = `The tokens of ${servers} servers went from Secret Manager to Firestore and back, on the emulator and the stand-in. Of the processes that moved them, one was to be killed at each of
${points} points; ${kills} met theirs. ${refreshed} refreshes went on meanwhile, each of which ended the token before. At the end each server had its grant, and nothing was left behind or in clear.`;
      return { text, faults: [] };
    } finally {
      await emulators.stop();
    }
  },
};
