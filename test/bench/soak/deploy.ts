import { isDeepStrictEqual } from "node:util";
import { Deployment } from "../../integration/deploy/deployment.ts";
import type { Section } from "./section.ts";

interface Chain {
  readonly what: string;
  /** Makes the project ready in which the run is killed. */
  readonly before: (deployment: Deployment) => Promise<unknown>;
  readonly args: (deployment: Deployment) => readonly string[];
}

const secondRelease = async (deployment: Deployment): Promise<void> => {
  const cloud = await deployment.deployedProject();
  cloud.release = "two";
};

const CHAINS: readonly Chain[] = [
  {
    what: "a first deployment",
    before: async (deployment) => deployment.newProject(),
    args: ({ url }) => ["--url", url, "--operator", "ada@example.com"],
  },
  { what: "a roll-out", before: secondRelease, args: () => ["--canary", "10"] },
  {
    what: "the way back",
    before: async (deployment) => {
      await secondRelease(deployment);
      await deployment.run();
    },
    args: () => ["--rollback"],
  },
  { what: "a removal", before: (deployment) => deployment.deployedProject(), args: () => ["--destroy"] },
  {
    what: "a removal with all data",
    before: (deployment) => deployment.deployedProject(),
    args: ({ cloud }) => ["--destroy", "--delete-data", "--confirm", cloud.project],
  },
];

/** Runs it undisturbed, and then killed at each step; returns at how many, and whether both ended alike. */
const runChain = async (deployment: Deployment, { before, args }: Chain) => {
  await before(deployment);
  const { status, output } = await deployment.run(...args(deployment));
  if (status !== 0) throw new Error(output);
  const undisturbed = deployment.state();
  await before(deployment);
  const killedAt = await deployment.killedAtEachStep(...args(deployment));
  return { kills: killedAt.length, alike: isDeepStrictEqual(deployment.state(), undisturbed) };
};

/** `npm test` kills the same runs without processes, and one process at a step that changes. */
export const deploy: Section = {
  title: "A deployment killed at each step",
  size: { of: "rounds", usual: 1 },
  run: async (rounds) => {
    const deployment = await Deployment.start("program");
    const rows: string[] = [];
    const faults: string[] = [];
    try {
      for (let round = 0; round < rounds; round += 1)
        for (const chain of CHAINS) {
          const { kills, alike } = await runChain(deployment, chain);
          rows.push(`| ${chain.what} | ${kills} | ${alike ? "the same" : "another"} |`);
          if (!alike) faults.push(`${chain.what}, killed ${kills} times, ended in another state`);
        }
    } finally {
      await deployment.close();
    }
    const text = `The program of \`npm run deploy\` beside stand-ins of gcloud, Terraform and Firebase gets a SIGKILL after each change that it makes, and is started again each time until it comes to its end.

| run | kills | state at the end, compared with an undisturbed run |
|---|---|---|
${rows.join("\n")}`;
    return { text, faults };
  },
};
