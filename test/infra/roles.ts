/**
 * Every role that infra/ may grant, and where it is documented. Any other role fails the plan test: whoever grants a
 * new one must first read what it allows, and add the source here.
 */
export const KNOWN_ROLES: Readonly<Record<string, string>> = {
  "roles/artifactregistry.writer": "https://cloud.google.com/artifact-registry/docs/access-control#roles",
  "roles/cloudkms.cryptoKeyEncrypterDecrypter": "https://cloud.google.com/kms/docs/cmek#grant_permission",
  "roles/datastore.user": "https://cloud.google.com/firestore/docs/security/iam#roles",
  "roles/eventarc.eventReceiver": "https://cloud.google.com/eventarc/docs/run/roles-permissions#user-managed-sa",
  "roles/iam.serviceAccountTokenCreator":
    "https://cloud.google.com/iam/docs/service-account-permissions#token-creator-role",
  "roles/logging.logWriter": "https://cloud.google.com/logging/docs/access-control#logging.logWriter",
  "roles/pubsub.publisher": "https://cloud.google.com/pubsub/docs/access-control#pubsub.publisher",
  "roles/pubsub.subscriber": "https://cloud.google.com/pubsub/docs/access-control#pubsub.subscriber",
  "roles/run.invoker": "https://cloud.google.com/run/docs/reference/iam/roles#run.invoker",
  "roles/secretmanager.secretAccessor":
    "https://cloud.google.com/secret-manager/docs/access-control#secretmanager.secretAccessor",
  "roles/secretmanager.secretVersionAdder":
    "https://cloud.google.com/secret-manager/docs/access-control#secretmanager.secretVersionAdder",
  "roles/storage.objectViewer": "https://cloud.google.com/storage/docs/access-control/iam-roles#storage.objectViewer",
};

/** What Google's own roles on secrets allow; none of them allows any other call. */
export const SECRET_PERMISSIONS: Readonly<Record<string, readonly string[]>> = {
  "roles/secretmanager.secretAccessor": ["secretmanager.versions.access"],
  "roles/secretmanager.secretVersionAdder": ["secretmanager.versions.add"],
};

/** Our own roles: exactly these permissions (https://cloud.google.com/iam/docs/permissions-reference). */
export const CUSTOM_ROLES: Readonly<Record<string, readonly string[]>> = {
  relaisSecretCreator: ["secretmanager.secrets.create"],
  relaisSecretVersionDestroyer: ["secretmanager.versions.destroy", "secretmanager.versions.list"],
};

/**
 * Conditions (CEL) may only have these forms:
 * https://cloud.google.com/iam/docs/conditions-attribute-reference#resource-name
 */
export const KNOWN_CONDITIONS: readonly RegExp[] = [
  /^resource\.name == "projects\/[a-z0-9-]+\/databases\/(?:\(default\)|[a-z][a-z0-9-]*)"$/,
  /^resource\.name\.startsWith\("projects\/\d+\/secrets\/relais-refresh-"\)$/,
  /^resource\.name\.startsWith\("projects\/_\/buckets\/gcf-v2-sources-\d+-[a-z0-9-]+"\)$/,
];
