import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { loadConfig } from "../../functions/runtime/config.ts";
import type { Environment } from "../../functions/runtime/config-error.ts";
import { applyTo } from "./applied.ts";
import { EDGE_RULES } from "./edge-rules.ts";
import { FIRST_APPLY_RULES } from "./first-apply.ts";
import { copy, firstPlan, missing, project, SECOND, store } from "./first-plan.ts";
import { differingPaths } from "./fronts.ts";
import { iamPage } from "./iam-page.ts";
import { CUSTOM_ROLES, SECRET_PERMISSIONS } from "./roles.ts";
import { type Breach, RULES, type Rule, secretRights } from "./rules.ts";
import { FILE, folderBeside, type Installation, SideBySide } from "./side-by-side.ts";
import { StateStore } from "./state-store.ts";
import { FUNCTION_NAMES, InfraCopy, type Inputs, type Plan, tryEdit } from "./terraform.ts";

const rules = [...RULES, ...FIRST_APPLY_RULES, ...EDGE_RULES];

const key = (location: string): string => `projects/keys/locations/${location}/keyRings/relais/cryptoKeys/k`;
const INPUTS: Readonly<Record<string, Inputs>> = {
  "of a second installation in another region, with keys, networks and pools of its own, where allUsers is forbidden": {
    prefix: "zz",
    edge: null,
    region: "europe-west4",
    firestore_location: "nam5",
    secret_locations: ["europe-west3", "europe-west4"],
    kms_keys: {
      records: key("us"),
      regional: key("europe-west4"),
      secrets: [key("europe-west4"), key("europe-west3")],
    },
    labels: { team: "mail" },
    public_access: "invoker_check_off",
    vpc_egress: { connector: "projects/net/locations/europe-west4/connectors/out" },
    build_worker_pool: "projects/net/locations/europe-west4/workerPools/private",
    functions: { "deliver-mail": { memory: "4Gi", cpu: "2", max_instances: 10, min_instances: 1 } },
    tick_minutes: { check_tokens: 15 },
    notification_channels: [..."fedcba"].map((name) => `projects/told/notificationChannels/${name}`),
    budget: { billing_account: "012345-6789AB-CDEF01", amount: 1 },
  },
  "behind a load balancer of one's own, with a global key for secrets, sealed tokens, and events that are not kept": {
    edge: null,
    refresh_tokens: "sealed",
    ingress: "ALLOW_INTERNAL_AND_GCLB",
    kms_keys: { secrets: [key("global")] },
    event_retention_days: 0,
    budget: { billing_account: "012345-6789AB-CDEF01", amount: 50 },
    operators: [..."abcdef"].map((name) => `${name}@example.com`),
    functions: { "authorize-start": { cpu: "0.5", concurrency: 1 } },
  },
};
const SEALED = 1;
/** Together they break every validation of variables.tf; one that looks at another variable needs that to be right. */
const IMPOSSIBLE: readonly Inputs[] = [
  {
    prefix: "my-mail",
    region: "europe-west1-b",
    firestore_database: "(other)",
    firestore_location: "europe",
    secret_locations: ["eu", "eu"],
    labels: { Team: "Mail", app: "other" },
    public_url: "http://relais.example.com/",
    operators: ["ada"],
    members: ["ada@example.com, grace@example.com"],
    callers: ["erp@"],
    public_access: "everyone",
    ingress: "ALLOW_INTERNAL_ONLY",
    tick_minutes: { dispatch_due: 7 },
    refresh_tokens: "vault",
    retention_days: 4_000,
    backup_retention_days: 99,
    dead_letter_retention_days: 0,
    event_retention_days: 1.5,
    vpc_egress: { connector: "my-connector", egress: "ALL" },
    build_worker_pool: "my-pool",
    notification_channels: ["ada@example.com"],
    budget: { billing_account: "mine", amount: 0.5 },
  },
  {
    operators: [],
    edge: { domain: "relais.web.app", requests_per_minute: 0 },
    secret_locations: ["europe-west1", "europe-west4"],
    kms_keys: { records: key("us"), regional: key("europe-west4"), secrets: ["my-key"] },
  },
  {
    functions: {
      "deliver-mial": { concurrency: 1.5 },
      "deliver-mail": { memory: "2048", min_instances: 40 },
      "authorize-start": { cpu: "0.5" },
    },
  },
];

if (missing !== null) {
  console.error(`NO TERRAFORM: ${missing}`);
  for (const rule of rules) console.error(`  not checked: ${rule.name}`);
}
const skip = missing === null ? false : `Terraform cannot run here: ${missing}`;

