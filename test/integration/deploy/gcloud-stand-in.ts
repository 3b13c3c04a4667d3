import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Answer, answered, type Cloud, done, latestOf, refused, type Service } from "./cloud.ts";

/** The commands that a deployment uses, with their own flags. A test compares them with gcloud's own list. */
const COMMANDS: Readonly<Record<string, Readonly<Record<string, string>>>> = JSON.parse(
  readFileSync(join(import.meta.dirname, "gcloud-commands.json"), "utf8"),
);

/** Flags that every command has. */
const EVERYWHERE: Readonly<Record<string, string>> = {
  "--project": "value",
  "--format": "value",
  "--quiet": "bool",
  "--version": "bool",
};

interface Call {
  readonly name: string;
  readonly words: readonly string[];
  readonly flags: Readonly<Record<string, string | boolean>>;
  readonly input: string;
}

const flagOf = (given: string, known: Readonly<Record<string, string>>): readonly [string, string | boolean] => {
  const [name = "", ...rest] = given.split("=");
  const positive = name.replace(/^--no-/, "--");
  if (known[name] === "value" && rest.length > 0) return [name, rest.join("=")];
  if (known[name] === "bool" && rest.length === 0) return [name, true];
  if (known[positive] === "bool" && rest.length === 0) return [positive, false];
  throw new Error(`unrecognized arguments: ${given}`);
};

/** Refuses what gcloud does not know. */
const parse = (args: readonly string[], input: string): Call => {
  const words = args.filter((one) => !one.startsWith("--"));
  const name = Object.keys(COMMANDS).find((one) => `${words.join(" ")} `.startsWith(`${one} `));
  if (name === undefined) throw new Error(`Invalid choice: '${words.join(" ")}'`);
  const known = { ...EVERYWHERE, ...COMMANDS[name] };
  const flags = Object.fromEntries(args.filter((one) => one.startsWith("--")).map((one) => flagOf(one, known)));
  return { name, words: words.slice(name.split(" ").length), flags, input };
};

type Command = (cloud: Cloud, call: Call) => Answer;

const of = (call: Call, flag: string): string => String(call.flags[flag] ?? "");
const named = (cloud: Cloud, kind: string, ids: readonly string[]): Answer =>
  answered(ids.map((id) => ({ name: `projects/${cloud.project}/${kind}/${id}` })));

const bucketAndPath = (url: string): readonly [string, string] => {
  const [, bucket = "", path = ""] = /^gs:\/\/([^/]+)\/?(.*)$/.exec(url) ?? [];
  return [bucket, path];
};

const withService = (cloud: Cloud, { words: [name = ""] }: Call, use: (service: Service) => Answer): Answer => {
  const service = cloud.services[name];
  return service ? use(service) : refused(`Cannot find service [${name}]`);
};

const withGroup = (cloud: Cloud, { words: [name = ""] }: Call, use: (hosts: string[]) => Answer): Answer => {
  const group = cloud.groups[name];
  return group ? use(group) : refused(`The resource '${name}' was not found`);
};

const databaseFor = (cloud: Cloud, call: Call) => cloud.databases.find(({ id }) => id === of(call, "--database"));

const newDatabase = (cloud: Cloud, call: Call, source: string): Answer => {
  const id = of(call, "--destination-database");
  if (cloud.databases.some((one) => one.id === id)) return refused(`ALREADY_EXISTS: database ${id}`);
  const from = cloud.databases.find((one) => one.id === source);
  if (from === undefined) return refused(`NOT_FOUND: ${source}`);
  // Neither the protection nor backup schedules are copied; indexes are.
  cloud.databases.push({ ...from, id, protected: false });
  return done();
};

