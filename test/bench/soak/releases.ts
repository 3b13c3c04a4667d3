import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleFrom } from "../../builders/changed-copy.ts";
import { seedServers } from "../../builders/seeded-server.ts";
import { startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { embeddedPlatform } from "../../integration/crash/embedded-platform.ts";
import { googlePlatform } from "../../integration/crash/google-platform.ts";
import { nextRelease } from "../../integration/upgrade/next-release.ts";
import { type Outcome, type Release, TwoReleases } from "../../integration/upgrade/two-releases.ts";
import type { Section } from "./section.ts";

const root = join(import.meta.dirname, "../../..");
interface Ground {
  readonly open: typeof embeddedPlatform;
  /** Ticks without a pause would keep the emulator of Firestore from everything else. */
  readonly restMs: number;
}

const GROUNDS: Readonly<Record<string, Ground>> = {
  "the embedded store": { open: embeddedPlatform, restMs: 20 },
  "Google's store": { open: googlePlatform, restMs: 300 },
};
const SERVERS = Array.from({ length: 8 }, (_, n) => `srv_${n}`);

interface Pair {
  readonly earlier: Release;
  readonly later: Release;
}

const oneRound = async ({ open, restMs }: Ground, directory: string, pair: Pair): Promise<Outcome> => {
  const sandbox = await startGoogleSandbox();
  const platform = await open(sandbox, mkdtempSync(join(directory, "run-")));
  await seedServers(platform.system, sandbox, { ids: SERVERS });
  const two = new TwoReleases({
    platform,
    sandbox,
    servers: SERVERS,
    load: 4,
    kills: 1,
    setsAside: true,
    restMs,
    ...pair,
  });
  try {
    return await two.run();
  } finally {
    await two.close();
    await platform.close();
    await sandbox.close();
  }
};

/** This release and a copy with one more status, two more members and one more event, exchanged in both orders. */
export const releases: Section = {
  title: "Two releases on one store",
  size: { of: "rounds", usual: 3 },
  run: async (rounds) => {
    const directory = mkdtempSync(join(tmpdir(), "relais-releases-"));
    const next = nextRelease();
    const bundled = async (source: string, name: string): Promise<Release> => {
      const dist = await bundleFrom(source, join(directory, name), "deliver-mail", "dispatch-due");
      return { source, dist };
    };
    const pair = { earlier: await bundled(root, "this"), later: await bundled(next, "next") };
    const rows: string[] = [];
    const faults: string[] = [];
    try {
      for (const [store, ground] of Object.entries(GROUNDS)) {
        for (let round = 1; round <= rounds; round += 1) {
          const outcome = await oneRound(ground, directory, pair);
          const { accepted, setAside, unknown, killed } = outcome;
          rows.push(`| ${store} | ${accepted} | ${setAside} | ${killed} | ${unknown} | ${outcome.faults.length} |`);
          faults.push(...outcome.faults.map((fault) => `${store}, round ${round}: ${fault}`));
        }
      }
    } finally {
      rmSync(next, { recursive: true, force: true });
      rmSync(directory, { recursive: true, force: true });
    }
    const text = `This release's functions and those of a copy with one more status, two more members and one more event, rolled out and back in both orders while mail
comes in. At each exchange a process is killed, and another one after it.

| on | accepted | set aside by the copy | processes killed | in doubt | lost, doubled, or sent though set aside |
|---|---|---|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