/** Bundles of other modes, as a build with another umask makes them, beside the same infra/. */
const elsewhere = new InfraCopy(copy);
after(() => elsewhere.remove());

/**
 * Folders in which rules are broken, as many in each as edit different texts: a plan takes seconds, and each rule
 * looks only at its own subject.
 */
const brokenFolders: { readonly name: string; readonly folder: string; readonly breaches: Set<Breach> }[] = [];
const takes = ({ folder, breaches }: (typeof brokenFolders)[number], breach: Breach): boolean => {
  const editOf = ({ file, from, to }: Breach) => ({ file, from, to });
  const isMade = [...breaches].some((one) => isDeepStrictEqual(editOf(one), editOf(breach)));
  const taken = isMade || tryEdit(folder, breach);
  if (taken) breaches.add(breach);
  return taken;
};
for (const breach of rules.flatMap(({ broken }) => broken)) {
  if (brokenFolders.some((one) => takes(one, breach))) continue;
  const name = `broken-${brokenFolders.length}`;
  const fresh = { name, folder: folderBeside(elsewhere, name), breaches: new Set<Breach>() };
  brokenFolders.push(fresh);
  takes(fresh, breach);
}

const others = new SideBySide(elsewhere, {
  ...Object.fromEntries(brokenFolders.map(({ name, folder }): [string, Installation] => [name, { source: folder }])),
  ...Object.fromEntries(
    Object.entries(INPUTS).map(([, inputs], at): [string, Installation] => [`of-${at}`, { inputs }]),
  ),
});
let first: Plan;
let plans: ReadonlyMap<string, Plan>;
const planNamed = (name: string): Plan => plans.get(name) ?? assert.fail(`there is no plan ${name}`);
const planWith = (breach: Breach): Plan => {
  const broken = brokenFolders.find(({ breaches }) => breaches.has(breach));
  return planNamed(broken?.name ?? assert.fail(`infra/${breach.file} holds no ${JSON.stringify(breach.from)}`));
};
before(async () => {
  if (missing !== null) return;
  first = await firstPlan();
  plans = await others.plan();
});

