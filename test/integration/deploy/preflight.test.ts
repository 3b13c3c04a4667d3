import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { contextOf } from "../../../functions/runtime/commands/deploy/context.ts";
import { Gcloud } from "../../../functions/runtime/commands/deploy/gcloud.ts";
import {
  describeObstacles,
  OBSTACLES,
  type Obstacle,
  type ObstacleCode,
} from "../../../functions/runtime/commands/deploy/obstacles.ts";
import { parseOptions } from "../../../functions/runtime/commands/deploy/options.ts";
import { preflight, whatKeepsFromAsking } from "../../../functions/runtime/commands/deploy/preflight.ts";
import { recall } from "../../../functions/runtime/commands/deploy/state-bucket.ts";
import { type Cloud, readyProject } from "./cloud.ts";
import { StandIns } from "./stand-ins.ts";

/** What makes each obstacle, and the arguments under which it counts. */
const CAUSES: Readonly<
  Record<ObstacleCode, { readonly make: (cloud: Cloud) => void; readonly args?: readonly string[] }>
> = {
  tool_missing: {
    make: ({ tools }) => {
      tools.terraform = null;
    },
  },
  tool_too_old: {
    make: ({ tools }) => {
      tools.terraform = "Terraform v1.9.8";
    },
  },
  gcloud_signed_out: {
    make: ({ signedIn }) => {
      signedIn.gcloud = false;
    },
  },
  no_application_credentials: {
    make: ({ signedIn }) => {
      signedIn.terraform = false;
    },
  },
  firebase_signed_out: {
    make: ({ signedIn }) => {
      signedIn.firebase = false;
    },
  },
  project_unseen: {
    make: (cloud) => {
      cloud.isThere = false;
    },
  },
  billing_off: {
    make: (cloud) => {
      cloud.billing = false;
    },
  },
  apis_off: {
    make: (cloud) => {
      cloud.apis = cloud.apis.filter((name) => !name.startsWith("orgpolicy"));
    },
  },
  firebase_not_added: {
    make: (cloud) => {
      cloud.firebase = false;
    },
  },
  site_missing: { make: () => undefined, args: ["--site", "another-site"] },
  members_refused: {
    make: ({ policies }) => {
      policies["iam.allowedPolicyMemberDomains"] = [{ values: { allowedValues: ["C0abc"] } }];
    },
  },
  invoker_check_enforced: {
    make: ({ policies }) => {
      policies["run.managed.requireInvokerIam"] = [{ enforce: true }];
    },
    args: ["--public-access", "invoker_check_off"],
  },
  place_refused: {
    make: ({ policies }) => {
      policies["gcp.resourceLocations"] = [{ values: { allowedValues: ["in:us-locations", "global"] } }];
    },
  },
  secrets_need_places: {
    make: ({ policies }) => {
      policies["gcp.resourceLocations"] = [{ values: { allowedValues: ["in:eu-locations"] } }];
    },
  },
  ingress_refused: {
    make: ({ policies }) => {
      policies["run.allowedIngress"] = [
        { values: { allowedValues: ["internal", "internal-and-cloud-load-balancing"] } },
      ];
    },
  },
  load_balancer_refused: {
    make: ({ policies }) => {
      policies["compute.restrictLoadBalancerCreationForTypes"] = [{ values: { allowedValues: ["in:INTERNAL"] } }];
      policies["compute.disableGlobalLoadBalancing"] = [{ enforce: true }];
    },
    args: ["--set", 'edge={"domain":"relais-test.web.app"}'],
  },
  accounts_refused: {
    make: ({ policies }) => {
      policies["iam.disableServiceAccountCreation"] = [{ enforce: true }];
    },
  },
  quota_too_small: {
    make: ({ quotas }) => {
      quotas.CpuAllocPerProjectRegion = 14_000;
    },
  },
  database_of_other_type: {
    make: (cloud) => {
      cloud.apis.push("firestore.googleapis.com");
      cloud.databases.push(database({ type: "DATASTORE_MODE" }));
    },
  },
  database_elsewhere: {
    make: (cloud) => {
      cloud.apis.push("firestore.googleapis.com");
      cloud.databases.push(database({ locationId: "nam5" }));
    },
  },
  region_changed: {
    make: ({ buckets }) => {
      buckets["relais-test-relais-state"] = {
        versioning: true,
        uniform: true,
        objects: {
          "relais/installation.json": JSON.stringify({ inputs: { region: "europe-west9" }, site: "relais-test" }),
        },
      };
    },
    args: ["--region", "europe-west1"],
  },
  bucket_taken: {
    make: (cloud) => {
      cloud.refuses = { "storage buckets describe": "HTTPError 403: forbidden" };
    },
  },
  not_answered: {
    make: (cloud) => {
      cloud.refuses = { "billing projects describe": "PERMISSION_DENIED" };
    },
  },
};

const database = (changes: Partial<Cloud["databases"][number]>): Cloud["databases"][number] => ({
  id: "(default)",
  type: "FIRESTORE_NATIVE",
  locationId: "eur3",
  protected: true,
  indexes: [],
  ...changes,
});

const USUAL = ["--project", "relais-test", "--url", "https://relais-test.web.app", "--operator", "ada@example.com"];

const DEPLOY = "npm run deploy -- ";

