import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { ROLL_OUT_ORDER } from "../../../functions/runtime/commands/deploy/rollout.ts";
import { releaseOf } from "./cloud.ts";
import { Deployment, type Ended } from "./deployment.ts";

const ORDER = ROLL_OUT_ORDER.filter((name) => name !== "mail-documents");

suite("A roll-out and its way back", () => {
  let deployment: Deployment;
  before(async () => {
    deployment = await Deployment.start();
  });
  after(() => deployment.close());
  beforeEach(async () => {
    const cloud = await deployment.deployedProject();
    cloud.release = "two";
  });

  const succeeded = ({ status, output }: Ended): string => {
    assert.equal(status, 0, output);
    return output;
  };

  const releases = (): readonly (string | undefined)[] =>
    ORDER.map((name) => releaseOf(deployment.cloud.services[name] ?? none));
  const none = { revisions: [], traffic: [], followsLatest: true, invokerCheck: true, members: [] };
  const every = (release: string): readonly string[] => ORDER.map(() => release);

  /** The changes of traffic, as `service where`. */
  const shares = (): readonly string[] =>
    deployment.standIns
      .changes()
      .filter((one) => one.includes("update-traffic"))
      .map((one) => one.replace(/^.*update-traffic (\S+) .*(--to-\S+).*$/, "$1 $2"));

  test("exchanges one function after another in the written order, each with its share first", async () => {
    succeeded(await deployment.run("--canary", "10"));
    assert.deepEqual(shares(), [
      ...ORDER.map((name) => `${name} --to-revisions=${name}-00001=100`),
      ...ORDER.flatMap((name) => [`${name} --to-revisions=${name}-00002=10,${name}-00001=90`, `${name} --to-latest`]),
    ]);
    assert.deepEqual(releases(), every("two"));
    assert.ok(Object.values(deployment.cloud.services).every(({ followsLatest }) => followsLatest));
    const changes = deployment.standIns.changes().map((one) => one.split(" ").slice(0, 3).join(" "));
    assert.ok(changes.indexOf("terraform … apply") < changes.lastIndexOf("gcloud run services"));
    assert.ok(changes.indexOf("firebase deploy --only") > changes.lastIndexOf("gcloud run services"));
  });

  test("ends in the same state when it is killed at each step and run again", async () => {
    succeeded(await deployment.run("--canary", "10"));
    const undisturbed = structuredClone(deployment.cloud);
    const cloud = await deployment.deployedProject();
    cloud.release = "two";
    const killedAt = await deployment.killedAtEachStep("--canary", "10");
    assert.ok(killedAt.length >= 3 * 3 + 5, killedAt.join("\n"));
    assert.deepEqual(deployment.cloud, undisturbed);
  });

  test("waits for new indexes before new code gets a request", async () => {
    for (const { indexes } of deployment.cloud.databases) for (const index of indexes) index.state = "CREATING";
    const { status, output } = await deployment.run("--canary", "10");
    assert.equal(status, 1);
    assert.match(output, /these indexes are not ready: .*collectionGroups\/messages/);
    assert.deepEqual(releases(), every("one"));
  });

  test("goes back by itself, in the opposite order, when a new function logs an error", async () => {
    deployment.cloud.errors.two = ["defect"];
    const { status, output } = await deployment.run("--canary", "10");
    assert.equal(status, 1);
    assert.match(
      output,
      /The former functions serve again, because of deliver-mail: deliver-mail-00002 has logged defect/,
    );
    assert.deepEqual(releases(), every("one"));
    assert.equal(deployment.cloud.console.live, "one");
  });

  test("goes back by one command, with the console, and forward again by the next deployment", async () => {
    succeeded(await deployment.run());
    assert.deepEqual([releases(), deployment.cloud.console.live], [every("two"), "two"]);
    succeeded(await deployment.run("--rollback"));
    assert.deepEqual(
      shares(),
      ORDER.toReversed().map((name) => `${name} --to-revisions=${name}-00001=100`),
    );
    assert.deepEqual([releases(), deployment.cloud.console.live], [every("one"), "one"]);
    deployment.cloud.release = "three";
    succeeded(await deployment.run());
    assert.deepEqual([releases(), deployment.cloud.console.live], [every("three"), "three"]);
  });

  test("goes back to the same state when the way back is killed at each step and run again", async () => {
    succeeded(await deployment.run());
    const killedAt = await deployment.killedAtEachStep("--rollback");
    assert.equal(killedAt.length, 3 + 2);
    assert.deepEqual([releases(), deployment.cloud.console.live], [every("one"), "one"]);
  });

  test("says that there is no way back before a second deployment", async () => {
    await deployment.deployedProject();
    const { status, output } = await deployment.run("--rollback");
    assert.equal(status, 2);
    assert.match(output, /no former deployment|Nothing is deployed/);
  });
});
