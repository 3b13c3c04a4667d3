import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, answered, type Cloud, done, latestOf, refused } from "./cloud.ts";

const FUNCTIONS = [
  "authorize-start",
  "confirm-callback",
  "mail-servers",
  "send-mail",
  "deliver-mail",
  "refresh-tokens",
  "dispatch-due",
] as const;
const PUBLIC = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"];

type Values = Readonly<Record<string, unknown>>;
interface Resource {
  readonly address: string;
  readonly type: string;
  readonly values: Values;
}
interface State {
  readonly resources: readonly Resource[];
  readonly outputs: Values;
}
interface PlanFile {
  readonly wanted: readonly Resource[];
  readonly imports: readonly string[];
  readonly inputs: Values;
}

const EMPTY: State = { resources: [], outputs: {} };

/** A part of what infra/ makes: one of each kind that a deployment treats in a way of its own. */
const wantedBy = (inputs: Values): readonly Resource[] => {
  const prefix = String(inputs.prefix ?? "");
  const lead = prefix === "" ? "" : `${prefix}-`;
  const database = String(inputs.firestore_database ?? (prefix === "" ? "(default)" : `relais-${prefix}`));
  const secret = (name: string): Resource => ({
    address: `google_secret_manager_secret.this["${name}"]`,
    type: "google_secret_manager_secret",
    values: { secret_id: `${lead}relais-${name}` },
  });
  return [
    {
      address: "google_firestore_database.records",
      type: "google_firestore_database",
      values: { name: database, location_id: inputs.firestore_location ?? "eur3" },
    },
    {
      address: 'google_firestore_index.composite["messages-due"]',
      type: "google_firestore_index",
      values: {
        collection: "messages",
        database,
        fields: [
          { field_path: "dueShard", order: "ASCENDING" },
          { field_path: "dueAtMs", order: "ASCENDING" },
        ],
      },
    },
    ...["client-secret", "key-ring", "setup-token"].map(secret),
    ...FUNCTIONS.map((name) => ({
      address: `module.function["${name}"].google_cloudfunctions2_function.this`,
      type: "google_cloudfunctions2_function",
      values: { name: `${lead}${name}` },
    })),
  ];
};

const outputsOf = (inputs: Values): Values => {
  const prefix = String(inputs.prefix ?? "");
  const lead = prefix === "" ? "" : `${prefix}-`;
  const region = inputs.region ?? "europe-west1";
  const services = Object.fromEntries(FUNCTIONS.map((name) => [name, `${lead}${name}`]));
  const open = Object.fromEntries(PUBLIC.map((name) => [name, `${lead}${name}`]));
  const database = wantedBy(inputs)[0]?.values.name;
  return {
    hosting: { value: { region, services: open } },
    names: { value: { services, database, secrets: { "setup-token": `${lead}relais-setup-token` } } },
    services_without_invoker_check: { value: inputs.public_access === "invoker_check_off" ? Object.values(open) : [] },
    edge: {
      value: inputs.edge ? { address: "203.0.113.7", certificate: `${lead}relais-1c034d4d` } : null,
    },
    environment: { value: { RELAIS_DATABASE: database, RELAIS_PUBLIC_URL: inputs.public_url } },
  };
};

/** Where the state of a folder is: in the bucket that `init` was given, or beside the configuration. */
class Folder {
  readonly #cloud: Cloud;
  readonly path: string;

  constructor(cloud: Cloud, path: string) {
    this.#cloud = cloud;
    this.path = path;
  }