describe("infra: Terraform", { skip }, () => {
  /** Prepared by itself, as a root module. */
  const own = new InfraCopy();
  before(async () => {
    const { status, output } = await own.terraform("init", "-backend=false", "-no-color");
    assert.equal(status, 0, output);
  });
  after(() => own.remove());

  it("is formatted", async () => {
    const formatted = await own.terraform("fmt", "-check", "-recursive", "-diff");
    assert.equal(formatted.status, 0, formatted.output);
  });

  it("is valid against the provider's schema, by which Terraform judges it before it plans", () => {
    assert.ok(first.resources.length > 200);
  });

  it("refuses each value that cannot work, and says what to do", async () => {
    const variables = readFileSync(join(copy.directory, "infra/variables.tf"), "utf8");
    const messages = [...variables.matchAll(/error_message = "(.*)"$/gm)].map(([, text = ""]) =>
      text.replace(/\\"/g, '"'),
    );
    assert.ok(messages.length > 25);
    const refusing = new InfraCopy(copy);
    try {
      const all = IMPOSSIBLE.map((inputs, at): [string, Installation] => [`impossible-${at}`, { inputs }]);
      const impossible = new SideBySide(refusing, Object.fromEntries(all));
      assert.equal(await impossible.prepare(), null);
      const planned = await impossible.terraform("plan");
      assert.notEqual(planned.status, 0);
      const said = planned.output.replace(/[\s│]+/g, " ");
      assert.deepEqual(
        messages.filter((message) => !said.includes(message)),
        [],
      );
    } finally {
      refusing.remove();
    }
  });

  it("passes its own tests with mocked providers", async () => {
    const tested = await own.terraform("test", "-no-color");
    assert.equal(tested.status, 0, tested.output);
    assert.match(tested.output, /[1-9]\d* passed, 0 failed/);
  });

  for (const rule of rules) {
    it(`holds that ${rule.name}`, () => {
      assert.deepEqual(rule.check(first), []);
    });

    it(`notices a copy in which it does not hold that ${rule.name}`, () => {
      for (const breach of [rule.broken].flat()) assert.match(rule.check(planWith(breach)).join("\n"), breach.says);
    });
  }

  it("lets no function add or create a refresh token's secret if tokens are sealed", () => {
    const sealed = planNamed(`of-${SEALED}`);
    const tokenRights = (name: string) => secretRights(sealed, name).filter((right) => right.startsWith("token:"));
    const left = Object.fromEntries(FUNCTION_NAMES.map((name) => [name, tokenRights(name).toSorted()]));
    const readAndDestroy = ["token:destroy", "token:read"];
    assert.deepEqual(left, {
      "authorize-start": [],
      "send-mail": [],
      "dispatch-due": [],
      "mail-documents": [],
      "confirm-callback": ["token:destroy"],
      "deliver-mail": ["token:read"],
      "refresh-tokens": readAndDestroy,
      "mail-servers": readAndDestroy,
    });
  });

  it("tells a budget's news to the first five channels, given or made for operators, which are all that it takes", () => {
    const told = (at: number) =>
      planNamed(`of-${at}`)
        .ofType("google_billing_budget")
        .map(({ values }) => Object([values.all_updates_rule].flat()[0]).monitoring_notification_channels);
    assert.deepEqual(told(0), [[..."fedcb"].map((name) => `projects/told/notificationChannels/${name}`)]);
    // The names of new channels are known only after an apply.
    assert.deepEqual(told(SEALED), [Array(5).fill(null)]);
  });

  /** Of rights on secrets, the table says which there are if tokens are not sealed. */
  const rulesOf = (at: number): readonly Rule[] =>
    rules.filter(({ name }) => at !== SEALED || name !== "rights on secrets match the table");

  for (const [at, name] of Object.keys(INPUTS).entries()) {
    it(`holds all rules ${name}`, () => {
      assert.deepEqual(
        rulesOf(at).flatMap((rule) => rule.check(planNamed(`of-${at}`))),
        [],
      );
    });
  }

  it("lists every grant in infra/IAM.md", () => {
    const page = readFileSync(new URL("../../infra/IAM.md", import.meta.url), "utf8");
    assert.equal(page, iamPage(first), "run: node test/infra/write-iam.ts");
  });

  it("makes the same archives in another folder, of files with other modes", () => {
    assert.deepEqual(Object.keys(project.archives()).length, FUNCTION_NAMES.length);
    assert.deepEqual(others.archives(), project.archives());
  });

  it("notices a misspelt argument by the provider's schema", async () => {
    own.edit("pubsub.tf", "ack_deadline_seconds ", "ack_deadline_secs ");
    const validated = await own.terraform("validate", "-no-color");
    assert.notEqual(validated.status, 0);
    assert.match(validated.output, /ack_deadline_secs/);
  });
});

/** The permission behind a method of the client: `addSecretVersion` needs `secretmanager.versions.add`. */
const permissionFor = (verb: string, noun: string): string =>
  `secretmanager.${noun.includes("Version") ? "versions" : "secrets"}.${verb}`;

interface PlannedPaths {
  readonly paths: readonly string[];
  readonly service: string;
}

/** They switch on what the whole project shares, and switching it on twice does nothing. */
const SHARED = /^google_project_service /;

type Settled = Awaited<ReturnType<typeof applyTo>>;
type Applied = ReturnType<Settled["installation"]>;

describe("infra: applied to one project", { skip }, () => {
  let applied: Settled;
  let one: Applied;
  let second: Applied;
  before(async () => {
    await firstPlan();
    applied = await applyTo(project, store, { planned: FILE, again: ["module.second"] });
    one = applied.installation("first");
    second = applied.installation("second");
  });
  const sharedBy = (some: Applied, other: Applied): readonly string[] => {
    const ids = new Set(other.ids.values());
    return [...some.ids.values()].filter((id) => ids.has(id) && !SHARED.test(id));
  };

  it("a plan right after an apply changes nothing", () => {
    assert.deepEqual(applied.unsettled, []);
  });

  it("two installations share nothing but the APIs that are on", () => {
    assert.ok(one.ids.size > 200);
    assert.equal(second.ids.size, one.ids.size);
    assert.deepEqual(sharedBy(second, one), []);
  });

  it("notices a name without the prefix, and a plan that is never settled", async () => {
    const infra = new InfraCopy(copy);
    const ownStore = await StateStore.start();
    try {
      infra.edit("scheduler.tf", '"${local.lead}relais-', '"relais-');
      infra.edit("scheduler.tf", "  region    = var.region\n", '  region    = "europe-west1"\n');
      infra.edit(
        "pubsub.tf",
        "  kms_key_name               = var.kms_keys.regional\n",
        '  labels = { at = replace(timestamp(), "/[^0-9]/", "") }\n',
      );
      // Only what is broken: a whole installation takes Terraform seconds.
      const targets = ["module.broken.google_cloud_scheduler_job.tick", "module.broken.google_pubsub_topic.this"];
      const broken = await applyTo(new SideBySide(infra, { broken: { inputs: SECOND } }, ownStore), ownStore, {
        targets,
      });
      assert.deepEqual(sharedBy(broken.installation("broken"), one), [
        "google_cloud_scheduler_job projects/relais-plan-test/locations/europe-west1/jobs/relais-check-tokens",
        "google_cloud_scheduler_job projects/relais-plan-test/locations/europe-west1/jobs/relais-dispatch-due",
      ]);
      assert.ok(broken.unsettled.some((address) => address.startsWith("module.broken.google_pubsub_topic.this")));
    } finally {
      ownStore.close();
      infra.remove();
    }
  });

  it("neither the state nor the outputs hold a value of a secret", () => {
    const versions = one.ofType("google_secret_manager_secret_version");
    assert.equal(versions.length, 2);
    for (const { secret_data_wo, secret_data } of versions) {
      assert.equal(secret_data_wo, null);
      assert.equal(secret_data, null);
    }
  });

  it("everything behind the load balancer has the limits, and is what Hosting calls", () => {
    const backends = second.ofType("google_compute_backend_service");
    const [limits] = second.ofType("google_compute_security_policy");
    assert.equal(backends.length, 5);
    for (const { name, security_policy } of backends) assert.equal(security_policy, limits?.id, String(name));
    const map = second.ofType("google_compute_url_map").find(({ name }) => name === "a-relais-edge") ?? assert.fail();
    const [matcher] = map.path_matcher as readonly { readonly path_rule: readonly PlannedPaths[] }[];
    const rules = matcher?.path_rule.map(({ paths, service }) => ({
      paths,
      chooses: service.split("/a-relais-").at(-1) ?? "",
    }));
    assert.deepEqual(differingPaths(rules ?? []), []);
    const groups = second.ofType("google_compute_region_network_endpoint_group");
    for (const { group } of backends.flatMap(({ backend }) => backend as readonly { readonly group: string }[]))
      assert.ok(group.endsWith("/a-relais-console") || groups.some(({ id }) => id === group), group);
  });

  it("says in its outputs what Hosting, the deploy command and laptops need", () => {
    const { hosting, names, environment, services_without_invoker_check: open } = second.outputs;
    const services = Object.fromEntries(FUNCTION_NAMES.map((name) => [name, `a-${name}`]));
    const { "deliver-mail": _1, "refresh-tokens": _2, "dispatch-due": _3, "mail-documents": _4, ...called } = services;
    assert.deepEqual(hosting, { region: "europe-west4", services: called });
    assert.deepEqual(names, {
      services,
      database: "relais-a",
      topics: Object.fromEntries(
        ["mail-dispatch", "mail-events", "mail-send", "token-checks"].map((topic) => [topic, `a-${topic}`]),
      ),
      secrets: Object.fromEntries(
        ["client-secret", "key-ring", "setup-token"].map((secret) => [secret, `a-relais-${secret}`]),
      ),
      ticks: { "check-tokens": "a-relais-check-tokens", "dispatch-due": "a-relais-dispatch-due" },
      images: "a-relais-images",
      sources: "relais-plan-test-a-relais-sources",
    });
    const config = loadConfig(environment as Environment);
    assert.deepEqual(config.cloud && [config.cloud.database, config.cloud.prefix], ["relais-a", "a"]);
    assert.deepEqual(open, []);
  });
});

describe("infra: rights and code", () => {
  it("grants exactly the permissions on secrets that the code uses", () => {
    const room = new URL("../../functions/adapters/secret-manager/", import.meta.url).pathname;
    const code = readdirSync(room).map((name) => readFileSync(join(room, name), "utf8"));
    const calls = code.flatMap((text) => [...text.matchAll(/client\s*\.(\w+?)(Secrets?|SecretVersions?)\(/g)]);
    const used = new Set(calls.map(([, verb = "", noun = ""]) => permissionFor(verb, noun)));
    const granted = [...Object.values(SECRET_PERMISSIONS), ...Object.values(CUSTOM_ROLES)].flat();
    assert.deepEqual(granted.toSorted(), [...used].toSorted());
  });
});

describe("infra: functions and folders", () => {
  it("deploys exactly the folders under functions/ that hold an index.ts", () => {
    const root = new URL("../../functions", import.meta.url).pathname;
    const folders = readdirSync(root).filter((name) => existsSync(join(root, name, "index.ts")));
    assert.deepEqual(folders.sort(), [...FUNCTION_NAMES].sort());
  });
});