/** The arguments of a command that people copy: quoted text is one, and a comment ends it. */
const argumentsOf = (command: string): readonly string[] =>
  [...command.replace(/ +# .*/, "").matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain ?? "");

suite("Preflight", () => {
  let standIns: StandIns;
  before(async () => {
    standIns = await StandIns.start(readyProject());
  });
  after(() => standIns.close());

  const find = async (cloud: Cloud, more: readonly string[] = []): Promise<readonly Obstacle[]> => {
    standIns.cloud = cloud;
    standIns.rewind();
    const options = parseOptions([...USUAL, ...more]);
    assert.ok(options.ok);
    const { tools } = standIns;
    const gcloud = new Gcloud(tools, "relais-test");
    const first = await whatKeepsFromAsking({ tools, gcloud });
    if (first.length > 0) return first;
    const remembered = await recall(gcloud, "");
    const context = contextOf(
      { tools, root: "", say: () => undefined, wait: async () => undefined },
      options.value,
      remembered,
    );
    assert.ok(context.ok);
    return preflight(context.value, remembered);
  };

  test("finds nothing in a project that is ready", async () => {
    assert.deepEqual(await find(readyProject()), []);
  });

  for (const code of Object.keys(OBSTACLES) as ObstacleCode[])
    test(`finds ${code}, says a command that mends it, and changes nothing`, async () => {
      const { make, args } = CAUSES[code];
      const cloud = readyProject();
      make(cloud);
      const before = structuredClone(cloud);
      const found = await find(cloud, args);
      assert.deepEqual([...new Set(found.map((one) => one.code))], [code]);
      for (const { says, mend } of found)
        assert.ok(says.length > 20 && mend.every((one) => one.length > 5) && mend.length > 0);
      for (const mend of found.flatMap((one) => one.mend).filter((one) => one.startsWith(DEPLOY)))
        assert.ok(parseOptions(argumentsOf(mend.slice(DEPLOY.length))).ok, mend);
      assert.deepEqual(standIns.changes(), []);
      assert.deepEqual(cloud, before);
    });

  test("finds all obstacles of a project at once", async () => {
    const cloud = readyProject();
    cloud.apis.push("firestore.googleapis.com");
    const together = [
      "billing_off",
      "firebase_not_added",
      "members_refused",
      "accounts_refused",
      "quota_too_small",
      "database_elsewhere",
    ] as const;
    for (const code of together) CAUSES[code].make(cloud);
    const found = await find(cloud);
    assert.deepEqual(found.map(({ code }) => code).toSorted(), together.toSorted());
    const said = describeObstacles(found);
    for (const command of [
      "gcloud billing projects link",
      "firebase projects:addfirebase",
      "--public-access invoker_check_off",
      "max_instances",
    ])
      assert.ok(said.includes(command), command);
  });

  test("names every tool that is missing", async () => {
    const cloud = readyProject();
    Object.assign(cloud.tools, { gcloud: null, terraform: null, firebase: null });
    const found = await find(cloud);
    assert.deepEqual(
      found.map(({ says }) => says.split(" ")[0]),
      ["gcloud", "terraform", "firebase"],
    );
  });

  test("proposes sizes that the quota allows, for all functions together", async () => {
    const cloud = readyProject();
    cloud.quotas.CpuAllocPerProjectRegion = 14_000;
    const [found] = await find(cloud);
    assert.match(found?.says ?? "", /is 14000; all functions together may need up to 18000/);
    const mended = /--set '(functions=.*)'/.exec(found?.mend[0] ?? "")?.[1] ?? "";
    assert.equal(mended, 'functions={"send-mail":{"max_instances":2},"deliver-mail":{"max_instances":2}}');
    assert.deepEqual(await find(cloud, [`--set=${mended}`]), []);
    assert.equal((await find(cloud, [`--set=${mended}`, "--set", "documents={}"])).length, 1);
    cloud.quotas.CpuAllocPerProjectRegion = 6_000;
    const [tooSmall] = await find(cloud);
    assert.match(tooSmall?.mend[0] ?? "", /^gcloud beta quotas preferences create .*--preferred-value=18000$/);
  });

  test("accepts policies that allow what Relais needs, in whatever form", async () => {
    const cloud = readyProject();
    Object.assign(cloud.policies, {
      "gcp.resourceLocations": [{ values: { allowedValues: ["in:europe-locations", "is:global"] } }],
      "iam.managed.allowedPolicyMembers": [{ enforce: true, parameters: { allowedMemberSubjects: ["allUsers"] } }],
      "run.allowedIngress": [{ values: { allowedValues: ["is:all"] } }],
      "cloudfunctions.allowedIngressSettings": [{ values: { deniedValues: ["ALLOW_INTERNAL_AND_GCLB"] } }],
    });
    assert.deepEqual(await find(cloud), []);
  });

  test("finds denied values, and policies that deny everything", async () => {
    const cloud = readyProject();
    Object.assign(cloud.policies, {
      "gcp.resourceLocations": [{ values: { deniedValues: ["eur3"] } }],
      "cloudfunctions.allowedIngressSettings": [{ denyAll: true }],
    });
    const found = await find(cloud);
    assert.deepEqual(
      found.map(({ code }) => code),
      ["place_refused", "ingress_refused", "ingress_refused"],
    );
  });
});
