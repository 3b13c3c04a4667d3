import { join } from "node:path";
import type { ZodError } from "zod";
import { planApply, prepareTerraform, summaryOf } from "./apply.ts";
import { type Context, contextOf, type Surroundings } from "./context.ts";
import { destroyAll } from "./destroy.ts";
import { Gcloud } from "./gcloud.ts";
import { describeObstacles, type Obstacle } from "./obstacles.ts";
import { type Deed, type DeployOptions, parseOptions, USAGE } from "./options.ts";
import { preflight, whatKeepsFromAsking } from "./preflight.ts";
import { readRollOut } from "./rollout.ts";
import { bucketOf, recall } from "./state-bucket.ts";
import { deployAll, ensureBuilt, goBack } from "./steps.ts";

/** Ends the run before it has changed anything; the message is for the person who typed the command. */
class Refusal extends Error {
  readonly status: 1 | 2;

  constructor(status: 1 | 2, text: string) {
    super(text);
    this.status = status;
  }
}

const stopAt = (obstacles: readonly Obstacle[]): void => {
  if (obstacles.length === 0) return;
  const intro = `Nothing was changed. ${obstacles.length} things stand in the way:`;
  throw new Refusal(1, `${intro}\n${describeObstacles(obstacles)}`);
};

const explainInputs = (error: ZodError): string => {
  const missing = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n  ");
  return `Say at the first deployment where Relais is and who administers it:\n  ${missing}\n\n${USAGE}`;
};

const planOnly = async (context: Context): Promise<void> => {
  const { dist } = await ensureBuilt(context);
  const prepared = await prepareTerraform(context, dist);
  const changes = await planApply(context, prepared, { shown: true });
  context.say(`\nA deployment would: ${summaryOf(changes)}. Nothing was changed.`);
};

const goBackOnly = async (context: Context): Promise<void> => {
  const rollOut = await readRollOut(context);
  if (rollOut === null) throw new Refusal(2, "There is no former deployment to go back to.");
  const { terraform } = await prepareTerraform(context, context.options.dist ?? join(context.root, "dist"));
  context.say("Roll-back: the functions and the console of the deployment before");
  await goBack(context, await terraform.outputs(), rollOut);
  context.say("Everything that comes in goes to the former functions. The next deployment goes forward again.");
};

interface Kind {
  /** Whether obstacles count: what goes back or away needs no room to grow. */
  readonly checked: boolean;
  readonly act: (context: Context) => Promise<void>;
}

const DEEDS: Readonly<Record<Deed, Kind>> = {
  deploy: { checked: true, act: deployAll },
  plan: { checked: true, act: planOnly },
  rollback: { checked: false, act: goBackOnly },
  destroy: { checked: false, act: destroyAll },
};

const perform = async (surroundings: Surroundings, options: DeployOptions): Promise<number> => {
  const { tools, say } = surroundings;
  const { checked, act } = DEEDS[options.deed];
  const gcloud = new Gcloud(tools, options.project);
  say(`Preflight: project ${options.project}`);
  stopAt(await whatKeepsFromAsking({ tools, gcloud }));
  const remembered = await recall(gcloud, options.prefix);
  if (remembered === null && !checked) {
    say(`Nothing is deployed: gs://${bucketOf(options.project)} knows no installation of this project and prefix.`);
    return options.deed === "destroy" ? 0 : 2;
  }
  const context = contextOf(surroundings, options, remembered);
  if (!context.ok) throw new Refusal(2, explainInputs(context.problem));
  if (checked) stopAt(await preflight(context.value, remembered));
  await act(context.value);
  return 0;
};

interface Asked {
  /** What stands behind `npm run deploy --`. */
  readonly args: readonly string[];
  /** Says why a run has failed. */
  readonly complain: (text: string) => void;
}

/** Does what the arguments ask for, and returns the status with which the command ends. */
export const runDeployCommand = async (surroundings: Surroundings, { args, complain }: Asked): Promise<number> => {
  const parsed = parseOptions(args);
  if (!parsed.ok) {
    complain(`${parsed.problem.join("\n")}\n\n${USAGE}`);
    return 2;
  }
  try {
    return await perform(surroundings, parsed.value);
  } catch (error) {
    if (error instanceof Refusal) {
      complain(error.message);
      return error.status;
    }
    complain(`\n${error instanceof Error ? error.message : error}`);
    return 1;
  }
};
