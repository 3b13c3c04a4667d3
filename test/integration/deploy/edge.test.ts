import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { type Context, contextOf } from "../../../functions/runtime/commands/deploy/context.ts";
import { ensureConsoleGroup } from "../../../functions/runtime/commands/deploy/edge.ts";
import { parseOptions } from "../../../functions/runtime/commands/deploy/options.ts";
import { toolsOf } from "../../../functions/runtime/commands/deploy/tools.ts";
import { Deployment } from "./deployment.ts";

const EDGE = ["--set", 'edge={"domain":"localhost"}'];
const URL = ["--url", "https://localhost", "--operator", "ada@example.com"];

suite("npm run deploy with a load balancer in front", () => {
  let deployment: Deployment;
  before(async () => {
    deployment = await Deployment.start();
  });
  after(() => deployment.close());

  const contextFor = (...more: readonly string[]): Context => {
    const options = parseOptions(["--project", "relais-test", ...URL, ...EDGE, ...more]);
    assert.ok(options.ok);
    const tools = toolsOf(deployment.standIns.environment());
    const context = contextOf(
      { tools, root: "", say: () => undefined, wait: async () => undefined },
      options.value,
      null,
    );
    assert.ok(context.ok);
    return context.value;
  };

  test("says which DNS record is missing, goes on once the certificate is there, and leaves nothing behind", async () => {
    const cloud = deployment.newProject();
    const waiting = await deployment.first(...EDGE);
    assert.equal(waiting.status, 1);
    assert.match(waiting.output, /FAILED_NOT_VISIBLE.*Let the DNS record A of localhost be 203\.0\.113\.7/s);
    assert.ok(cloud.apis.includes("compute.googleapis.com"));
    assert.deepEqual(cloud.groups, { "relais-console": ["relais-test.web.app"] });
    cloud.certificate = "ACTIVE";
    const done = await deployment.run();
    assert.equal(done.status, 0, done.output);
    assert.match(done.output, /Relais is up/);
    const without = await deployment.run("--set", "edge=null");
    assert.equal(without.status, 0, without.output);
    assert.deepEqual(cloud.groups, {});
  });

  test("removes the way to the console after everything that names it", async () => {
    const cloud = await deployment.deployedProject();
    cloud.certificate = "ACTIVE";
    assert.equal((await deployment.run(...EDGE)).status, 0);
    const { status, output } = await deployment.run("--destroy");
    assert.equal(status, 0, output);
    assert.deepEqual(cloud.groups, {});
    const steps = deployment.standIns.changes().map((one) => one.split(" ").slice(0, 3).join(" "));
    assert.deepEqual(steps.slice(-2), ["terraform … destroy", "gcloud compute network-endpoint-groups"]);
  });

  test("shows Terraform the site", () => {
    assert.deepEqual(contextFor("--site", "relais-mail").inputs.edge, { domain: "localhost", site: "relais-mail" });
  });

  test("brings any half-made way to the console to its end, and changes a finished one no more", async () => {
    const halves: readonly Readonly<Record<string, string[]>>[] = [
      {},
      { "relais-console": [] },
      { "relais-console": ["former.web.app"] },
    ];
    for (const groups of halves) {
      const cloud = deployment.newProject({ groups: structuredClone(groups) });
      await ensureConsoleGroup(contextFor());
      assert.deepEqual(cloud.groups, { "relais-console": ["relais-test.web.app"] });
      deployment.standIns.rewind();
      await ensureConsoleGroup(contextFor());
      assert.deepEqual(deployment.standIns.changes(), []);
    }
  });
});
