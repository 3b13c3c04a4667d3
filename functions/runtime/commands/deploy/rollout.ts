import * as z from "zod";
import type { Context } from "./context.ts";
import { fileIn, readFrom, writeTo } from "./state-bucket.ts";

/**
 * The order of a roll-out: what reads records and acts on them first, what makes new ones last, so that a new kind of
 * record finds functions that know it. A roll-back goes the other way round. (Either order is safe: a function leaves
 * alone what it does not know.)
 */
export const ROLL_OUT_ORDER = [
  "deliver-mail",
  "dispatch-due",
  "refresh-tokens",
  "mail-documents",
  "send-mail",
  "mail-servers",
  "confirm-callback",
  "authorize-start",
] as const;

const service = z.object({
  status: z.object({
    latestReadyRevisionName: z.string(),
    traffic: z.array(z.object({ revisionName: z.string().optional(), percent: z.number().default(0) })).default([]),
  }),
});

interface Serving {
  /** The revision with the most requests. */
  readonly revision: string;
  readonly latest: string;
}

/** Null if there is no such service yet. */
const serving = async ({ gcloud }: Context, name: string, region: string): Promise<Serving | null> => {
  const found = await gcloud.ask(service, "run", "services", "describe", name, `--region=${region}`);
  if (!found.ok) return null;
  const { latestReadyRevisionName: latest, traffic } = found.value.status;
  const most = traffic.toSorted((one, other) => other.percent - one.percent)[0];
  return { revision: most?.revisionName ?? latest, latest };
};

const RECORD = z.object({
  /** `under_way` until the smoke test has passed: a run that continues must not note a state in between. */
  state: z.enum(["under_way", "done", "rolled_back"]),
  /** The revision that served each Cloud Run service before. */
  from: z.record(z.string(), z.string()),
  /** The version of the console that was live before. */
  console: z.string().nullable(),
});
export type RollOut = z.output<typeof RECORD>;

const recordAt = ({ installation: { project, prefix } }: Context): string => fileIn(project, prefix, "rollout.json");

export const readRollOut = (context: Context): Promise<RollOut | null> =>
  readFrom(context.gcloud, RECORD, recordAt(context));

export const writeRollOut = (context: Context, rollOut: RollOut): Promise<void> =>
  writeTo(context.gcloud, recordAt(context), rollOut);

/** The services of an installation, in the order of a roll-out. */
export const inOrder = (services: Readonly<Record<string, string>>): readonly string[] => {
  const known: readonly string[] = ROLL_OUT_ORDER;
  const others = Object.keys(services).filter((name) => !known.includes(name));
  return [...known, ...others].flatMap((name) => services[name] ?? []);
};

/** Notes what serves now, before anything changes, for the way back. Null if nothing is deployed yet. */
export const noteFormer = async (
  context: Context,
  { region, services, console }: { region: string; services: readonly string[]; console: () => Promise<string | null> },
): Promise<RollOut | null> => {
  const noted = await readRollOut(context);
  if (noted?.state === "under_way") return noted;
  const found = await Promise.all(services.map(async (name) => [name, await serving(context, name, region)] as const));
  const from = Object.fromEntries(found.flatMap(([name, now]) => (now === null ? [] : [[name, now.revision]])));
  if (Object.keys(from).length === 0) return null;
  const rollOut = { state: "under_way", from, console: await console() } as const;
  await writeRollOut(context, rollOut);
  return rollOut;
};

const share = (context: Context, name: string, region: string, where: string): Promise<string> =>
  context.gcloud.do(["run", "services", "update-traffic", name, `--region=${region}`, where]);

/** Keeps all requests on what serves now, so that the revisions that Terraform makes get none yet. */
export const pin = async (context: Context, { from }: RollOut, region: string): Promise<void> => {
  for (const [name, revision] of Object.entries(from))
    await share(context, name, region, `--to-revisions=${revision}=100`);
};

const entries = z.array(z.object({ jsonPayload: z.object({ code: z.string().optional() }).optional() }));

/** The errors that a revision has logged. */
const errorsOf = async ({ gcloud }: Context, revision: string): Promise<readonly string[]> => {
  const filter = `resource.type="cloud_run_revision" AND resource.labels.revision_name="${revision}" AND severity>=ERROR`;
  const found = await gcloud.ask(entries, "logging", "read", filter, "--limit=20", "--freshness=1h");
  if (!found.ok) return [`its log cannot be read: ${found.problem.said}`];
  return [...new Set(found.value.map(({ jsonPayload }) => jsonPayload?.code ?? "an error of the platform"))];
};

const indexes = z.array(z.object({ name: z.string(), state: z.string() }));

/** New code may ask what only a new index answers. Returns the indexes that are not ready. */
export const unreadyIndexes = async ({ gcloud, installation }: Context): Promise<readonly string[]> => {
  const database = `--database=${installation.database}`;
  const found = await gcloud.ask(indexes, "firestore", "indexes", "composite", "list", database);
  if (!found.ok) throw new Error(`the indexes cannot be listed: ${found.problem.said}`);
  return found.value.filter(({ state }) => state !== "READY").map(({ name }) => name);
};

interface Exchange {
  readonly region: string;
  readonly canary: number;
  readonly services: readonly string[];
  /** Returns why what runs now is not right, or null. */
  readonly smoke: () => Promise<string | null>;
}

/** Gives the new revision of one service its share, watches it, and then gives it everything. */
const exchange = async (context: Context, name: string, former: string, options: Exchange): Promise<string | null> => {
  const { region, canary, smoke } = options;
  const now = await serving(context, name, region);
  if (now === null || now.latest === former) return null;
  context.say(`  ${name}: ${canary} % of the requests go to ${now.latest}`);
  await share(context, name, region, `--to-revisions=${now.latest}=${canary},${former}=${100 - canary}`);
  await context.wait(context.options.watchS * 1_000);
  const errors = await errorsOf(context, now.latest);
  const why = errors.length > 0 ? `${now.latest} has logged ${errors.join(", ")}` : await smoke();
  if (why !== null) return why;
  await share(context, name, region, "--to-latest");
  context.say(`  ${name}: all requests go to ${now.latest}`);
  return smoke();
};

/** Gives all requests back to what served before, in the opposite order, and makes the former console live. */
export const rollBack = async (
  context: Context,
  rollOut: RollOut,
  { region, restoreConsole }: { region: string; restoreConsole: (version: string) => Promise<void> },
): Promise<void> => {
  if (rollOut.console !== null) await restoreConsole(rollOut.console);
  for (const [name, revision] of Object.entries(rollOut.from).toReversed()) {
    context.say(`  ${name}: all requests go back to ${revision}`);
    await share(context, name, region, `--to-revisions=${revision}=100`);
  }
  await writeRollOut(context, { ...rollOut, state: "rolled_back" });
};

/** Exchanges one function after another. Returns why it stopped, or null; going back is up to the caller. */
export const rollOutInOrder = async (context: Context, rollOut: RollOut, options: Exchange): Promise<string | null> => {
  const unready = await unreadyIndexes(context);
  if (unready.length > 0) return `these indexes are not ready: ${unready.join(", ")}`;
  for (const name of options.services) {
    const former = rollOut.from[name];
    // A function that did not exist before serves nobody yet, so it needs no share.
    if (former === undefined) continue;
    const why = await exchange(context, name, former, options);
    if (why !== null) return `${name}: ${why}`;
  }
  return null;
};
