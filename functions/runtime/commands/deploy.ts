// `npm run deploy -- --project P --url https://… --operator me@…` takes a Google Cloud project from nothing, or from a
// former release, to Relais in operation. It says each step, and can be interrupted and run again at any of them.
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { ZodError } from "zod";
import { planApply, prepareTerraform, summaryOf } from "./deploy/apply.ts";
import { type Context, contextOf } from "./deploy/context.ts";
import { destroyAll } from "./deploy/destroy.ts";
import { Gcloud } from "./deploy/gcloud.ts";
import { describeObstacles, type Obstacle } from "./deploy/obstacles.ts";
import { type Deed, parseOptions, USAGE } from "./deploy/options.ts";
import { preflight, whatKeepsFromAsking } from "./deploy/preflight.ts";
import { readRollOut } from "./deploy/rollout.ts";
import { bucketOf, recall } from "./deploy/state-bucket.ts";
import { deployAll, ensureBuilt, goBack } from "./deploy/steps.ts";
import { toolsOf } from "./deploy/tools.ts";

const ROOT = join(import.meta.dirname, "../../..");
const say = (line: string): void => console.log(line);

const refuse = (text: string): never => {
  console.error(text);
  process.exit(2);
};

const stopAt = (obstacles: readonly Obstacle[]): void => {
  if (obstacles.length === 0) return;
  console.error(`Nothing was changed. ${obstacles.length} things stand in the way:\n${describeObstacles(obstacles)}`);
  process.exit(1);
};

const explainInputs = (error: ZodError): string => {
  const missing = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("\n  ");
  return `Say at the first deployment where Relais is and who administers it:\n  ${missing}\n\n${USAGE}`;
};

const planOnly = async (context: Context): Promise<void> => {
  const { dist } = await ensureBuilt(context);
  const prepared = await prepareTerraform(context, dist);
  const changes = await planApply(context, prepared, { shown: true });
  say(`\nA deployment would: ${summaryOf(changes)}. Nothing was changed.`);
};

const goBackOnly = async (context: Context): Promise<void> => {
  const rollOut = await readRollOut(context);
  if (rollOut === null) return refuse("There is no former deployment to go back to.");
  const { terraform } = await prepareTerraform(context, context.options.dist ?? join(context.root, "dist"));
  say("Roll-back: the functions and the console of the deployment before");
  await goBack(context, await terraform.outputs(), rollOut);
  say("Everything that comes in goes to the former functions. The next deployment goes forward again.");
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

const parsed = parseOptions(process.argv.slice(2));
if (!parsed.ok) refuse(`${parsed.problem.join("\n")}\n\n${USAGE}`);
else {
  const options = parsed.value;
  const { checked, act } = DEEDS[options.deed];
  const tools = toolsOf(process.env);
  const gcloud = new Gcloud(tools, options.project);
  say(`Preflight: project ${options.project}`);
  try {
    stopAt(await whatKeepsFromAsking({ tools, gcloud }));
    const remembered = await recall(gcloud, options.prefix);
    if (remembered === null && !checked) {
      say(`Nothing is deployed: gs://${bucketOf(options.project)} knows no installation of this project and prefix.`);
      process.exit(options.deed === "destroy" ? 0 : 2);
    }
    const context = contextOf({ tools, root: ROOT, say, wait: delay }, options, remembered);
    if (!context.ok) refuse(explainInputs(context.problem));
    else {
      if (checked) stopAt(await preflight(context.value, remembered));
      await act(context.value);
    }
  } catch (error) {
    console.error(`\n${error instanceof Error ? error.message : error}`);
    process.exit(1);
  }
}
