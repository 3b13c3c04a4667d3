import { COLLECTIONS, SINGLE_FIELD_INDEXES, unindexedFields } from "../../functions/adapters/firestore/indexes.ts";
import { LEASE_MS } from "../../functions/domain/messages/deliver/lease.ts";
import { QUERIES, type QueryShape } from "../../functions/domain/queries.ts";
import type { RecordKind } from "../../functions/domain/record-kinds.ts";
import { survivesLostState } from "../../functions/runtime/commands/deploy/adoptable.ts";
import { DEPLOYER_ROLES, OF_THE_EDGE, WITHOUT_RIGHTS } from "../../functions/runtime/commands/deploy/deployer-roles.ts";
import { DEPLOYED_TO } from "../../functions/runtime/config.ts";
import { CUSTOM_ROLES, KNOWN_CONDITIONS, KNOWN_ROLES } from "./roles.ts";
import { FUNCTION_NAMES, type Plan, type PlannedResource } from "./terraform.ts";

/** An edit to infra/ that breaks a rule, and words that the rule's message must then contain. */
export interface Breach {
  readonly file: string;
  readonly from: string;
  readonly to: string;
  readonly says: RegExp;
}

/** What must be true of every plan, and edits to infra/ that break it, each of which must be noticed. */
export interface Rule {
  readonly name: string;
  /** One message per breach; empty if the rule holds. */
  readonly check: (plan: Plan) => readonly string[];
  readonly broken: Breach | readonly Breach[];
}

const INVOKER = "google_cloud_run_v2_service_iam_member";
const PUBLIC = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"];
const text = (resource: PlannedResource, attribute: string): string => String(resource.values[attribute] ?? "");
const block = (resource: PlannedResource, name: string): Readonly<Record<string, unknown>> => {
  const blocks = resource.values[name];
  const first: unknown = Array.isArray(blocks) ? blocks[0] : undefined;
  return typeof first === "object" && first !== null ? { ...first } : {};
};
const functions = (plan: Plan): readonly PlannedResource[] => plan.ofType("google_cloudfunctions2_function");
const service = (resource: PlannedResource): Readonly<Record<string, unknown>> => block(resource, "service_config");
const grants = (plan: Plan): readonly PlannedResource[] => plan.resources.filter((r) => r.type.endsWith("_iam_member"));
const condition = (resource: PlannedResource): string => String(block(resource, "condition").expression ?? "");
const functionOf = (member: string): string | undefined =>
  FUNCTION_NAMES.find((name) => member.startsWith(`serviceAccount:relais-${name}@`));
const differences = (what: string, found: readonly string[], wanted: readonly string[]): readonly string[] => [
  ...wanted.filter((one) => !found.includes(one)).map((one) => `${what}: missing ${one}`),
  ...found.filter((one) => !wanted.includes(one)).map((one) => `${what}: not allowed ${one}`),
];

