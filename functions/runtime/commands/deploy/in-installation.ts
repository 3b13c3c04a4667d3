import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { prepareTerraform } from "./apply.ts";
import { type Context, contextOf } from "./context.ts";
import { Gcloud } from "./gcloud.ts";
import { describeObstacles } from "./obstacles.ts";
import { type DeployOptions, parseOptions } from "./options.ts";
import { whatKeepsFromAsking } from "./preflight.ts";
import { recall } from "./state-bucket.ts";
import { toolsOf } from "./tools.ts";

export interface Where {
  readonly project: string;
  readonly prefix: string;
  readonly dist: string | null;
}

/** A deployment of what is remembered. */
const optionsFor = ({ project, prefix, dist }: Where): DeployOptions | string => {
  const given = [...(prefix === "" ? [] : ["--prefix", prefix]), ...(dist === null ? [] : ["--dist", dist])];
  const parsed = parseOptions(["--project", project, ...given]);
  return parsed.ok ? parsed.value : parsed.problem.join("\n");
};

/** Acts on an installation that `npm run deploy` has made. Returns why it could not. */
export const inInstallation = async <T>(
  where: Where,
  act: (context: Context) => Promise<T>,
): Promise<Result<T, string>> => {
  const options = optionsFor(where);
  if (typeof options === "string") return fail(options);
  const tools = toolsOf(process.env);
  const gcloud = new Gcloud(tools, where.project);
  try {
    const obstacles = await whatKeepsFromAsking({ tools, gcloud });
    if (obstacles.length > 0) return fail(`Nothing was changed.\n${describeObstacles(obstacles)}`);
    const remembered = await recall(gcloud, where.prefix);
    if (remembered === null) return fail("Nothing is deployed in this project under this prefix.");
    const root = join(import.meta.dirname, "../../../..");
    const context = contextOf({ tools, root, say: (line) => console.log(line), wait: delay }, options, remembered);
    return context.ok ? ok(await act(context.value)) : fail(context.problem.message);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
};

/** What a command on a laptop needs in order to reach the records of that installation. */
export const environmentOf = (where: Where): Promise<Result<Readonly<Record<string, string>>, string>> =>
  inInstallation(where, async (context) => {
    const { terraform } = await prepareTerraform(context, context.options.dist ?? join(context.root, "dist"));
    return (await terraform.outputs()).environment;
  });
