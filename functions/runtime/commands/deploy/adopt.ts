import * as z from "zod";
import type { Context } from "./context.ts";
import type { Change, Terraform } from "./terraform.ts";

/**
 * What may exist although Terraform's state does not know it: a run that was killed made it, `--destroy` has kept it,
 * or it is older than Relais. Terraform would fail to make it once more, so it takes it over.
 */
interface Adoptable {
  /** The `gcloud` command that lists what is there. */
  readonly list: (context: Context) => readonly string[];
  /** How Terraform's import names what is there, or null if it is something else than what is planned. */
  readonly idOf: (found: Readonly<Record<string, unknown>>, wanted: Readonly<Record<string, unknown>>) => string | null;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const last = (value: unknown): string => text(value).split("/").at(-1) ?? "";

/** Most things have a full name that ends with the name planned. */
const byName =
  (attribute: string): Adoptable["idOf"] =>
  (found, wanted) =>
    last(found.name) === last(wanted[attribute]) ? text(found.name) : null;

const fields = z.array(
  z.object({
    fieldPath: z.string().optional(),
    field_path: z.string().optional(),
    order: z.string().nullish(),
    arrayConfig: z.string().nullish(),
    array_config: z.string().nullish(),
  }),
);

/** The fields of an index as one text. Google lists the document's name as well, which nobody plans. */
const fieldsOf = (value: unknown): string =>
  fields
    .catch([])
    .parse(value)
    .map((one) => [one.fieldPath ?? one.field_path, one.order ?? one.arrayConfig ?? one.array_config].join(" "))
    .filter((one) => !one.startsWith("__name__"))
    .join(", ");

const ADOPTABLE: Readonly<Record<string, Adoptable>> = {
  google_firestore_database: { list: () => ["firestore", "databases", "list"], idOf: byName("name") },
  google_firestore_index: {
    list: ({ installation }) => ["firestore", "indexes", "composite", "list", `--database=${installation.database}`],
    idOf: (found, wanted) => {
      const collection = /\/collectionGroups\/([^/]+)\//.exec(text(found.name))?.[1];
      return collection === wanted.collection && fieldsOf(found.fields) === fieldsOf(wanted.fields)
        ? text(found.name)
        : null;
    },
  },
  google_secret_manager_secret: { list: () => ["secrets", "list"], idOf: byName("secret_id") },
  google_service_account: {
    list: () => ["iam", "service-accounts", "list"],
    idOf: (found, wanted) => (text(found.email).startsWith(`${wanted.account_id}@`) ? text(found.name) : null),
  },
  google_pubsub_topic: { list: () => ["pubsub", "topics", "list"], idOf: byName("name") },
  google_pubsub_subscription: { list: () => ["pubsub", "subscriptions", "list"], idOf: byName("name") },
  google_artifact_registry_repository: {
    list: ({ installation }) => ["artifacts", "repositories", "list", `--location=${installation.region}`],
    idOf: byName("repository_id"),
  },
  google_storage_bucket: {
    list: () => ["storage", "buckets", "list"],
    idOf: (found, wanted) => (found.name === wanted.name ? text(found.name) : null),
  },
  google_cloudfunctions2_function: {
    list: ({ installation }) => ["functions", "list", "--v2", `--regions=${installation.region}`],
    idOf: byName("name"),
  },
  google_cloud_scheduler_job: {
    list: ({ installation }) => ["scheduler", "jobs", "list", `--location=${installation.region}`],
    idOf: byName("name"),
  },
  google_logging_metric: {
    list: () => ["logging", "metrics", "list"],
    idOf: (found, wanted) => (found.name === wanted.name ? text(found.name) : null),
  },
};

const listed = z.array(z.record(z.string(), z.unknown()));

interface Adopted {
  readonly address: string;
  readonly id: string;
}

/** Which of the things that a plan would make are there already. */
export const adoptable = async (context: Context, changes: readonly Change[]): Promise<readonly Adopted[]> => {
  const made = changes.filter(({ change }) => change.actions.length === 1 && change.actions[0] === "create");
  const types = Object.entries(ADOPTABLE).filter(([type]) => made.some((one) => one.type === type));
  const found = await Promise.all(
    types.map(async ([type, { list, idOf }]) => {
      // A service that is not switched on yet holds nothing.
      const answer = await context.gcloud.ask(listed, ...list(context));
      const there = answer.ok ? answer.value : [];
      return made
        .filter((one) => one.type === type)
        .flatMap(({ address, change }) => {
          const ids = there.map((one) => idOf(one, change.after ?? {})).filter((id) => id !== null);
          return ids[0] === undefined ? [] : [{ address, id: ids[0] }];
        });
    }),
  );
  return found.flat();
};

/** What belongs to a database. Another database has its own, and the former one keeps its own. */
const OF_THE_DATABASE = /^google_firestore_/;

/**
 * When `firestore_database` names another database than before, lets the former one go, with its indexes and backups,
 * so that Terraform neither deletes nor changes any of it. Returns its name.
 */
export const letFormerDatabaseGo = async (
  { installation }: Pick<Context, "installation">,
  terraform: Terraform,
): Promise<string | null> => {
  const resources = await terraform.resources();
  const former = resources.find(({ address }) => address === "google_firestore_database.records")?.values.name;
  if (former === undefined || former === installation.database) return null;
  await terraform.forget(resources.filter(({ type }) => OF_THE_DATABASE.test(type)).map(({ address }) => address));
  return text(former);
};

/** What holds data that nobody could make again. */
const HOLDS_DATA: readonly string[] = [
  "google_firestore_database",
  "google_secret_manager_secret",
  "google_storage_bucket",
];

/** Addresses that a plan would delete or replace although they hold data. */
export const endangered = (changes: readonly Change[]): readonly string[] =>
  changes
    .filter(({ type, change }) => HOLDS_DATA.includes(type) && change.actions.includes("delete"))
    .map(({ address }) => address);
