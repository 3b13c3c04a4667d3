import * as z from "zod";
import type { Context } from "./context.ts";

type Found = Readonly<Record<string, unknown>>;

/**
 * What may exist although Terraform's state does not know it: a run that was killed made it, `--destroy` has kept it,
 * or it is older than Relais. Terraform would fail to make it once more, so it takes it over.
 */
export interface Adoptable {
  /** The `gcloud` command that lists what is there. */
  readonly list: (context: Context) => readonly string[];
  /** How Terraform's import names what is there, or null if it is something else than what is planned. */
  readonly idOf: (found: Found, wanted: Found) => string | null;
}

const text = (value: unknown): string => (typeof value === "string" ? value : "");
const last = (value: unknown): string => text(value).split("/").at(-1) ?? "";

/** Most things have a full name that ends with the name planned. */
const byName =
  (attribute: string): Adoptable["idOf"] =>
  (found, wanted) =>
    last(found.name) === last(wanted[attribute]) ? text(found.name) : null;

/** What people named, and Google gave an id of its own. A second one would do everything twice. */
const byTitle =
  (titleOf: (wanted: Found) => unknown): Adoptable["idOf"] =>
  (found, wanted) =>
    found.displayName === titleOf(wanted) ? text(found.name) : null;

/** Compute's import wants the part of the link that begins with the project. */
const byLink: Adoptable["idOf"] = (found, wanted) =>
  found.name === wanted.name ? (/projects\/.*/.exec(text(found.selfLink))?.[0] ?? null) : null;

const global = (kind: string): Adoptable => ({ list: () => ["compute", kind, "list", "--global"], idOf: byLink });

const titleInJson = ({ dashboard_json: json }: Found): unknown => {
  const parsed = z.object({ displayName: z.string() }).safeParse(JSON.parse(text(json) || "null"));
  return parsed.success ? parsed.data.displayName : undefined;
};

const billingAccount = z.object({ billing_account: z.string() }).catch({ billing_account: "" });

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

export const ADOPTABLE: Readonly<Record<string, Adoptable>> = {
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
  google_project_iam_custom_role: { list: () => ["iam", "roles", "list"], idOf: byName("role_id") },
  google_firestore_backup_schedule: {
    list: ({ installation }) => ["firestore", "backups", "schedules", "list", `--database=${installation.database}`],
    // A database has one daily schedule at most.
    idOf: (found) => (found.dailyRecurrence === undefined ? null : text(found.name)),
  },
  google_eventarc_trigger: {
    list: () => ["eventarc", "triggers", "list", "--location=-"],
    idOf: byName("name"),
  },
  google_monitoring_alert_policy: {
    list: () => ["alpha", "monitoring", "policies", "list"],
    idOf: byTitle(({ display_name }) => display_name),
  },
  google_monitoring_notification_channel: {
    list: () => ["beta", "monitoring", "channels", "list"],
    idOf: byTitle(({ display_name }) => display_name),
  },
  google_monitoring_uptime_check_config: {
    list: () => ["monitoring", "uptime", "list-configs"],
    idOf: byTitle(({ display_name }) => display_name),
  },
  google_monitoring_dashboard: { list: () => ["monitoring", "dashboards", "list"], idOf: byTitle(titleInJson) },
  google_billing_budget: {
    list: ({ inputs }) => [
      ...["billing", "budgets", "list"],
      `--billing-account=${billingAccount.parse(inputs.budget).billing_account}`,
    ],
    idOf: byTitle(({ display_name }) => display_name),
  },
  google_compute_region_network_endpoint_group: {
    list: ({ installation }) => ["compute", "network-endpoint-groups", "list", `--regions=${installation.region}`],
    idOf: byLink,
  },
  google_compute_backend_service: global("backend-services"),
  google_compute_global_address: global("addresses"),
  google_compute_global_forwarding_rule: global("forwarding-rules"),
  google_compute_managed_ssl_certificate: global("ssl-certificates"),
  google_compute_security_policy: global("security-policies"),
  google_compute_ssl_policy: global("ssl-policies"),
  google_compute_target_http_proxy: global("target-http-proxies"),
  google_compute_target_https_proxy: global("target-https-proxies"),
  google_compute_url_map: global("url-maps"),
};

/** Making these once more changes nothing, or adds one more version of what is there. Grants are of this kind, too. */
const MADE_AGAIN: readonly string[] = [
  "google_firestore_field",
  "google_project_service",
  "google_secret_manager_secret_version",
  "google_storage_bucket_object",
];

/** No command of gcloud lists these. Terraform says that they exist, and somebody imports them (infra/README.md). */
export const IMPORTED_BY_HAND: readonly string[] = [
  "google_logging_project_exclusion",
  "google_monitoring_custom_service",
  "google_monitoring_slo",
];

/** Whether a deployment knows what to do if Terraform's state has lost something of this type; a test asks for each. */
export const survivesLostState = (type: string): boolean =>
  !type.startsWith("google_") ||
  type.endsWith("_iam_member") ||
  type in ADOPTABLE ||
  MADE_AGAIN.includes(type) ||
  IMPORTED_BY_HAND.includes(type);