const IMPLEMENTED: Readonly<Record<string, Command>> = {
  "auth list": ({ signedIn }) => answered(signedIn.gcloud ? [{ account: "me@example.com", status: "ACTIVE" }] : []),
  "auth application-default print-access-token": ({ signedIn }) =>
    signedIn.terraform ? answered("token-of-nobody") : refused("Your default credentials were not found."),
  "projects describe": ({ isThere, project }) =>
    isThere
      ? answered({ projectId: project, lifecycleState: "ACTIVE" })
      : refused("The caller does not have permission"),
  "billing projects describe": ({ billing }) => answered({ billingEnabled: billing }),
  "services list": ({ apis }) => answered(apis.map((name) => ({ config: { name }, state: "ENABLED" }))),
  "services enable": (cloud, { words }) => {
    cloud.apis = [...new Set([...cloud.apis, ...words])].toSorted();
    return done();
  },
  "beta services identity create": () => done(),
  "org-policies describe": ({ policies }, { words: [constraint = ""] }) =>
    answered({ name: constraint, spec: { rules: policies[constraint] ?? [{ allowAll: true }] } }),
  "beta quotas info list": ({ quotas }) =>
    answered(
      Object.entries(quotas).map(([quotaId, value]) => ({
        quotaId,
        dimensionsInfos: [{ applicableLocations: ["europe-west1"], details: { value: String(value) } }],
      })),
    ),
  "firestore databases list": (cloud) =>
    answered(
      cloud.databases.map(({ id, type, locationId }) => ({
        name: `projects/${cloud.project}/databases/${id}`,
        type,
        locationId,
      })),
    ),
  "firestore databases update": (cloud, call) => {
    const database = databaseFor(cloud, call);
    if (database === undefined) return refused("NOT_FOUND");
    database.protected = call.flags["--delete-protection"] === true;
    return done();
  },
  "firestore databases delete": (cloud, call) => {
    const database = databaseFor(cloud, call);
    if (database === undefined || database.protected) return refused("FAILED_PRECONDITION: delete protection");
    cloud.databases = cloud.databases.filter((one) => one !== database);
    return done();
  },
  "firestore databases clone": (cloud, call) =>
    newDatabase(cloud, call, of(call, "--source-database").split("/").at(-1) ?? ""),
  "firestore databases restore": (cloud, call) => {
    const backup = cloud.backups.find(({ name }) => name === of(call, "--source-backup"));
    return backup ? newDatabase(cloud, call, backup.database) : refused("NOT_FOUND: backup");
  },
  "firestore operations list": (cloud, call) =>
    databaseFor(cloud, call) ? answered([{ name: "operations/1", done: true }]) : refused("NOT_FOUND"),
  "firestore backups list": (cloud) =>
    answered(cloud.backups.map((one) => ({ ...one, database: `projects/${cloud.project}/databases/${one.database}` }))),
  "firestore backups delete": (cloud, call) => {
    cloud.backups = cloud.backups.filter(({ name }) => !name.endsWith(`/${of(call, "--backup")}`));
    return done();
  },
  "firestore indexes composite list": (cloud, call) =>
    answered(
      (databaseFor(cloud, call)?.indexes ?? []).map(({ collection, fields, state }) => ({
        name: `projects/${cloud.project}/databases/${of(call, "--database")}/collectionGroups/${collection}/indexes/${collection}-1`,
        fields: [...fields, { fieldPath: "__name__", order: "ASCENDING" }],
        state,
      })),
    ),
  "storage buckets describe": ({ buckets }, { words: [url = ""] }) => {
    const found = buckets[bucketAndPath(url)[0]];
    if (found === undefined) return refused(`${url} not found: 404.`);
    return answered({ versioning_enabled: found.versioning, uniform_bucket_level_access: found.uniform });
  },
  "storage buckets create": ({ buckets }, { words: [url = ""], flags }) => {
    const [name] = bucketAndPath(url);
    if (buckets[name]) return refused("HTTPError 409: Your previous request to create the named bucket succeeded");
    buckets[name] = { versioning: false, uniform: flags["--uniform-bucket-level-access"] === true, objects: {} };
    return done();
  },
  "storage buckets update": ({ buckets }, { words: [url = ""], flags }) => {
    const found = buckets[bucketAndPath(url)[0]];
    if (found === undefined) return refused("404");
    if (flags["--versioning"] === true) found.versioning = true;
    if (flags["--uniform-bucket-level-access"] === true) found.uniform = true;
    return done();
  },
  "storage buckets list": ({ buckets }) => answered(Object.keys(buckets).map((name) => ({ name }))),
  "storage cat": ({ buckets }, { words: [url = ""] }) => {
    const [bucket, path] = bucketAndPath(url);
    const found = buckets[bucket]?.objects[path];
    return found === undefined ? refused("The following URLs matched no objects or files") : answered(found);
  },
  "storage cp": ({ buckets }, { words: [from, url = ""], input }) => {
    const [bucket, path] = bucketAndPath(url);
    const found = buckets[bucket];
    if (found === undefined || from !== "-") return refused("404");
    found.objects[path] = input;
    return done();
  },
  "storage rm": ({ buckets }, { words: [url = ""] }) => {
    const [bucket, path] = bucketAndPath(url);
    const objects = buckets[bucket]?.objects ?? {};
    for (const name of Object.keys(objects)) if (name.startsWith(`${path}/`)) delete objects[name];
    return done();
  },
  "secrets list": (cloud) => named(cloud, "secrets", Object.keys(cloud.secrets)),
  "secrets delete": ({ secrets }, { words: [name = ""] }) => {
    if (secrets[name] === undefined) return refused("NOT_FOUND");
    delete secrets[name];
    return done();
  },
  "secrets versions access": ({ secrets }, call) => {
    const found = secrets[of(call, "--secret")]?.at(-1);
    return found === undefined ? refused("NOT_FOUND") : answered(found);
  },
  "iam service-accounts list": () => answered([]),
  "pubsub topics list": () => answered([]),
  "pubsub subscriptions list": () => answered([]),
  "artifacts repositories list": () => answered([]),
  "functions list": (cloud) =>
    answered(
      Object.keys(cloud.services).map((name) => ({
        name: `projects/${cloud.project}/locations/europe-west1/functions/${name}`,
      })),
    ),
  "scheduler jobs list": () => answered([]),
  "logging metrics list": () => answered([]),
  "logging read": (cloud, { words: [filter = ""] }) => {
    const revision = /revision_name="([^"]+)"/.exec(filter)?.[1];
    const release = Object.values(cloud.services)
      .flatMap(({ revisions }) => revisions)
      .find(({ name }) => name === revision)?.release;
    return answered((cloud.errors[release ?? ""] ?? []).map((code) => ({ severity: "ERROR", jsonPayload: { code } })));
  },
  "compute network-endpoint-groups describe": (cloud, call) => withGroup(cloud, call, () => answered({})),
  "compute network-endpoint-groups create": ({ groups }, { words: [name = ""] }) => {
    if (groups[name] !== undefined) return refused("already exists");
    groups[name] = [];
    return done();
  },
  "compute network-endpoint-groups list-network-endpoints": (cloud, call) =>
    withGroup(cloud, call, (hosts) => answered(hosts.map((fqdn) => ({ networkEndpoint: { fqdn, port: 443 } })))),
  "compute network-endpoint-groups update": (cloud, call) =>
    withGroup(cloud, call, (hosts) => {
      const host = (flag: string): string | undefined => /^fqdn=(.+),port=443$/.exec(of(call, flag))?.[1];
      const [added, removed] = [host("--add-endpoint"), host("--remove-endpoint")];
      if (added !== undefined && hosts.length > 0) return refused("Limit 1 of endpoints exceeded");
      if (removed !== undefined) hosts.splice(hosts.indexOf(removed), 1);
      if (added !== undefined) hosts.push(added);
      return done();
    }),
  "compute network-endpoint-groups delete": ({ groups }, { words: [name = ""] }) => {
    if (groups[name] === undefined) return refused("was not found");
    delete groups[name];
    return done();
  },
  "compute ssl-certificates describe": ({ certificate }) =>
    answered({
      managed: {
        status: certificate,
        domainStatus: { localhost: certificate === "ACTIVE" ? "ACTIVE" : "FAILED_NOT_VISIBLE" },
      },
    }),
  "run services describe": (cloud, call) =>
    withService(cloud, call, (service) =>
      answered({ status: { latestReadyRevisionName: latestOf(service), traffic: service.traffic } }),
    ),
  "run services update": (cloud, call) =>
    withService(cloud, call, (service) => {
      service.invokerCheck = call.flags["--invoker-iam-check"] === true;
      return done();
    }),
  "run services update-traffic": (cloud, call) =>
    withService(cloud, call, (service) => {
      service.followsLatest = call.flags["--to-latest"] === true;
      const shares = service.followsLatest ? [`${latestOf(service)}=100`] : of(call, "--to-revisions").split(",");
      const traffic = shares.map((one) => ({
        revisionName: one.split("=")[0] ?? "",
        percent: Number(one.split("=")[1]),
      }));
      if (traffic.some(({ revisionName }) => !service.revisions.some(({ name }) => name === revisionName)))
        return refused("Revision not found");
      service.traffic = traffic;
      return done();
    }),
  "run services get-iam-policy": (cloud, call) =>
    withService(cloud, call, ({ members }) =>
      answered(members.length === 0 ? { etag: "ACAB" } : { bindings: [{ role: "roles/run.invoker", members }] }),
    ),
  "run services remove-iam-policy-binding": (cloud, call) =>
    withService(cloud, call, (service) => {
      const member = of(call, "--member");
      if (!service.members.includes(member)) return refused("Policy binding with the specified principal not found!");
      service.members = service.members.filter((one) => one !== member);
      return done();
    }),
};

export const runGcloud = (cloud: Cloud, args: readonly string[], input: string): Answer => {
  if (cloud.tools.gcloud === null) return { status: 127, stdout: "", stderr: "not found", changed: false };
  if (args[0] === "--version") return answered(cloud.tools.gcloud);
  try {
    const call = parse(args, input);
    const refusal = cloud.refuses[call.name];
    if (refusal !== undefined) return refused(`ERROR: ${refusal}`);
    const command = IMPLEMENTED[call.name];
    return command ? command(cloud, call) : refused(`the stand-in lacks ${call.name}`);
  } catch (error) {
    return {
      status: 2,
      stdout: "",
      stderr: `ERROR: (gcloud) ${error instanceof Error ? error.message : error}`,
      changed: false,
    };
  }
};
