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

const names = z.array(z.object({ name: z.string() }));

const namesFrom = async ({ gcloud }: Context, ...args: readonly string[]): Promise<readonly string[]> => {
  const found = await gcloud.ask(names, ...args);
  return found.ok ? found.value.map(({ name }) => name) : [];
};

/** The secrets of this installation: Terraform's three, and one for each connected account. */
const secretsOf = async (context: Context): Promise<readonly string[]> => {
  const lead = context.installation.prefix === "" ? "relais-" : `${context.installation.prefix}-relais-`;
  const all = await namesFrom(context, "secrets", "list");
  return all.map((name) => name.split("/").at(-1) ?? "").filter((name) => name.startsWith(lead));
};

const databaseIsThere = async (context: Context): Promise<boolean> => {
  const all = await namesFrom(context, "firestore", "databases", "list");
  return all.some((name) => name.endsWith(`/databases/${context.installation.database}`));
};

const backups = z.array(z.object({ name: z.string(), database: z.string() }));

const backupsOf = async ({ gcloud, installation }: Context): Promise<readonly string[]> => {
  const found = await gcloud.ask(backups, "firestore", "backups", "list");
  if (!found.ok) return [];
  return found.value.filter(({ database }) => database.endsWith(`/${installation.database}`)).map(({ name }) => name);
};

/** A backup's name is `projects/P/locations/L/backups/B`. */
const deleteBackup = async ({ gcloud }: Context, name: string): Promise<void> => {
  const [, , , location = "", , backup = ""] = name.split("/");
  await gcloud.do(["firestore", "backups", "delete", `--location=${location}`, `--backup=${backup}`]);
};

/** The database first: without it, nothing that a secret opens is left. */
const deleteData = async (context: Context): Promise<void> => {
  const { gcloud, installation, say } = context;
  const database = `--database=${installation.database}`;
  if (await databaseIsThere(context)) {
    say(`Data: deleting the database ${installation.database}`);
    await gcloud.do(["firestore", "databases", "update", database, "--no-delete-protection"]);
    await gcloud.do(["firestore", "databases", "delete", database]);
  }
  for (const backup of await backupsOf(context)) await deleteBackup(context, backup);
  const secrets = await secretsOf(context);
  say(`Data: deleting ${secrets.length} secrets`);
  for (const secret of secrets) await gcloud.do(["secrets", "delete", secret]);
  const folder = `gs://${bucketOf(installation.project)}/${folderOf(installation)}`;
  say(`Data: deleting ${folder}, with all its versions`);
  await gcloud.do(["storage", "rm", "--recursive", "--all-versions", folder]);
};

const sayWhatStays = async (context: Context): Promise<void> => {
  const { gcloud, installation, options, say } = context;
  const { project } = installation;
  const secrets = await secretsOf(context);
  const kept = await backupsOf(context);
  say("\nThis stays:");
  if (await databaseIsThere(context)) say(`  the database ${installation.database}, with all records`);
  for (const backup of kept) say(`  the backup ${backup}, until it expires`);
  if (secrets.length > 0) say(`  ${secrets.length} secrets: ${secrets.join(", ")}`);
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
