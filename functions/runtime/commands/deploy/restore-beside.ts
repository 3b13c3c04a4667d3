import { join } from "node:path";
import * as z from "zod";
import { isoTime, MINUTE } from "../../../domain/clock.ts";
import { prepareTerraform } from "./apply.ts";
import { type Context, contextOf } from "./context.ts";
import { recall } from "./state-bucket.ts";
import { deployAll } from "./steps.ts";
import type { Outputs } from "./terraform.ts";
import { mustRun } from "./tools.ts";

/** Where the records come from: the database as it was at a minute of the last seven days, or a backup. */
export type Source =
  | { readonly kind: "minute"; readonly asOfMs: number }
  | { readonly kind: "backup"; readonly name: string };

export interface RestoreOptions {
  readonly source: Source;
  /** The new database's name; null: one with the time in it, so that a run that goes on finds the same. */
  readonly database: string | null;
}

const policy = z.object({
  bindings: z.array(z.object({ role: z.string(), members: z.array(z.string()).default([]) })).default([]),
});

/** Takes the right to invoke it from everybody, so that nothing is accepted that would be lost. */
const closeService = async ({ gcloud }: Context, name: string, region: string): Promise<void> => {
  const at = [name, `--region=${region}`];
  const found = await gcloud.ask(policy, "run", "services", "get-iam-policy", ...at);
  if (!found.ok) throw new Error(`who may invoke ${name} cannot be read: ${found.problem.said}`);
  const invokers = found.value.bindings.filter(({ role }) => role === "roles/run.invoker");
  for (const member of invokers.flatMap(({ members }) => members))
    await gcloud.do([
      ...["run", "services", "remove-iam-policy-binding", ...at],
      ...[`--member=${member}`, "--role=roles/run.invoker"],
    ]);
};

const TRIES = 120;
const PAUSE_MS = 5_000;

/** Google may honour a removed grant for some minutes more. */
const waitUntilClosed = async ({ installation, wait }: Context): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const response = await fetch(`${installation.public_url}/health`, { redirect: "manual" }).catch(() => null);
    if (response?.status === 403 || response?.status === 404) return;
    await wait(PAUSE_MS);
  }
  throw new Error(`${installation.public_url}/health still answers. Run the command again when it answers 403.`);
};

const close = async (context: Context, { services, region, withoutInvokerCheck }: Outputs): Promise<void> => {
  context.say("Closing: programs get errors instead of a 202, and nothing is sent");
  for (const name of Object.values(services)) await closeService(context, name, region);
  for (const name of withoutInvokerCheck)
    await context.gcloud.do(["run", "services", "update", name, `--region=${region}`, "--invoker-iam-check"]);
  await waitUntilClosed(context);
};

const databases = z.array(z.object({ name: z.string() }));
const operations = z.array(z.object({ name: z.string(), done: z.boolean().default(false) }));
const backups = z.array(z.object({ name: z.string(), snapshotTime: z.string() }));

const isThere = async ({ gcloud }: Context, database: string): Promise<boolean> => {
  const found = await gcloud.ask(databases, "firestore", "databases", "list");
  if (!found.ok) throw new Error(`the databases cannot be listed: ${found.problem.said}`);
  return found.value.some(({ name }) => name.endsWith(`/databases/${database}`));
};

/** A new database can be neither read nor written before its operation is done. */
const waitUntilReady = async ({ gcloud, wait }: Context, database: string): Promise<void> => {
  for (let tries = 0; tries < TRIES * 12; tries += 1) {
    const found = await gcloud.ask(operations, "firestore", "operations", "list", `--database=${database}`);
    if (found.ok && found.value.every(({ done }) => done)) return;
    await wait(PAUSE_MS);
  }
  throw new Error(`${database} is not ready yet. Run the command again: it goes on from here.`);
};

/** The exact time of what a source holds. Point-in-time recovery knows whole minutes. */
const asOfMs = async ({ gcloud }: Context, source: Source): Promise<number> => {
  if (source.kind === "minute") return Math.floor(source.asOfMs / MINUTE) * MINUTE;
  const found = await gcloud.ask(backups, "firestore", "backups", "list");
  const backup = found.ok ? found.value.find(({ name }) => name === source.name) : undefined;
  if (backup === undefined) throw new Error(`There is no backup ${source.name}: see gcloud firestore backups list`);
  return Date.parse(backup.snapshotTime);
};

const makeDatabase = async (context: Context, source: Source, atMs: number, database: string): Promise<void> => {
  const { gcloud, installation, say } = context;
  if (await isThere(context, database)) say(`Records: ${database} is there already`);
  else {
    say(`Records: making ${database} from ${source.kind === "backup" ? source.name : installation.database}`);
    const from =
      source.kind === "backup"
        ? ["restore", `--source-backup=${source.name}`]
        : [
            "clone",
            `--source-database=projects/${installation.project}/databases/${installation.database}`,
            `--snapshot-time=${isoTime(atMs)}`,
          ];
    await gcloud.do(["firestore", "databases", ...from, `--destination-database=${database}`]);
  }
  await waitUntilReady(context, database);
};

/** Sets in doubt, on the new database, what may have been sent since; nothing runs on it yet. */
const doubt = async (
  { root, tools }: Context,
  { environment }: Outputs,
  database: string,
  atMs: number,
): Promise<void> => {
  const program = join(root, "functions/runtime/commands/restore.ts");
  const env = { ...environment, RELAIS_DATABASE: database };
  await mustRun(tools, "node", [program, "--as-of", isoTime(atMs)], { env, shown: true });
};

const nameFor = (prefix: string, atMs: number): string =>
  `${prefix === "" ? "relais" : prefix}-${isoTime(atMs).slice(0, 16).replaceAll(/\D/g, "")}`;

/**
 * Puts records back beside the damaged ones: closes Relais, makes a new database, sets in doubt what may have been sent
 * since, and switches to it, which opens Relais again. The damaged database stays as it is. Interrupted and run again
 * with the same arguments, it goes on where it stopped.
 */
export const restoreBeside = async (context: Context, { source, database: given }: RestoreOptions): Promise<string> => {
  const { project, prefix, database: damaged } = context.installation;
  const atMs = await asOfMs(context, source);
  const database = given ?? nameFor(prefix, atMs);
  const remembered = await recall(context.gcloud, prefix);
  if (damaged === database) context.say(`${database} is in use already`);
  else {
    const { terraform } = await prepareTerraform(context, context.options.dist ?? join(context.root, "dist"));
    const outputs = await terraform.outputs();
    await close(context, outputs);
    await makeDatabase(context, source, atMs, database);
    await doubt(context, outputs, database, atMs);
  }
  context.say(`Switch: from ${damaged} to ${database}`);
  const options = { ...context.options, inputs: { ...context.options.inputs, firestore_database: database } };
  const switched = contextOf(context, options, remembered);
  if (!switched.ok) throw switched.problem;
  await deployAll(switched.value);
  context.say(
    `\nSending is paused. In the console: when no message is searched for any more, resume sending, and decide on those that were not found.\n${damaged} is kept. When nobody needs it any more:\n  gcloud firestore databases update --database='${damaged}' --no-delete-protection --project=${project}\n  gcloud firestore databases delete --database='${damaged}' --project=${project}`,
  );
  return database;
};
