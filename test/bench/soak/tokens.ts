import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { sealedTokenVault } from "../../../functions/adapters/sealing/sealed-token-vault.ts";
import { twoHomeVault } from "../../../functions/adapters/sealing/two-home-vault.ts";
import { openSecretManager } from "../../../functions/adapters/secret-manager/client.ts";
import { secretManagerVault } from "../../../functions/adapters/secret-manager/secret-manager-vault.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { testProject, useEmulators } from "../../builders/emulators.ts";
import { startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import { testRandom, testSealer } from "../../builders/store.ts";
import { ACTS, killEverywhere } from "../../unit/connections/kill-points.ts";
import { newWorld } from "../../unit/connections/walk.ts";
import type { Section } from "./section.ts";

const HOMES = ["secrets", "sealed"] as const;

/**
 * Runs every act of a connection with a kill after each write, on Google's Firestore emulator and the stand-in for
 * Secret Manager, with refresh tokens in either home.
 */
export const tokens: Section = {
  title: "Connections killed at every write",
  size: { of: "rounds", usual: 1 },
  run: async (rounds) => {
    const emulators = await useEmulators();
    const standIn = await startSecretManagerStandIn();
    const calls = googleCalls({ clock: systemClock(), random: testRandom });
    const client = openSecretManager(standIn.host);
    const worldOf = (refreshTokens: (typeof HOMES)[number]) => () => {
      const projectId = testProject();
      const database = openDatabase(projectId, emulators.firestoreHost);
      const records = firestoreRecords({ calls, random: testRandom, database });
      const secrets = secretManagerVault({ calls, client, projectId });
      const sealed = sealedTokenVault({ records, sealer: testSealer(), clock: systemClock(), random: testRandom });
      return newWorld({ records, vault: twoHomeVault({ secrets, sealed, refreshTokens }) });
    };
    const faults: string[] = [];
    const pointsOf = async (name: string, home: (typeof HOMES)[number]): Promise<number | string> => {
      let points: number | string = "–";
      for (let round = 0; round < rounds; round += 1) {
        try {
          points = await killEverywhere(name, worldOf(home));
        } catch (error) {
          faults.push(`${name}, ${home}: ${error instanceof Error ? error.message : String(error)}`);
        }
      }
      return points;
    };
    const rows: string[] = [];
    for (const name of Object.keys(ACTS))
      rows.push(`| ${name} | ${await pointsOf(name, "secrets")} | ${await pointsOf(name, "sealed")} |`);
    await standIn.close();
    await emulators.stop();
    const text = `On the Firestore emulator and the stand-in for Secret Manager. After each death the server was as before or as after, its pointer led to a secret, it could be
done again at once or after the next tick, and after that tick no secret was left that no server points to.

| act | writes of all ports, after each of which it was killed: tokens in Secret Manager | sealed in Firestore |
|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