/** The rights on secrets by function: `token:` refresh tokens, `client:` the client secret, `ring:` the key ring. */
const SECRET_RIGHTS: Readonly<Record<string, readonly string[]>> = {
  "authorize-start": [],
  "send-mail": [],
  "dispatch-due": [],
  "mail-documents": [],
  "confirm-callback": ["token:create", "token:add", "token:destroy", "client:read", "ring:read"],
  "deliver-mail": ["token:add", "token:read", "client:read", "ring:read"],
  "refresh-tokens": ["token:create", "token:add", "token:read", "token:destroy", "client:read", "ring:read"],
  "mail-servers": [
    ...["token:add", "token:read", "token:destroy"],
    ...["client:read", "client:add", "client:destroy", "ring:read"],
  ],
};
const RIGHT_OF_ROLE: Readonly<Record<string, string>> = {
  "roles/secretmanager.secretAccessor": "read",
  "roles/secretmanager.secretVersionAdder": "add",
  relaisSecretCreator: "create",
  relaisSecretVersionDestroyer: "destroy",
};
const SECRET_NAMES: Readonly<Record<string, string>> = {
  "relais-client-secret": "client",
  "relais-key-ring": "ring",
  "relais-setup-token": "setup",
};
const shortRole = (role: string): string => role.replace(/^projects\/[^/]+\/roles\//, "");

export const secretRights = (plan: Plan, name: string): readonly string[] =>
  grants(plan).flatMap((grant) => {
    const right = RIGHT_OF_ROLE[shortRole(text(grant, "role"))];
    if (right === undefined || functionOf(text(grant, "member")) !== name) return [];
    const secret = SECRET_NAMES[text(grant, "secret_id")] ?? "token";
    return secret === "setup" ? [] : [`${secret}:${right}`];
  });

const isOnProject = (grant: PlannedResource): boolean => grant.type === "google_project_iam_member";

/** With a load balancer in front, nobody may go round it. */
const publicIngress = (plan: Plan): string =>
  String(plan.input("ingress") ?? (plan.input("edge") === null ? "ALLOW_ALL" : "ALLOW_INTERNAL_AND_GCLB"));

/** Those that are given, or else one for each address among the operators: its name is known only after an apply. */
const wantedChannels = (plan: Plan): readonly unknown[] => {
  const given = plan.input("notification_channels");
  const operators = [plan.input("operators")].flat().filter((entry) => !String(entry).startsWith("@"));
  return Array.isArray(given) ? given : operators.map(() => null);
};

/** cloud.google.com/monitoring/alerts/doc-variables, "limits". */
const PLAYBOOK_BYTES = 8_192;

/** Of Cloud Run, a region. */
const NEW_PROJECT = { cpu: 20, gib: 40 };
const gibibytes = (memory: string): number => Number.parseInt(memory, 10) / (memory.endsWith("Gi") ? 1 : 1_024);

/** The composite indexes that Firestore needs for the queries: more than one field, in the query's order. */
const neededIndexes = (): readonly string[] => {
  const shapes: readonly QueryShape[] = Object.values(QUERIES);
  return shapes
    .map((shape) => ({
      shape,
      fields: [
        ...(shape.shards ? [`${shape.shards}:ASCENDING`] : []),
        ...shape.equal.map((field) => `${field}:ASCENDING`),
        ...(shape.contains ? [`${shape.contains}:CONTAINS`] : []),
        `${shape.order[0]}:${shape.order[1] === "asc" ? "ASCENDING" : "DESCENDING"}`,
      ],
    }))
    .filter(({ fields }) => fields.length > 1)
    .map(({ shape, fields }) => `${shape.kind} ${fields.join(" ")}`);
};
const plannedIndexes = (plan: Plan): readonly string[] =>
  plan.ofType("google_firestore_index").map((index) => {
    const fields = index.values.fields;
    const shown = (Array.isArray(fields) ? fields : []).map(
      (field: { field_path: string; order: string | null; array_config: string | null }) =>
        `${field.field_path}:${field.order ?? field.array_config}`,
    );
    return `${text(index, "collection")} ${shown.join(" ")}`;
  });

/**
 * The topics that each function's code publishes to. A missing right loses messages, and a superfluous one is too much.
 */
const PUBLISHES: Readonly<Record<string, readonly string[]>> = {
  "authorize-start": [],
  "confirm-callback": ["mail-dispatch", "mail-events", "token-checks"],
  "mail-servers": ["mail-dispatch", "mail-events", "mail-send"],
  "send-mail": ["mail-events", "mail-send"],
  "deliver-mail": ["mail-dispatch", "mail-events", "mail-send"],
  "refresh-tokens": ["mail-dispatch", "mail-events", "token-checks"],
  "dispatch-due": ["mail-dispatch", "mail-events", "mail-send"],
  "mail-documents": ["mail-events", "mail-send"],
};

/** The functions that find out what becomes of a mail, and write it into its document. */
const DOCUMENT_WRITERS = ["mail-documents", "deliver-mail", "dispatch-due", "send-mail", "mail-servers"];

const kinds = Object.keys(COLLECTIONS) as readonly RecordKind[];
const fieldsOf = (plan: Plan, has: (field: PlannedResource) => boolean): readonly string[] =>
  plan
    .ofType("google_firestore_field")
    .filter(has)
    .map((field) => `${text(field, "collection")}.${text(field, "field")}`);

/** Variables that are given only if the input that they come from is. */
const GIVEN_WITH: Readonly<Record<string, (plan: Plan) => boolean>> = {
  RELAIS_PREFIX: (plan) => plan.input("prefix") !== "",
  RELAIS_SECRET_LOCATIONS: (plan) => String(plan.input("secret_locations")) !== "",
  RELAIS_SECRET_KMS: (plan) => String(Object(plan.input("kms_keys")).secrets ?? "") !== "",
};
const neededVariables = (plan: Plan, name: string): readonly string[] => [
  "NODE_ENV",
  ...Object.entries(DEPLOYED_TO)
    .filter(([, to]) => to === "all" || (to !== "none" && to.some((one) => one === name)))
    .map(([variable]) => variable)
    .filter((variable) => GIVEN_WITH[variable]?.(plan) ?? true),
];
const givenVariables = (resource: PlannedResource): readonly string[] => {
  const { environment_variables: plain, secret_environment_variables: secret } = service(resource);
  return [
    ...Object.keys(Object(plain)),
    ...(Array.isArray(secret) ? secret : []).map(({ key }: { readonly key: string }) => key),
  ];
};

/** The block is listed even if it is absent; its account's address is unknown at the time of planning. */
const signs = (oidcToken: unknown): boolean => Array.isArray(oidcToken) && oidcToken.length > 0;
/** These say where secrets are kept, and which keys of Cloud KMS encrypt what. */
const NO_SECRET = [
  ...["secret_locations", "RELAIS_SECRET_LOCATIONS", "kms_keys", "RELAIS_SECRET_KMS"],
  ...["RELAIS_REFRESH_TOKENS", "refresh_tokens"],
];
const namesSecret = (name: string): boolean =>
  /token|secret|password|key|credential/i.test(name) && !NO_SECRET.includes(name);

export const RULES: readonly Rule[] = [
  {
    name: "each function gets exactly the variables that it needs",
    check: (plan) =>
      functions(plan).flatMap((f) =>
        differences(`variables of ${text(f, "name")}`, givenVariables(f), neededVariables(plan, text(f, "name"))),
      ),
    broken: {
      file: "functions.tf",
      from: "environment    = merge(local.token_environment, local.secret_environment)",
      to: "environment    = local.admission_environment",
      says: /variables of refresh-tokens: not allowed RELAIS_OPERATORS/,
    },
  },
  {
    name: "each function may publish exactly to the topics that it uses",
    check: (plan) =>
      FUNCTION_NAMES.flatMap((name) => {
        const topics = plan
          .ofType("google_pubsub_topic_iam_member")
          .filter(
            (grant) => text(grant, "role") === "roles/pubsub.publisher" && functionOf(text(grant, "member")) === name,
          )
          .map((grant) => text(grant, "topic"));
        return differences(`topics of ${name}`, topics, PUBLISHES[name] ?? []);
      }),
    broken: {
      file: "functions.tf",
      from: "publishes_to   = []",
      to: 'publishes_to   = ["mail-send"]',
      says: /topics of authorize-start: not allowed mail-send/,
    },
  },
  {
    name: "a claim of a message outlasts the function that delivers it",
    check: (plan) =>
      functions(plan)
        .filter((f) => text(f, "name") === "deliver-mail" && Number(service(f).timeout_seconds) * 1_000 >= LEASE_MS)
        .map(
          (f) =>
            `deliver-mail may run for ${service(f).timeout_seconds} s and its lease ends after ${LEASE_MS / 1_000} s: two would send one message`,
        ),
    broken: {
      file: "functions.tf",
      from: "concurrency    = 32\n      timeout_s      = 300",
      to: "concurrency    = 32\n      timeout_s      = 360",
      says: /deliver-mail may run for 360 s and its lease ends after 360 s/,
    },
  },
  {
    name: "fields that no query uses are exempt from indexing, in every collection",
    check: (plan) =>
      differences(
        "exempt from indexing",
        fieldsOf(plan, (field) => {
          const { indexes } = block(field, "index_config");
          return Array.isArray(field.values.index_config) && (!Array.isArray(indexes) || indexes.length === 0);
        }),
        // Its indexes are the application's.
        [
          ...kinds.flatMap((kind) => unindexedFields(kind).map((field) => `${kind}.${field}`)),
          "mail.delivery.expireAt",
        ],
      ),
    broken: {
      file: "firestore.tf",
      from: '    "mailServers",\n',
      to: "",
      says: /exempt from indexing: missing mailServers\.json/,
    },
  },
  {
    name: "a field has an index of its own only in the direction in which a query orders by it",
    check: (plan) =>
      differences(
        "index of one field",
        plan.ofType("google_firestore_field").flatMap((field) => {
          const { indexes } = block(field, "index_config");
          const name = `${text(field, "collection")}.${text(field, "field")}`;
          return (Array.isArray(indexes) ? indexes : []).map(
            ({ order }: { readonly order: string | null }) => `${name} ${order}`,
          );
        }),
        SINGLE_FIELD_INDEXES.map(({ collection, fieldPath, order }) => `${collection}.${fieldPath} ${order}`),
      ),
    broken: {
      file: "firestore.tf",
      from: 'secretSweeps-dueAtMs      = "ASCENDING"',
      to: 'secretSweeps-dueAtMs      = "DESCENDING"',
      says: /index of one field: missing secretSweeps\.dueAtMs ASCENDING/,
    },
  },
  {
    name: "exactly the collections with expiring records have a TTL policy",
    check: (plan) =>
      differences(
        "TTL policy",
        fieldsOf(plan, ({ values }) => Array.isArray(values.ttl_config) && values.ttl_config.length > 0),
        [...kinds.filter((kind) => COLLECTIONS[kind]).map((kind) => `${kind}.eraseAt`), "mail.delivery.expireAt"],
      ),
    broken: {
      file: "firestore.tf",
      from: '"securityEvents", "sessions", "tallies"]',
      to: '"securityEvents", "tallies"]',
      says: /TTL policy: missing sessions\.eraseAt/,
    },
  },
  {
    name: "rights on secrets match the table",
    check: (plan) =>
      FUNCTION_NAMES.flatMap((name) =>
        differences(`secrets, ${name}`, secretRights(plan, name), SECRET_RIGHTS[name] ?? []),
      ),
    broken: {
      file: "secrets.tf",
      from: 'deliver-mail     = ["add", "read"]',
      to: 'deliver-mail     = ["add", "read", "destroy"]',
      says: /secrets, deliver-mail: not allowed token:destroy/,
    },
  },
  {
    name: "no unconditioned accessor, adder or admin of secrets on the project",
    check: (plan) =>
      grants(plan)
        .filter((grant) => isOnProject(grant) && condition(grant) === "")
        .filter((grant) => !["create", undefined].includes(RIGHT_OF_ROLE[shortRole(text(grant, "role"))]))
        .map((grant) => `${grant.address}: ${text(grant, "role")} on the project without a condition`),
    broken: {
      file: "secrets.tf",
      from: '  condition {\n    title      = "${local.lead}relais-refresh-tokens"\n    expression = "resource.name.startsWith(\\"${local.refresh_token_prefix}\\")"\n  }\n',
      to: "",
      says: /on the project without a condition/,
    },
  },
  {
    name: "four named functions are public, and the others admit only their push account",
    check: (plan) => [
      ...grants(plan)
        .filter((grant) => text(grant, "role") === "roles/run.invoker" && grant.type !== INVOKER)
        .map((grant) => `${grant.address}: may invoke more than one function`),
      ...FUNCTION_NAMES.flatMap((name) => {
        const isPublic = PUBLIC.includes(name);
        const everyone = plan.input("public_access") === "all_users" ? ["allUsers"] : [];
        const invokers = plan
          .ofType(INVOKER)
          .filter((grant) => text(grant, "name") === name)
          .map((grant) => text(grant, "member").replace(/@.*/, ""));
        const ingress = functions(plan)
          .filter((f) => text(f, "name") === name)
          .map((f) => String(service(f).ingress_settings));
        return [
          ...differences(`invokers of ${name}`, invokers, isPublic ? everyone : [`serviceAccount:relais-push-${name}`]),
          ...differences(`ingress of ${name}`, ingress, [isPublic ? publicIngress(plan) : "ALLOW_INTERNAL_ONLY"]),
        ];
      }),
    ],
    broken: [
      {
        file: "build.tf",
        from: '  role    = "roles/logging.logWriter"\n',
        to: '  role    = "roles/run.invoker"\n',
        says: /google_project_iam_member\.build_logs: may invoke more than one function/,
      },
      {
        file: "functions.tf",
        from: "deliver-mail = {\n      public = false",
        to: "deliver-mail = {\n      public = true",
        says: /invokers of deliver-mail: not allowed allUsers/,
      },
      {
        file: "modules/function/main.tf",
        from: '"ALLOW_INTERNAL_ONLY"',
        to: '"ALLOW_ALL"',
        says: /ingress of refresh-tokens: not allowed ALLOW_ALL/,
      },
    ],
  },
  {
    name: "each role is on the list of known roles",
    check: (plan) => [
      ...grants(plan)
        .map((grant) => ({ grant, role: shortRole(text(grant, "role")) }))
        .filter(({ role }) => !(role in KNOWN_ROLES) && !(role in CUSTOM_ROLES))
        .map(
          ({ grant, role }) =>
            `${grant.address}: ${role || "(unknown when planning)"} is not on the list of known roles`,
        ),
      ...plan
        .ofType("google_project_iam_custom_role")
        .flatMap((role) =>
          differences(
            `permissions of ${text(role, "role_id")}`,
            Array.isArray(role.values.permissions) ? role.values.permissions.map(String) : [],
            CUSTOM_ROLES[text(role, "role_id")] ?? [],
          ),
        ),
    ],
    broken: {
      file: "modules/function/main.tf",
      from: "roles/datastore.user",
      to: "roles/datastore.owner",
      says: /roles\/datastore\.owner is not on the list/,
    },
  },
  {
    name: "conditions have only the known forms",
    check: (plan) =>
      grants(plan)
        .filter((grant) => condition(grant) !== "" && !KNOWN_CONDITIONS.some((form) => form.test(condition(grant))))
        .map((grant) => `${grant.address}: condition of an unknown form: ${condition(grant)}`),
    broken: {
      file: "secrets.tf",
      from: "projects/${data.google_project.this.number}/secrets/${local.lead}relais-refresh-",
      to: "projects/${var.project_id}/secrets/${local.lead}relais-refresh-",
      says: /condition of an unknown form/,
    },
  },
  {
    name: "composite indexes match the table of queries",
    check: (plan) => differences("composite index", plannedIndexes(plan), neededIndexes()),
    broken: {
      file: "firestore.tf",
      from: '[["listShard", "asc"], ["status", "asc"], ["createdAtMs", "desc"]]',
      to: '[["listShard", "asc"], ["status", "asc"], ["createdAtMs", "asc"]]',
      says: /composite index: missing messages listShard:ASCENDING status:ASCENDING createdAtMs:DESCENDING/,
    },
  },
  {
    name: "there are exactly these functions, on Node 24, in production mode",
    check: (plan) => [
      ...differences(
        "functions",
        functions(plan).map((f) => text(f, "name")),
        FUNCTION_NAMES,
      ),
      ...functions(plan).flatMap((f) => {
        const name = text(f, "name");
        const environment = service(f).environment_variables;
        return [
          ...differences(`runtime of ${name}`, [String(block(f, "build_config").runtime)], ["nodejs24"]),
          ...(JSON.stringify(environment).includes('"NODE_ENV":"production"')
            ? []
            : [`${name}: NODE_ENV is not production: the framework would answer with stack traces`]),
        ];
      }),
    ],
    broken: [
      {
        file: "modules/function/main.tf",
        from: "nodejs24",
        to: "nodejs22",
        says: /runtime of .*: not allowed nodejs22/,
      },
      {
        file: "functions.tf",
        from: 'NODE_ENV             = "production"',
        to: 'NODE_ENV             = "development"',
        says: /NODE_ENV is not production/,
      },
    ],
  },
  {
    name: "a function whose instances take several requests has at least one CPU",
    check: (plan) =>
      functions(plan)
        .filter((f) => Number(service(f).max_instance_request_concurrency) > 1 && Number(service(f).available_cpu) < 1)
        .map((f) => `${text(f, "name")}: concurrency above 1 needs at least 1 CPU`),
    broken: {
      file: "functions.tf",
      from: 'cpu            = "1"',
      to: 'cpu            = "0.5"',
      says: /concurrency above 1 needs at least 1 CPU/,
    },
  },
  {
    name: "ack deadlines last as long as the function may, within Pub/Sub's 10 to 600 s",
    check: (plan) =>
      plan
        .ofType("google_pubsub_subscription")
        .filter(
          (subscription) =>
            Array.isArray(subscription.values.push_config) && subscription.values.push_config.length > 0,
        )
        .flatMap((subscription) => {
          const deadline = Number(subscription.values.ack_deadline_seconds);
          const target = functions(plan).find((f) => text(subscription, "name").endsWith(`-to-${text(f, "name")}`));
          const timeout = Number(target ? service(target).timeout_seconds : Number.NaN);
          return deadline >= 10 && deadline <= 600 && deadline >= timeout
            ? []
            : [`${text(subscription, "name")}: ack deadline ${deadline} s against a timeout of ${timeout} s`];
        }),
    broken: {
      file: "functions.tf",
      from: "ack_deadline_s = 150",
      to: "ack_deadline_s = 60",
      says: /token-checks-to-refresh-tokens: ack deadline 60 s against a timeout of 120 s/,
    },
  },
  {
    name: "pushes are signed and have dead letters that Pub/Sub's agent may write",
    check: (plan) =>
      plan
        .ofType("google_pubsub_subscription")
        .filter(
          (subscription) =>
            Array.isArray(subscription.values.push_config) && subscription.values.push_config.length > 0,
        )
        .flatMap((subscription) => {
          const name = text(subscription, "name");
          const topic = name.replace(/-to-.*/, "");
          const agent = (grant: PlannedResource) =>
            text(grant, "member").endsWith("@gcp-sa-pubsub.iam.gserviceaccount.com");
          const publisher = plan
            .ofType("google_pubsub_topic_iam_member")
            .some((grant) => agent(grant) && text(grant, "topic") === `${topic}-dead-letters`);
          const subscriber = plan
            .ofType("google_pubsub_subscription_iam_member")
            .some((grant) => agent(grant) && text(grant, "subscription") === name);
          const account = `relais-push-${name.replace(/^.*-to-/, "")}@`;
          const signer = plan
            .ofType("google_service_account_iam_member")
            .some((grant) => agent(grant) && text(grant, "service_account_id").includes(`/${account}`));
          return [
            ...(signs(block(subscription, "push_config").oidc_token) ? [] : [`${name}: pushes are not signed`]),
            ...(Object.keys(block(subscription, "dead_letter_policy")).length > 0 ? [] : [`${name}: no dead letters`]),
            ...(publisher ? [] : [`${name}: Pub/Sub's agent may not publish to ${topic}-dead-letters`]),
            ...(subscriber ? [] : [`${name}: Pub/Sub's agent may not acknowledge on ${name}`]),
            ...(signer ? [] : [`${name}: Pub/Sub's agent may not have ${account} sign`]),
          ];
        }),
    broken: [
      {
        file: "pubsub.tf",
        from: 'resource "google_pubsub_subscription_iam_member" "dead_letter_subscriber" {\n  for_each = local.pushed_functions',
        to: 'resource "google_pubsub_subscription_iam_member" "dead_letter_subscriber" {\n  for_each = {}',
        says: /agent may not acknowledge/,
      },
      {
        file: "pubsub.tf",
        from: 'resource "google_pubsub_topic_iam_member" "dead_letter_publisher" {\n  for_each = local.pushed_functions',
        to: 'resource "google_pubsub_topic_iam_member" "dead_letter_publisher" {\n  for_each = {}',
        says: /agent may not publish/,
      },
      {
        file: "pubsub.tf",
        from: "    oidc_token {\n      service_account_email = module.function[each.key].push_service_account_email\n      audience              = module.function[each.key].uri\n    }\n",
        to: "",
        says: /pushes are not signed/,
      },
      {
        file: "modules/function/main.tf",
        from: 'resource "google_service_account_iam_member" "push_token" {\n  count = var.public ? 0 : 1',
        to: 'resource "google_service_account_iam_member" "push_token" {\n  count = 0',
        says: /agent may not have relais-push-deliver-mail@ sign/,
      },
    ],
  },
  {
    name: "no variable, output, environment or state contains a secret",
    check: (plan) => [
      ...plan
        .ofType("google_secret_manager_secret_version")
        .filter(({ values }) => values.secret_data !== null || values.secret_data_wo_version !== 1)
        .map((version) => `${version.address}: a secret's value would lie in Terraform's state`),
      ...functions(plan).flatMap((f) =>
        Object.keys(Object(service(f).environment_variables))
          .filter(namesSecret)
          .map((variable) => `${text(f, "name")}: ${variable} is a plain environment variable`),
      ),
      ...plan.variables.filter(namesSecret).map((name) => `variable ${name}: its value would lie in Terraform's state`),
      ...plan.outputs.filter(namesSecret).map((name) => `output ${name}: its value lies in Terraform's state`),
    ],
    broken: [
      {
        file: "functions.tf",
        from: "RELAIS_PUBLIC_URL    = var.public_url",
        to: 'RELAIS_PUBLIC_URL    = var.public_url\n      RELAIS_SETUP_TOKEN = "x"',
        says: /RELAIS_SETUP_TOKEN is a plain environment variable/,
      },
      {
        file: "variables.tf",
        from: 'variable "members" {',
        to: 'variable "setup_token" {\n  type    = string\n  default = "x"\n}\n\nvariable "members" {',
        says: /variable setup_token/,
      },
      {
        file: "outputs.tf",
        from: 'output "function_uris" {',
        to: 'output "client_secret" {\n  value = "x"\n}\n\noutput "function_uris" {',
        says: /output client_secret/,
      },
      {
        file: "secrets.tf",
        from: '  secret_data_wo         = base64sha256("${uuid()}${uuid()}")\n  secret_data_wo_version = 1\n',
        to: '  secret_data = base64sha256("${uuid()}${uuid()}")\n',
        says: /google_secret_manager_secret_version\.first\["key-ring"\]: a secret's value/,
      },
    ],
  },
  {
    name: "undelivered pushes and missing ticks raise an alarm",
    check: (plan) => {
      const filters = plan
        .ofType("google_monitoring_alert_policy")
        .flatMap((policy) => JSON.stringify(policy.values.conditions).match(/"filter":"(?:[^"\\]|\\.)*"/g) ?? []);
      const isWatched = (metric: string, name: string): boolean =>
        filters.some((filter) => filter.includes(metric) && filter.includes(`"${name}\\"`));
      const pushes = plan
        .ofType("google_pubsub_subscription")
        .filter(({ values }) => Array.isArray(values.push_config) && values.push_config.length > 0)
        .map((subscription) => text(subscription, "name"));
      return [
        ...pushes
          .filter((name) => !isWatched("oldest_unacked_message_age", name))
          .map((name) => `nobody is told when ${name} waits`),
        ...["refresh-tokens", "dispatch-due"]
          .filter((name) => !isWatched("run.googleapis.com/request_count", name))
          .map((name) => `nobody is told when ${name} is not called`),
      ];
    },
    broken: [
      {
        file: "alerts.tf",
        from: "oldest_unacked_message_age",
        to: "num_undelivered_messages",
        says: /nobody is told when mail-send-to-deliver-mail waits/,
      },
      {
        file: "alerts.tf",
        from: '["refresh-tokens", "dispatch-due"]',
        to: '["dispatch-due"]',
        says: /nobody is told when refresh-tokens is not called/,
      },
    ],
  },
  {
    name: "the code of a consent is in no log",
    check: (plan) =>
      plan
        .ofType("google_logging_project_exclusion")
        .some(({ values }) =>
          /service_name="(\w+-)?confirm-callback" AND log_id\("run\.googleapis\.com\/requests"\)/.test(
            String(values.filter),
          ),
        )
        ? []
        : ["requests to confirm-callback are logged, with the code in their URL"],
    broken: {
      file: "logs.tf",
      from: 'local.services["confirm-callback"]',
      to: 'local.services["send-mail"]',
      says: /requests to confirm-callback are logged/,
    },
  },
  {
    name: "every type of resource is in the list of what a deployer may do, and none in vain",
    check: (plan) => {
      const planned = new Set(plan.resources.map(({ type }) => type).filter((type) => !WITHOUT_RIGHTS.includes(type)));
      const listed = new Set(DEPLOYER_ROLES.flatMap(({ types }) => types));
      // There are none if somebody names their own.
      planned.add("google_monitoring_notification_channel");
      if (plan.input("edge") === null) for (const type of OF_THE_EDGE) planned.add(type);
      return [
        ...[...planned].filter((type) => !listed.has(type)).map((type) => `no role of a deployer covers ${type}`),
        ...[...listed].filter((type) => !planned.has(type)).map((type) => `${type} is listed and not planned`),
      ];
    },
    broken: {
      file: "logs.tf",
      from: "# What Cloud Logging does not keep.\n",
      to: 'resource "google_bigquery_dataset" "extra" {\n  dataset_id = "extra"\n}\n',
      says: /no role of a deployer covers google_bigquery_dataset/,
    },
  },
  {
    name: "a deployment knows every type of resource that Terraform's state may have lost",
    check: (plan) =>
      [...new Set(plan.resources.map(({ type }) => type))]
        .filter((type) => !survivesLostState(type))
        .map((type) => `${type}: neither taken over nor made again`),
    broken: {
      file: "services.tf",
      from: 'resource "google_project_service" "required" {',
      to: 'resource "google_pubsub_schema" "extra" {\n  name = "extra"\n}\n\nresource "google_project_service" "required" {',
      says: /google_pubsub_schema: neither taken over nor made again/,
    },
  },
  {
    name: "those who write into documents may, in the database of the documents, and nobody else",
    check: (plan) =>
      differences(
        "documents",
        grants(plan)
          .filter((grant) => condition(grant).endsWith('/databases/app"'))
          .map((grant) => `${functionOf(text(grant, "member")) ?? text(grant, "member")}: ${text(grant, "role")}`),
        DOCUMENT_WRITERS.map((name) => `${name}: roles/datastore.user`),
      ),
    broken: {
      file: "documents.tf",
      from: '"deliver-mail", "dispatch-due", "send-mail", "mail-servers"]',
      to: '"deliver-mail", "dispatch-due", "send-mail", "refresh-tokens"]',
      says: /documents: not allowed refresh-tokens: roles\/datastore\.user/,
    },
  },
  {
    name: "written documents of the collection, and no others, call mail-documents by its own account",
    check: (plan) => [
      ...differences(
        "events",
        plan.ofType("google_eventarc_trigger").flatMap(({ values }) =>
          [values.matching_criteria]
            .flat()
            .map((one) => Object(one))
            .map(({ attribute, operator, value }) => `${attribute}${operator ? ` ${operator}` : ""} ${value}`),
        ),
        [
          "type google.cloud.firestore.document.v1.written",
          "database app",
          "document match-path-pattern mail/{document}",
        ],
      ),
      ...plan
        .ofType("google_eventarc_trigger")
        .filter(({ values }) => values.location !== "europe-west1")
        .map(({ address }) => `${address}: must be where the database is`),
      ...differences(
        "receivers of events",
        grants(plan)
          .filter((grant) => text(grant, "role") === "roles/eventarc.eventReceiver")
          .map((grant) => text(grant, "member").replace(/@.*/, "")),
        ["serviceAccount:relais-push-mail-documents"],
      ),
    ],
    broken: [
      {
        file: "documents.tf",
        from: "google.cloud.firestore.document.v1.written",
        to: "google.cloud.firestore.document.v1.created",
        says: /events: missing type google\.cloud\.firestore\.document\.v1\.written/,
      },
    ],
  },
  {
    name: "every alarm shows its own playbook, within Monitoring's limit",
    check: (plan) => {
      const policies = plan.ofType("google_monitoring_alert_policy");
      return [
        ...(policies.length === 0 ? ["there is no alarm"] : []),
        ...policies.flatMap((policy) => {
          const content = String(block(policy, "documentation").content);
          const name = text(policy, "display_name");
          return [
            ...(content.startsWith(`## ${name}\n`)
              ? []
              : [`${policy.address}: it shows another playbook than "${name}"`]),
            ...(Buffer.byteLength(content) <= PLAYBOOK_BYTES ? [] : [`${policy.address}: its playbook is too long`]),
          ];
        }),
      ];
    },
    broken: {
      file: "alerts.tf",
      from: '    content = local.playbook["deferrals"]',
      to: '    content = local.playbook["quota"]',
      says: /deferrals: it shows another playbook than "Relais: deferrals"/,
    },
  },
  {
    name: "every alarm tells the same channels, which are the operators' own by default",
    check: (plan) => {
      const wanted = JSON.stringify(wantedChannels(plan));
      return plan
        .ofType("google_monitoring_alert_policy")
        .map(({ address, values }) => ({ address, told: JSON.stringify(values.notification_channels ?? null) }))
        .filter(({ told }) => told !== wanted)
        .map(({ address, told }) => `${address} tells ${told} instead of ${wanted}`);
    },
    broken: [
      {
        file: "documents.tf",
        from: "notification_channels = local.notification_channels",
        to: "notification_channels = var.notification_channels",
        says: /alert_policy\.documents\[0\] tells null instead of \[null\]/,
      },
      {
        file: "objectives.tf",
        from: "notification_channels = local.notification_channels",
        to: "notification_channels = []",
        says: /alert_policy\.promise\["requests fail"\] tells (null|\[\]) instead of \[null\]/,
      },
    ],
  },
  {
    name: "all instances together fit the region's quota in a new project",
    check: (plan) => {
      const sizes = functions(plan).map((f) => service(f));
      const need = (perInstance: (size: Readonly<Record<string, unknown>>) => number): number =>
        sizes.reduce((sum, size) => sum + Number(size.max_instance_count) * perInstance(size), 0);
      const cpu = need(({ available_cpu: one }) => Number(one));
      const memory = need(({ available_memory: one }) => gibibytes(String(one)));
      const asked = Object.keys(Object(plan.input("functions"))).length > 0;
      return [
        ...(cpu <= NEW_PROJECT.cpu || asked ? [] : [`${cpu} vCPU, and a new project has ${NEW_PROJECT.cpu}`]),
        ...(memory <= NEW_PROJECT.gib || asked ? [] : [`${memory} GiB, and a new project has ${NEW_PROJECT.gib}`]),
        ...differences(
          "output quota",
          [JSON.stringify(plan.output("quota"))],
          [JSON.stringify({ cpu, memory_gib: memory })],
        ),
      ];
    },
    broken: [
      {
        file: "functions.tf",
        from: 'memory         = "1Gi"\n      cpu            = "1"\n      concurrency    = 20\n      timeout_s      = 90\n      max_instances  = 4',
        to: 'memory         = "8Gi"\n      cpu            = "2"\n      concurrency    = 20\n      timeout_s      = 90\n      max_instances  = 4',
        says: /vCPU, and a new project has 20\n44 GiB, and a new project has 40/,
      },
      {
        file: "outputs.tf",
        from: "size.max_instances * tonumber(size.cpu)",
        to: "tonumber(size.cpu)",
        says: /output quota: missing/,
      },
    ],
  },
  {
    name: "topics keep what was acknowledged only where subscribers of other programs may want it again",
    check: (plan) =>
      plan
        .ofType("google_pubsub_topic")
        .filter((topic) => text(topic, "name") !== "mail-events" && text(topic, "message_retention_duration") !== "")
        .map((topic) => `${text(topic, "name")} keeps what was acknowledged`),
    broken: {
      file: "pubsub.tf",
      from: 'each.key == "mail-events" && var.event_retention_days > 0',
      to: "var.event_retention_days > 0",
      says: /mail-send keeps what was acknowledged/,
    },
  },
];
