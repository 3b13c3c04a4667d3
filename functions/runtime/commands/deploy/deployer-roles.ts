/** What somebody who deploys must be allowed to do, instead of being the project's owner. */
interface Need {
  /** Google's own role: cloud.google.com/iam/docs/roles-permissions */
  readonly role: string;
  readonly why: string;
  /** The types of resources in infra/ that need it; a test compares them with the plan. */
  readonly types: readonly string[];
}

/** What a load balancer in front (`edge`) consists of, without its limits. */
const LOAD_BALANCER: readonly string[] = [
  "google_compute_backend_service",
  "google_compute_global_address",
  "google_compute_global_forwarding_rule",
  "google_compute_managed_ssl_certificate",
  "google_compute_region_network_endpoint_group",
  "google_compute_ssl_policy",
  "google_compute_target_http_proxy",
  "google_compute_target_https_proxy",
  "google_compute_url_map",
];
const LIMITS = "google_compute_security_policy";

/** Only planned with a load balancer in front. */
export const OF_THE_EDGE: readonly string[] = [...LOAD_BALANCER, LIMITS];

export const DEPLOYER_ROLES: readonly Need[] = [
  {
    role: "roles/serviceusage.serviceUsageAdmin",
    why: "switches on APIs",
    types: ["google_project_service"],
  },
  {
    role: "roles/iam.serviceAccountAdmin",
    why: "makes an account for each function, and lets Pub/Sub sign with those that push",
    types: ["google_service_account", "google_service_account_iam_member"],
  },
  {
    role: "roles/iam.serviceAccountUser",
    why: "lets functions and builds run as these accounts",
    types: ["google_cloudfunctions2_function"],
  },
  {
    role: "roles/iam.roleAdmin",
    why: "makes the two roles of Relais's own",
    types: ["google_project_iam_custom_role"],
  },
  {
    role: "roles/resourcemanager.projectIamAdmin",
    why: "grants functions what they need on the project",
    types: ["google_project_iam_member"],
  },
  {
    role: "roles/secretmanager.admin",
    why: "makes secrets, and reads the setup token for the smoke test and the setup link",
    types: [
      "google_secret_manager_secret",
      "google_secret_manager_secret_version",
      "google_secret_manager_secret_iam_member",
    ],
  },
  {
    role: "roles/datastore.owner",
    why: "makes the database, its indexes and backups; clones and restores it",
    types: [
      "google_firestore_database",
      "google_firestore_index",
      "google_firestore_field",
      "google_firestore_backup_schedule",
    ],
  },
  {
    role: "roles/pubsub.admin",
    why: "makes topics and subscriptions",
    types: [
      "google_pubsub_topic",
      "google_pubsub_topic_iam_member",
      "google_pubsub_subscription",
      "google_pubsub_subscription_iam_member",
    ],
  },
  {
    role: "roles/eventarc.admin",
    why: "makes the trigger of `mail-documents`, if documents are taken",
    types: ["google_eventarc_trigger"],
  },
  { role: "roles/cloudscheduler.admin", why: "makes the two ticks", types: ["google_cloud_scheduler_job"] },
  {
    role: "roles/cloudfunctions.admin",
    why: "deploys functions",
    types: ["google_cloudfunctions2_function"],
  },
  {
    role: "roles/run.admin",
    why: "says who may call them, and moves requests from one revision to another",
    types: ["google_cloud_run_v2_service_iam_member"],
  },
  {
    role: "roles/storage.admin",
    why: "makes the buckets of sources and of Terraform's state",
    types: ["google_storage_bucket", "google_storage_bucket_object"],
  },
  {
    role: "roles/artifactregistry.admin",
    why: "makes the repository of images",
    types: ["google_artifact_registry_repository", "google_artifact_registry_repository_iam_member"],
  },
  {
    role: "roles/logging.configWriter",
    why: "makes metrics from log lines, and keeps URLs of consents out of the log",
    types: ["google_logging_metric", "google_logging_project_exclusion"],
  },
  {
    role: "roles/logging.viewer",
    why: "reads the log of a new function while it has a share of the requests",
    types: [],
  },
  {
    role: "roles/monitoring.editor",
    why: "makes objectives, alarms and a dashboard, and says who is told",
    types: [
      "google_monitoring_alert_policy",
      "google_monitoring_custom_service",
      "google_monitoring_dashboard",
      "google_monitoring_notification_channel",
      "google_monitoring_slo",
      "google_monitoring_uptime_check_config",
    ],
  },
  {
    role: "roles/compute.loadBalancerAdmin",
    why: "makes the load balancer, only with `edge`",
    types: LOAD_BALANCER,
  },
  { role: "roles/compute.securityAdmin", why: "limits requests by address, only with `edge`", types: [LIMITS] },
  { role: "roles/firebasehosting.admin", why: "publishes the console", types: [] },
  { role: "roles/firebase.viewer", why: "finds out whether Firebase was added", types: [] },
  { role: "roles/orgpolicy.policyViewer", why: "finds out which policies take effect", types: [] },
  { role: "roles/cloudquotas.viewer", why: "finds out how large functions may grow", types: [] },
  { role: "roles/browser", why: "sees the project and whether it has a billing account", types: [] },
];

/** Types that need no right on the project: the page says what keys and a budget need. */
export const WITHOUT_RIGHTS: readonly string[] = [
  "google_billing_budget",
  "google_kms_crypto_key_iam_member",
  "time_sleep",
];

/** infra/DEPLOYER.md. `node infra/build/deployer.ts` writes it. */
export const deployerPage = (): string => `# Who may deploy

Instead of *Owner*, an account that runs \`npm run deploy\` can have these roles on the project. [The table](../functions/runtime/commands/deploy/deployer-roles.ts) that this page is made from is compared with Terraform's plan by a test.

| role | why | resources of Terraform |
|---|---|---|
${DEPLOYER_ROLES.map(({ role, why, types }) => `| \`${role}\` | ${why} | ${types.map((type) => `\`${type.replace("google_", "")}\``).join(", ")} |`).join("\n")}

An owner grants them like this:

\`\`\`
for role in ${DEPLOYER_ROLES.map(({ role }) => role.replace("roles/", "")).join(" ")}; do
  gcloud projects add-iam-policy-binding $PROJECT --member=user:deployer@your-domain --role=roles/$role --condition=None
done
\`\`\`

With keys of your own (\`kms_keys\`), the account needs \`roles/cloudkms.admin\` on these keys as well; with a \`budget\`, \`roles/billing.costsManager\` on the billing account. Firebase is added to the project, and a billing account linked, by an owner, once.

Whoever may deploy can give themselves everything in the project: \`resourcemanager.projectIamAdmin\` grants any role. These roles protect from mistakes and keep other projects out; they do not make a deployer harmless.
`;
