import { rm } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { prepareTerraform } from "./apply.ts";
import type { Context } from "./context.ts";
import { removeConsoleGroup } from "./edge.ts";
import { folderOf } from "./inputs.ts";
import { bucketOf } from "./state-bucket.ts";
import { mustRun } from "./tools.ts";

/** What holds data stays unless it is asked for: Terraform lets these go instead of deleting them. */
const KEPT =
  /^google_(firestore_database|firestore_backup_schedule|secret_manager_secret|secret_manager_secret_version)$/;

/** Google's words about an API that is off: a deployment switches it on before it makes anything behind it. */
const SWITCHED_OFF = /SERVICE_DISABLED|has not been used in project|not enabled on project/i;

const names = z.array(z.object({ name: z.string() }));
const backups = z.array(z.object({ name: z.string(), database: z.string() }));

interface Data {
  readonly hasDatabase: boolean;
  /** Their full names. */
  readonly backups: readonly string[];
  /** Terraform's three, and one for each connected account. */
  readonly secrets: readonly string[];
  /** The listings that failed, and why: what they would have shown may be there. */
  readonly unlisted: readonly string[];
}

/** What is there of this installation's data. */
const dataOf = async ({ gcloud, installation: { database, prefix } }: Context): Promise<Data> => {
  const unlisted: string[] = [];
  const list = async <T>(schema: z.ZodType<readonly T[]>, ...args: readonly string[]): Promise<readonly T[]> => {
    const found = await gcloud.ask(schema, ...args);
    if (found.ok) return found.value;
    if (!SWITCHED_OFF.test(found.problem.said)) unlisted.push(`gcloud ${args.join(" ")}: ${found.problem.said}`);
    return [];
  };
  const databases = await list(names, "firestore", "databases", "list");
  const allBackups = await list(backups, "firestore", "backups", "list");
  const allSecrets = await list(names, "secrets", "list");
  const lead = prefix === "" ? "relais-" : `${prefix}-relais-`;
  return {
    hasDatabase: databases.some(({ name }) => name.endsWith(`/databases/${database}`)),
    backups: allBackups.filter((one) => one.database.endsWith(`/${database}`)).map(({ name }) => name),
    secrets: allSecrets.map(({ name }) => name.split("/").at(-1) ?? "").filter((name) => name.startsWith(lead)),
    unlisted,
  };
};

/** A backup's name is `projects/P/locations/L/backups/B`. */
const deleteBackup = async ({ gcloud }: Context, name: string): Promise<void> => {
  const [, , , location = "", , backup = ""] = name.split("/");
  await gcloud.do(["firestore", "backups", "delete", `--location=${location}`, `--backup=${backup}`]);
};

const refuseUnlisted = ({ unlisted }: Data): void => {
  if (unlisted.length === 0) return;
  throw new Error(
    `Nothing of the data was deleted, because not all of it can be listed:\n  ${unlisted.join("\n  ")}\nGet the roles that infra/DEPLOYER.md lists, and run the same command again: it goes on where it stopped.`,
  );
};

/**
 * The database first: without it, nothing that a secret opens is left. Terraform's state comes last, because without it
 * this command finds no installation, and could never delete what it has missed.
 */
const deleteData = async (context: Context): Promise<void> => {
  const { gcloud, installation, say } = context;
  const data = await dataOf(context);
  refuseUnlisted(data);
  const database = `--database=${installation.database}`;
  if (data.hasDatabase) {
    say(`Data: deleting the database ${installation.database}`);
    await gcloud.do(["firestore", "databases", "update", database, "--no-delete-protection"]);
    await gcloud.do(["firestore", "databases", "delete", database]);
  }
  for (const backup of data.backups) await deleteBackup(context, backup);
  say(`Data: deleting ${data.secrets.length} secrets`);
  for (const secret of data.secrets) await gcloud.do(["secrets", "delete", secret]);
  const folder = `gs://${bucketOf(installation.project)}/${folderOf(installation)}`;
  say(`Data: deleting ${folder}, with all its versions`);
  await gcloud.do(["storage", "rm", "--recursive", "--all-versions", folder]);
};

const sayWhatStays = async (context: Context): Promise<void> => {
  const { gcloud, installation, options, say } = context;
  const { project } = installation;
  const { hasDatabase, backups: kept, secrets, unlisted } = await dataOf(context);
  say("\nThis stays:");
  if (hasDatabase) say(`  the database ${installation.database}, with all records`);
  for (const backup of kept) say(`  the backup ${backup}, until it expires`);
  if (secrets.length > 0) say(`  ${secrets.length} secrets: ${secrets.join(", ")}`);
  for (const one of unlisted) say(`  and perhaps what could not be listed: ${one}`);
  say(
    `  the bucket gs://${bucketOf(gcloud.project)}, ${options.deleteData ? "for other installations" : "with Terraform's state"}`,
  );
  say(
    `  the project ${project} itself, its APIs, its logs (30 days), and the Hosting site ${installation.site}, which is off`,
  );
  if (!options.deleteData)
    say(
      `To take it into use again: npm run deploy -- --project ${project}. To delete the data: --destroy --delete-data --confirm ${project}`,
    );
};

/** Removes what runs and costs. Killed and run again, it goes on where it stopped. */
export const destroyAll = async (context: Context): Promise<void> => {
  const { tools, root, installation, options, say } = context;
  const { project, site } = installation;
  if (options.deleteData && options.confirmed !== project)
    throw new Error(
      `This deletes every record, every connection and every backup of the database ${installation.database}, for good. If you mean it, add: --confirm ${project}`,
    );
  say(`Hosting: switching off the site ${site}`);
  await mustRun(tools, "firebase", [
    "hosting:disable",
    "--site",
    site,
    "--project",
    project,
    "--force",
    "--non-interactive",
  ]);
  const dist = options.dist ?? join(root, "dist");
  const { terraform } = await prepareTerraform(context, dist);
  const resources = await terraform.resources();
  const kept = resources.filter(({ type }) => KEPT.test(type)).map(({ address }) => address);
  say(`Terraform: letting go of ${kept.length} things that hold data, and removing the rest`);
  await terraform.forget(kept);
  await terraform.destroy();
  if (installation.edge !== null) await removeConsoleGroup(context);
  if (options.deleteData) await deleteData(context);
  await rm(join(dist, "deploy", project, folderOf(installation)), { recursive: true, force: true });
  await sayWhatStays(context);
};
