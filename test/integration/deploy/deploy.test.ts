import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { after, before, beforeEach, suite, test } from "node:test";
import { toolsOf } from "../../../functions/runtime/commands/deploy/tools.ts";
import { Deployment } from "./deployment.ts";

suite("npm run deploy", () => {
  let deployment: Deployment;
  before(async () => {
    deployment = await Deployment.start();
  });
  after(() => deployment.close());
  beforeEach(() => void deployment.newProject());

  const succeeded = ({ status, output }: { status: number | null; output: string }): string => {
    assert.equal(status, 0, output);
    return output;
  };

  test("takes a new project to a console, and prints the setup link once", async () => {
    const output = succeeded(await deployment.firstAsProgram());
    assert.deepEqual(deployment.standIns.changes(), [
      "gcloud services enable pubsub.googleapis.com storage.googleapis.com firebasehosting.googleapis.com --project=relais-test --quiet",
      "gcloud beta services identity create --service=pubsub.googleapis.com --project=relais-test --quiet",
      "gcloud storage buckets create gs://relais-test-relais-state --location=europe-west1 --uniform-bucket-level-access --public-access-prevention --project=relais-test --quiet",
      "gcloud storage buckets update gs://relais-test-relais-state --versioning --project=relais-test --quiet",
      "gcloud storage cp - gs://relais-test-relais-state/relais/installation.json --project=relais-test --quiet",
      "terraform … apply -input=false -lock-timeout=120s plan.bin",
      "firebase deploy --only hosting --project relais-test --config … --non-interactive",
    ]);
    assert.equal(output.split(`${deployment.url}/#setup=token-1`).length, 2);
    for (const { args } of deployment.standIns.recorded)
      assert.ok(!args.join(" ").includes("token-1") && !args.some((one) => one.includes("-target")), args.join(" "));
  });

  test("needs only the project the second time, and then changes nothing but its own notes", async () => {
    succeeded(await deployment.first("--set", "retention_days=60", "--set", 'members=["@example.com"]'));
    const before = deployment.state();
    succeeded(await deployment.run());
    assert.deepEqual(deployment.state(), before);
    const { inputs } = JSON.parse(
      deployment.cloud.buckets["relais-test-relais-state"]?.objects["relais/installation.json"] ?? "",
    );
    assert.deepEqual(inputs, {
      public_url: deployment.url,
      operators: ["ada@example.com"],
      retention_days: 60,
      members: ["@example.com"],
    });
  });

  test("ends in the same state when it is killed at each step and run again", async () => {
    succeeded(await deployment.first());
    const undisturbed = deployment.state();
    const steps = deployment.standIns.changes();
    deployment.newProject();
    const killedAt = await deployment.killedAtEachStep("--url", deployment.url, "--operator", "ada@example.com");
    assert.deepEqual(
      killedAt.filter((step) => !step.includes("/rollout.json")),
      steps,
    );
    assert.deepEqual(deployment.state(), undisturbed);
  });

  // `npm run soak -- deploy` does so at each step, of roll-outs and ways back too.
  test("ends in the same state when the program is killed by a signal and run again", async () => {
    succeeded(await deployment.first());
    const undisturbed = deployment.state();
    const killAfter = 1 + randomInt(deployment.standIns.changes().length);
    deployment.newProject();
    assert.equal((await deployment.firstAsProgram(killAfter)).signal, "SIGKILL");
    succeeded(await deployment.first());
    assert.deepEqual(deployment.state(), undisturbed, `killed after change ${killAfter}`);
  });

  test("takes over what exists if Terraform's state was lost in the middle", async () => {
    await deployment.deployedProject();
    const { services, databases } = deployment.state();
    delete deployment.cloud.buckets["relais-test-relais-state"]?.objects["relais/terraform/default.tfstate"];
    const output = succeeded(await deployment.run());
    assert.match(output, /projects\/relais-test\/databases\/\(default\) is there already, and is taken over/);
    assert.deepEqual([deployment.cloud.services, deployment.cloud.databases], [services, databases]);
  });

  test("--plan changes nothing, neither in a new project nor in one that is deployed", async () => {
    for (const deployed of [false, true]) {
      if (deployed) await deployment.deployedProject();
      const before = structuredClone(deployment.cloud);
      const output = succeeded(await deployment.first("--plan"));
      assert.match(output, deployed ? /0 to make/ : /12 to make/);
      assert.deepEqual(deployment.standIns.changes(), []);
      assert.deepEqual(deployment.cloud, before);
    }
  });

  test("applies nothing that would delete or replace data", async () => {
    await deployment.deployedProject();
    const before = deployment.state();
    const { status, output } = await deployment.run("--set", "firestore_location=nam5");
    assert.equal(status, 1);
    assert.match(
      output,
      /in eur3 instead of nam5, and cannot move|would delete or replace google_firestore_database.records/,
    );
    assert.deepEqual(deployment.cloud.databases, before.databases);
  });

  test("does not go on with wrong arguments, with all mistakes at once", async () => {
    const { status, output } = await deployment.run("--url", "http://x", "--canary", "100", "--plan", "--destroy");
    assert.equal(status, 2);
    for (const one of [/--url must be/, /--canary must be/, /exclude each other/]) assert.match(output, one);
    assert.deepEqual(deployment.standIns.recorded, []);
  });

  test("takes what has an option of its own by that option alone, so that no two installations are mixed", async () => {
    await deployment.deployedProject();
    for (const [set, option] of [
      ["prefix=eu", "--prefix …"],
      ["firestore_database=relais-eu", "--database …"],
      ['operators=["ada@example.com"]', "--operator …"],
      ["project_id=another", "--project …"],
    ] as const) {
      const { status, output } = await deployment.run("--set", "retention_days=60", "--set", set);
      assert.equal(status, 2);
      assert.ok(output.startsWith(`--set ${set}: write it as ${option}\n\n`), output);
    }
    assert.deepEqual(deployment.standIns.recorded, []);
  });

  test("says at the first deployment what is missing", async () => {
    const { status, output } = await deployment.run();
    assert.equal(status, 2);
    assert.match(output, /public_url[\s\S]*operators/);
    assert.deepEqual(deployment.standIns.changes(), []);
  });

  test("stops before it forgets what was chosen before", async () => {
    await deployment.deployedProject();
    deployment.cloud.refuses = { "storage cat": "HTTPError 503" };
    const { status, output } = await deployment.first();
    assert.equal(status, 1);
    assert.match(output, /would forget what was chosen before: ERROR: HTTPError 503/);
    assert.deepEqual(deployment.standIns.changes(), []);
  });

  test("switches off Cloud Run's own check where allUsers is forbidden", async () => {
    succeeded(await deployment.first("--public-access", "invoker_check_off"));
    const open = Object.entries(deployment.cloud.services).filter(([, service]) => !service.invokerCheck);
    assert.deepEqual(open.map(([name]) => name).toSorted(), [
      "authorize-start",
      "confirm-callback",
      "mail-servers",
      "send-mail",
    ]);
  });

  test("generates Hosting's configuration for the prefix, the region and the site", async () => {
    deployment.cloud.sites.push("relais-eu");
    succeeded(await deployment.first("--prefix", "eu", "--region", "europe-west9", "--site", "relais-eu"));
    const { hosting } = deployment.cloud.console.configuration as {
      readonly hosting: {
        readonly site: string;
        readonly public: string;
        readonly rewrites: readonly { readonly run?: unknown }[];
      };
    };
    assert.deepEqual([hosting.site, hosting.public], ["relais-eu", "console"]);
    const targets = hosting.rewrites.flatMap(({ run }) => (run === undefined ? [] : [run]));
    assert.equal(targets.length, 8);
    assert.deepEqual(targets[0], { serviceId: "eu-authorize-start", region: "europe-west9" });
    assert.ok(targets.every((one) => JSON.stringify(one).includes('"eu-')));
    assert.ok(deployment.cloud.secrets["eu-relais-setup-token"]);
  });

  test("a second installation in the same project shares nothing with the first", async () => {
    await deployment.deployedProject();
    deployment.cloud.sites.push("relais-eu");
    const first = Object.keys(deployment.cloud.services);
    const before = deployment.state();
    succeeded(await deployment.first("--prefix", "eu", "--site", "relais-eu"));
    assert.equal(Object.keys(deployment.cloud.services).length, 2 * first.length);
    for (const name of first) assert.deepEqual(deployment.cloud.services[name], before.services[name]);
    assert.deepEqual(
      deployment.cloud.databases.map(({ id }) => id),
      ["(default)", "relais-eu"],
    );
  });

  test("passes arguments on as they are, never to a shell", async () => {
    const tools = toolsOf(deployment.standIns.environment());
    const nasty = "$(touch /tmp/relais-shell); `id` 'a' \"b\" \\ * ü";
    await tools.run("gcloud", ["secrets", "list", nasty], { input: nasty });
    assert.deepEqual(deployment.standIns.recorded.at(-1)?.args, ["secrets", "list", nasty]);
    assert.equal(deployment.standIns.recorded.at(-1)?.input, nasty);
  });
});