  #place(): { readonly bucket: string; readonly object: string } | null {
    const file = join(this.path, ".terraform-backend.json");
    return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
  }

  init(args: readonly string[]): Answer {
    const gcs = readFileSync(join(this.path, "backend.tf"), "utf8").includes('"gcs"');
    const given = Object.fromEntries(
      args.filter((one) => one.startsWith("-backend-config=")).map((one) => one.slice(16).split("=")),
    );
    if (gcs && this.#cloud.buckets[given.bucket] === undefined) return refused("Error: bucket does not exist");
    const place = gcs ? { bucket: given.bucket, object: `${given.prefix}/default.tfstate` } : null;
    writeFileSync(join(this.path, ".terraform-backend.json"), JSON.stringify(place));
    return answered("Terraform has been successfully initialized!");
  }

  read(): State {
    const place = this.#place();
    const text = place === null ? undefined : this.#cloud.buckets[place.bucket]?.objects[place.object];
    return text === undefined ? EMPTY : JSON.parse(text);
  }

  write(state: State): void {
    const place = this.#place();
    const bucket = place === null ? undefined : this.#cloud.buckets[place.bucket];
    if (place === null || bucket === undefined) throw new Error("a local state is never written");
    bucket.objects[place.object] = JSON.stringify(state);
  }

  plan(): PlanFile {
    const inputs: Values = JSON.parse(readFileSync(join(this.path, "installation.auto.tfvars.json"), "utf8"));
    const imports = [...readFileSync(join(this.path, "imports.tf"), "utf8").matchAll(/to = (.+)/g)];
    return { inputs, wanted: wantedBy(inputs), imports: imports.map((match) => match[1] ?? "") };
  }
}

const planned = (folder: Folder): PlanFile => JSON.parse(readFileSync(join(folder.path, "plan.bin"), "utf8"));

const changesIn = (folder: Folder, { wanted, imports }: PlanFile) => {
  const { resources } = folder.read();
  return [
    ...wanted.map(({ address, type, values }) => {
      const there = resources.find((one) => one.address === address);
      const same = there?.values.name === values.name && there?.values.location_id === values.location_id;
      const actions =
        imports.includes(address) || (there && same) ? ["no-op"] : there ? ["delete", "create"] : ["create"];
      return { address, type, change: { actions, after: values } };
    }),
    ...resources
      .filter(({ type, address }) => !type.endsWith("_version") && !wanted.some((one) => one.address === address))
      .map(({ address, type }) => ({ address, type, change: { actions: ["delete"], after: null } })),
  ];
};

const isThere = (cloud: Cloud, { type, values }: Resource): boolean => {
  if (type === "google_firestore_database") return cloud.databases.some(({ id }) => id === values.name);
  if (type === "google_secret_manager_secret") return cloud.secrets[String(values.secret_id)] !== undefined;
  if (type === "google_cloudfunctions2_function") return cloud.services[String(values.name)] !== undefined;
  const database = cloud.databases.find(({ id }) => id === values.database);
  return database?.indexes.some(({ collection }) => collection === values.collection) === true;
};

/** Who may invoke a function, as infra/modules/function grants it. */
const membersOf = (cloud: Cloud, name: string, inputs: Values): string[] => {
  const lead = String(inputs.prefix || "relais");
  const plain = name.replace(`${inputs.prefix}-`, "");
  if (!PUBLIC.includes(plain)) return [`serviceAccount:${lead}-push-${plain}@${cloud.project}.iam.gserviceaccount.com`];
  return inputs.public_access === "invoker_check_off" ? [] : ["allUsers"];
};

/** A new archive or another environment is a new revision. It gets everything unless the traffic is held. */
const deployFunction = (cloud: Cloud, name: string, inputs: Values): void => {
  const members = membersOf(cloud, name, inputs);
  const service = cloud.services[name] ?? {
    revisions: [],
    traffic: [],
    followsLatest: true,
    invokerCheck: true,
    members,
  };
  cloud.services[name] = service;
  service.members = members;
  const environment = JSON.stringify([inputs.public_url, inputs.firestore_database ?? null]);
  const last = service.revisions.at(-1);
  if (last?.release !== cloud.release || last.environment !== environment)
    service.revisions.push({
      name: `${name}-0000${service.revisions.length + 1}`,
      release: cloud.release,
      environment,
    });
  if (inputs.hold_traffic === true) return;
  service.followsLatest = true;
  service.traffic = [{ revisionName: latestOf(service), percent: 100 }];
};

