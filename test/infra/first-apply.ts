import type { Rule } from "./rules.ts";
import type { Plan, PlannedResource } from "./terraform.ts";

/**
 * What the first `apply` to a new project depends on, and no plan shows: an order of creation that Google accepts. A
 * second `apply` would hide each of these.
 */

const SERVICES = "google_project_service.required";

/** Their APIs are enabled in every new project (cloud.google.com/service-usage/docs/enabled-service). */
const NEED_NO_SERVICE = /^(google_(project_service|storage_)|time_sleep)/;

/** Everything that is created before it, because it or its dependencies refer to it. */
export const before = (plan: Plan, address: string): ReadonlySet<string> => {
  const found = new Set<string>();
  const look = (at: string): void => {
    for (const one of plan.steps.find((step) => step.address === at)?.after ?? []) {
      if (found.has(one)) continue;
      found.add(one);
      look(one);
    }
  };
  look(address);
  return found;
};

const usesOwnMetric = (plan: Plan, address: string): boolean =>
  plan.resources.some(
    (resource) =>
      resource.address.startsWith(address) && JSON.stringify(resource.values).includes("logging.googleapis.com/user/"),
  );

const text = ({ values }: PlannedResource, attribute: string): string => String(values[attribute] ?? "");
const grantsTo = (plan: Plan, account: string): readonly PlannedResource[] =>
  plan.resources.filter((r) => r.type.endsWith("_iam_member") && text(r, "member").startsWith(account));
const conditionOf = ({ values }: PlannedResource): string => JSON.stringify(values.condition ?? []);

const BUILD = "serviceAccount:relais-build@";
/**
 * cloud.google.com/functions/docs/securing/build-custom-sa, "Grant permissions": logs, images, and Cloud Functions'
 * copy of the source.
 */
const BUILD_ROLES = ["roles/artifactregistry.writer", "roles/logging.logWriter", "roles/storage.objectViewer"];

export const FIRST_APPLY_RULES: readonly Rule[] = [
  {
    name: "nothing is made before the APIs are on",
    check: (plan) =>
      plan.steps
        .filter(({ address }) => !NEED_NO_SERVICE.test(address) && !before(plan, address).has(SERVICES))
        .map(({ address }) => `${address} does not wait for ${SERVICES}`),
    broken: {
      file: "build.tf",
      from: '  display_name = "${local.title}: builds function images"\n\n  depends_on = [google_project_service.required]\n',
      to: '  display_name = "${local.title}: builds function images"\n',
      says: /google_service_account\.build does not wait/,
    },
  },
  {
    name: "the build's account has what a build needs, before the first function",
    check: (plan) => [
      ...BUILD_ROLES.filter((role) => !grantsTo(plan, BUILD).some((grant) => text(grant, "role") === role)).map(
        (role) => `the build's account lacks ${role}`,
      ),
      ...grantsTo(plan, BUILD)
        .filter((grant) => text(grant, "role") === "roles/storage.objectViewer")
        .filter((grant) => !conditionOf(grant).includes("projects/_/buckets/gcf-v2-sources-"))
        .map(({ address }) => `${address}: builds read the copy in gcf-v2-sources-…`),
      ...grantsTo(plan, BUILD)
        .map(({ address }) => address.replace(/\[.*$/, ""))
        .filter((address) => !before(plan, "module.function").has(address))
        .map((address) => `functions do not wait for ${address}`),
    ],
    broken: [
      {
        file: "build.tf",
        from: "    google_project_iam_member.build_reads_sources,\n",
        to: "",
        says: /functions do not wait for google_project_iam_member\.build_reads_sources/,
      },
      {
        file: "build.tf",
        from: "buckets/gcf-v2-sources-",
        to: "buckets/relais-sources-",
        says: /builds read the copy in gcf-v2-sources-/,
      },
      {
        file: "build.tf",
        from: '  role    = "roles/logging.logWriter"\n',
        // The same edit breaks the rule about invokers, so one copy can hold both.
        to: '  role    = "roles/run.invoker"\n',
        says: /the build's account lacks roles\/logging\.logWriter/,
      },
    ],
  },
  {
    name: "an alarm or objective on a metric of ours comes late enough for Google to know the metric",
    check: (plan) =>
      plan.steps
        .filter(({ address }) => /^google_monitoring_(alert_policy|slo|dashboard)\./.test(address))
        .filter(({ address }) => usesOwnMetric(plan, address) && !before(plan, address).has("module.function"))
        .map(({ address }) => `${address} is made right after its metric, and refused`),
    broken: {
      file: "objectives.tf",
      from: "      total_service_filter = local.requests\n    }\n  }\n\n  depends_on = [module.function]\n",
      to: '      total_service_filter = "${local.requests} AND ${local.metric_type.checks}"\n    }\n  }\n',
      says: /google_monitoring_slo\.answered is made right after its metric/,
    },
  },
  {
    name: "a trigger comes only once the service that it calls is there",
    check: (plan) =>
      plan.steps
        .filter(({ address }) => address.startsWith("google_eventarc_trigger."))
        .filter(({ waitsFor }) => !waitsFor.includes("module.function"))
        .map(({ address }) => `${address} does not wait for the functions`),
    broken: {
      file: "documents.tf",
      from: "    module.function,\n",
      to: "",
      says: /google_eventarc_trigger\.documents does not wait for the functions/,
    },
  },
  {
    name: "the secrets that functions read when they start have a value before the first function",
    check: (plan) =>
      before(plan, "module.function").has("google_secret_manager_secret_version.first")
        ? []
        : ["functions do not wait for google_secret_manager_secret_version.first"],
    broken: {
      file: "functions.tf",
      from: "    google_secret_manager_secret_version.first,\n",
      to: "",
      says: /functions do not wait for google_secret_manager_secret_version\.first/,
    },
  },
  {
    name: "new indexes are ready before new code asks them",
    check: (plan) =>
      before(plan, "module.function").has("google_firestore_index.composite")
        ? []
        : ["functions do not wait for google_firestore_index.composite"],
    broken: {
      file: "functions.tf",
      from: "    google_firestore_index.composite,\n",
      to: "",
      says: /functions do not wait for google_firestore_index\.composite/,
    },
  },
  {
    name: "Google's own accounts have the key before anything is encrypted with it",
    check: (plan) =>
      plan.steps
        .filter(({ keys }) => keys)
        .filter(({ address }) => !before(plan, address).has("google_kms_crypto_key_iam_member.agent"))
        .map(({ address }) => `${address} may use its key only later`),
    broken: {
      file: "pubsub.tf",
      from: "  depends_on = [google_project_service.required, google_kms_crypto_key_iam_member.agent]\n",
      to: "  depends_on = [google_project_service.required]\n",
      says: /google_pubsub_topic\.this may use its key only later/,
    },
  },
];
