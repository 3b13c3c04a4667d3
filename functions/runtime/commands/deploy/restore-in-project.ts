import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { contextOf } from "./context.ts";
import { Gcloud } from "./gcloud.ts";
import { describeObstacles } from "./obstacles.ts";
import { type DeployOptions, parseOptions } from "./options.ts";
import { whatKeepsFromAsking } from "./preflight.ts";
import { type RestoreOptions, restoreBeside } from "./restore-beside.ts";
import { recall } from "./state-bucket.ts";
import { toolsOf } from "./tools.ts";

interface Where {
  readonly project: string;
  readonly prefix: string;
  readonly dist: string | null;
}

/** A deployment of what is remembered, which the switch ends with. */
const optionsFor = ({ project, prefix, dist }: Where): DeployOptions | string => {
  const given = [...(prefix === "" ? [] : ["--prefix", prefix]), ...(dist === null ? [] : ["--dist", dist])];
  const parsed = parseOptions(["--project", project, ...given]);
  return parsed.ok ? parsed.value : parsed.problem.join("\n");
};

/** Restores an installation that `npm run deploy` has made. Returns why it could not, or null. */
export const restoreInProject = async (where: Where, restore: RestoreOptions): Promise<string | null> => {
  const options = optionsFor(where);
  if (typeof options === "string") return options;
  const tools = toolsOf(process.env);
  const gcloud = new Gcloud(tools, where.project);
  try {
    const obstacles = await whatKeepsFromAsking({ tools, gcloud });
    if (obstacles.length > 0) return `Nothing was changed.\n${describeObstacles(obstacles)}`;
    const remembered = await recall(gcloud, where.prefix);
    if (remembered === null) return "Nothing is deployed in this project under this prefix.";
    const root = join(import.meta.dirname, "../../../..");
    const context = contextOf({ tools, root, say: (line) => console.log(line), wait: delay }, options, remembered);
    if (!context.ok) return context.problem.message;
    await restoreBeside(context.value, restore);
    return null;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
};
