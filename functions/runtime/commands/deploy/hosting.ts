import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as z from "zod";
import type { Context } from "./context.ts";
import type { Outputs } from "./terraform.ts";
import { mustRun } from "./tools.ts";

const target = z.object({ serviceId: z.string(), region: z.string() });
const rewrite = z.looseObject({ run: target.optional() });
const configuration = z.looseObject({ hosting: z.looseObject({ rewrites: z.array(rewrite) }) });

/** The repository's firebase.json, for the services, region and site of an installation. */
export const hostingConfiguration = (
  json: string,
  { region, publicServices }: Pick<Outputs, "region" | "publicServices">,
  site: string,
): string => {
  const parsed = configuration.parse(JSON.parse(json));
  const rewrites = parsed.hosting.rewrites.map((one) => {
    if (one.run === undefined) return one;
    const serviceId = publicServices[one.run.serviceId];
    if (serviceId === undefined) throw new Error(`firebase.json rewrites to ${one.run.serviceId}, which is not public`);
    return { ...one, run: { ...one.run, serviceId, region } };
  });
  const hosting = { ...parsed.hosting, site, public: "console", rewrites };
  return `${JSON.stringify({ ...parsed, hosting }, null, 2)}\n`;
};

/** Runs with a temporary folder that the Firebase CLI takes for a project: it deploys nothing from outside it. */
const withHostingFolder = async <T>(
  { root, installation }: Context,
  outputs: Outputs,
  use: (config: string, folder: string) => Promise<T>,
): Promise<T> => {
  const folder = await mkdtemp(join(tmpdir(), "relais-hosting-"));
  try {
    const config = join(folder, "firebase.json");
    const own = await readFile(join(root, "firebase.json"), "utf8");
    await writeFile(config, hostingConfiguration(own, outputs, installation.site));
    return await use(config, folder);
  } finally {
    await rm(folder, { recursive: true });
  }
};

export const deployHosting = async (context: Context, outputs: Outputs, dist: string): Promise<void> => {
  const { tools, installation } = context;
  await withHostingFolder(context, outputs, async (config, folder) => {
    await cp(join(dist, "console"), join(folder, "console"), { recursive: true });
    const args = ["deploy", "--only", "hosting", "--project", installation.project, "--config", config];
    await mustRun(tools, "firebase", [...args, "--non-interactive"], { shown: true });
  });
};

const channels = z.object({
  status: z.literal("success"),
  result: z.object({
    channels: z.array(
      z.object({ name: z.string(), release: z.object({ version: z.object({ name: z.string() }) }).optional() }),
    ),
  }),
});

/** The version of the console that is live; null if there is none yet. */
export const liveVersion = (context: Context, outputs: Outputs): Promise<string | null> =>
  withHostingFolder(context, outputs, async (config) => {
    const { project, site } = context.installation;
    const args = ["hosting:channel:list", "--site", site, "--project", project, "--config", config, "--json"];
    const ran = await context.tools.run("firebase", args);
    if (ran.status !== 0) return null;
    const live = channels.parse(JSON.parse(ran.stdout)).result.channels.find(({ name }) => name.endsWith("/live"));
    return live?.release?.version.name.split("/").at(-1) ?? null;
  });

/** Makes a former version live again. */
export const restoreVersion = async ({ tools, installation }: Context, version: string): Promise<void> => {
  const { project, site } = installation;
  const args = ["hosting:clone", `${site}@${version}`, `${site}:live`, "--project", project, "--non-interactive"];
  await mustRun(tools, "firebase", args, { shown: true });
};
