import { CUSTOM_ROLES, KNOWN_ROLES } from "./roles.ts";
import type { Plan, PlannedResource } from "./terraform.ts";

const text = ({ values }: PlannedResource, attribute: string): string => String(values[attribute] ?? "");

const short = (name: string): string => name.replace(/^.*\//, "");

/** What each kind of grant is on. */
const ON: Readonly<Record<string, (grant: PlannedResource) => string>> = {
  google_artifact_registry_repository_iam_member: (grant) => `repository \`${text(grant, "repository")}\``,
  google_cloud_run_v2_service_iam_member: (grant) => `service \`${text(grant, "name")}\``,
  google_kms_crypto_key_iam_member: (grant) => `key \`${short(text(grant, "crypto_key_id"))}\``,
  google_project_iam_member: () => "project",
  google_pubsub_subscription_iam_member: (grant) => `subscription \`${text(grant, "subscription")}\``,
  google_pubsub_topic_iam_member: (grant) => `topic \`${text(grant, "topic")}\``,
  google_secret_manager_secret_iam_member: (grant) => `secret \`${text(grant, "secret_id")}\``,
  google_service_account_iam_member: (grant) =>
    `account \`${short(text(grant, "service_account_id")).replace(/@.*/, "")}\``,
};

/** `projects/…/secrets/relais-refresh-` of a condition on a name. */
const onlyFor = ({ values }: PlannedResource): string => {
  const [condition] = Array.isArray(values.condition) ? values.condition : [];
  const named = /"projects\/[^/]+\/(.*?)"/.exec(String(condition?.expression ?? ""));
  if (named === null) return "";
  const name = named[1] ?? "";
  return name.startsWith("databases/") ? `, only \`${name}\`` : `, only \`${name.replace(/-\d{6,}-.*/, "-")}…\``;
};

const AGENTS: Readonly<Record<string, string>> = {
  "gcf-admin-robot": "Cloud Functions' agent",
  "gcp-sa-artifactregistry": "Artifact Registry's agent",
  "gcp-sa-firestore": "Firestore's agent",
  "gcp-sa-pubsub": "Pub/Sub's agent",
  "gcp-sa-secretmanager": "Secret Manager's agent",
  "gs-project-accounts": "Cloud Storage's agent",
  "serverless-robot-prod": "Cloud Run's agent",
};

const identityOf = (member: string): string => {
  if (member === "allUsers") return "everyone (`allUsers`)";
  const agent = Object.keys(AGENTS).find((domain) => member.includes(`@${domain}.`));
  if (agent !== undefined) return AGENTS[agent] ?? agent;
  const own = /^serviceAccount:(relais-[\w-]+)@/.exec(member);
  return own === null ? "programs of `topic_publishers`" : `\`${own[1]}\``;
};

const roleOf = (role: string): string => {
  const name = role.startsWith("projects/") ? short(role) : role;
  const permissions = CUSTOM_ROLES[name];
  return permissions === undefined ? `[${name}](${KNOWN_ROLES[name] ?? ""})` : `\`${name}\`: ${permissions.join(", ")}`;
};

/** The page about every grant that Terraform makes, by who has it. */
export const iamPage = (plan: Plan): string => {
  const grants = plan.resources.filter(({ type }) => type.endsWith("_iam_member"));
  const rows = grants.map((grant) => {
    const on = ON[grant.type];
    if (on === undefined) throw new Error(`${grant.type} is no kind of grant that the page knows`);
    return `| ${identityOf(text(grant, "member"))} | ${roleOf(text(grant, "role"))} | ${on(grant)}${onlyFor(grant)} |`;
  });
  return `# Who may do what

Made from the plan by \`node test/infra/write-iam.ts\`, and compared with it by a test: every grant of Terraform's, in an installation without a prefix.

- Each function has an account of its own. No account has a key, and none is *Owner*, *Editor* or administrator of anything.
- Refresh tokens become secrets at run time, so they are granted on the project, under a condition on their names. Creating a secret cannot be conditioned: Google checks it on the project.
- With \`public_access = "invoker_check_off"\` the grants to everyone are absent. With \`kms_keys\`, Google's agents also get [${KMS}](${KNOWN_ROLES[KMS]}) on those keys. \`event_subscribers\` get [${SUBSCRIBER}](${KNOWN_ROLES[SUBSCRIBER]}) on \`mail-events\`.

| who | role | on |
|---|---|---|
${[...new Set(rows)].toSorted().join("\n")}
`;
};

const KMS = "roles/cloudkms.cryptoKeyEncrypterDecrypter";
const SUBSCRIBER = "roles/pubsub.subscriber";