const make = (cloud: Cloud, resource: Resource, inputs: Values): void => {
  const { type, values } = resource;
  if (type === "google_firestore_database")
    cloud.databases.push({
      id: String(values.name),
      type: "FIRESTORE_NATIVE",
      locationId: String(values.location_id),
      protected: true,
      indexes: [],
    });
  if (type === "google_secret_manager_secret") cloud.secrets[String(values.secret_id)] = [];
  const database = cloud.databases.find(({ id }) => id === values.database);
  if (type === "google_firestore_index" && database && Array.isArray(values.fields)) {
    const fields = values.fields.map((one) => ({ fieldPath: one.field_path, order: one.order }));
    database.indexes = [...database.indexes, { collection: String(values.collection), fields, state: "READY" }];
  }
  if (type === "google_cloudfunctions2_function") deployFunction(cloud, String(values.name), inputs);
};

const apply = (cloud: Cloud, folder: Folder): Answer => {
  const { wanted, imports, inputs } = planned(folder);
  const lead = inputs.prefix ? `${inputs.prefix}-` : "";
  if (inputs.edge && cloud.groups[`${lead}relais-console`]?.length !== 1)
    return refused("Error 404: The resource 'networkEndpointGroups/relais-console' was not found");
  const { resources } = folder.read();
  for (const resource of wanted) {
    const known = resources.some(({ address }) => address === resource.address) || imports.includes(resource.address);
    if (!known && isThere(cloud, resource))
      return { ...refused(`Error 409: ${resource.address} ALREADY_EXISTS`), changed: true };
    if (!known) make(cloud, resource, inputs);
    else if (resource.type === "google_cloudfunctions2_function")
      deployFunction(cloud, String(resource.values.name), inputs);
  }
  for (const { address, values } of wanted)
    if (/key-ring|setup-token/.test(address)) {
      const secret = cloud.secrets[String(values.secret_id)];
      // The value differs each time; tests compare how many there are.
      if (!resources.some((one) => one.address === `version of ${address}`)) secret?.push(`token-${secret.length + 1}`);
    }
  const versions = wanted
    .filter(({ address }) => /key-ring|setup-token/.test(address))
    .map(({ address }) => ({
      address: `version of ${address}`,
      type: "google_secret_manager_secret_version",
      values: {},
    }));
  folder.write({ resources: [...wanted, ...versions], outputs: outputsOf(inputs) });
  return done("Apply complete!");
};

const forget = (folder: Folder, addresses: readonly string[]): Answer => {
  const state = folder.read();
  folder.write({ ...state, resources: state.resources.filter(({ address }) => !addresses.includes(address)) });
  return done();
};

const destroy = (cloud: Cloud, folder: Folder): Answer => {
  const { resources } = folder.read();
  for (const { type, values } of resources) {
    if (type === "google_cloudfunctions2_function") delete cloud.services[String(values.name)];
    if (type === "google_secret_manager_secret") delete cloud.secrets[String(values.secret_id)];
    const database = cloud.databases.find(({ id }) => id === values.database);
    if (type === "google_firestore_index" && database) database.indexes = [];
  }
  folder.write(EMPTY);
  return done("Destroy complete!");
};

const COMMANDS: Readonly<Record<string, (cloud: Cloud, folder: Folder, args: readonly string[]) => Answer>> = {
  init: (_, folder, args) => folder.init(args),
  plan: (_, folder) => {
    writeFileSync(join(folder.path, "plan.bin"), JSON.stringify(folder.plan()));
    return answered("Plan: …");
  },
  show: (_, folder, args) =>
    answered(
      args.includes("plan.bin")
        ? { resource_changes: changesIn(folder, planned(folder)) }
        : { values: { root_module: { resources: folder.read().resources } } },
    ),
  apply: (cloud, folder) => apply(cloud, folder),
  output: (_, folder) => answered(folder.read().outputs),
  state: (_, folder, args) => forget(folder, args.slice(1)),
  destroy: (cloud, folder) => destroy(cloud, folder),
};

export const runTerraform = (cloud: Cloud, args: readonly string[]): Answer => {
  if (cloud.tools.terraform === null) return { status: 127, stdout: "", stderr: "not found", changed: false };
  if (args[0] === "--version") return answered(cloud.tools.terraform);
  const [chdir = "", command = "", ...rest] = args;
  const run = COMMANDS[command];
  return run ? run(cloud, new Folder(cloud, chdir.slice("-chdir=".length)), rest) : refused(`no command ${command}`);
};
