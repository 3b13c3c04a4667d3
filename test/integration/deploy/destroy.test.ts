import assert from "node:assert/strict";
import { after, before, beforeEach, suite, test } from "node:test";
import { Deployment, type Ended } from "./deployment.ts";

suite("npm run deploy -- --destroy", () => {
  let deployment: Deployment;
  before(async () => {
    deployment = await Deployment.start();
  });
  after(() => deployment.close());
  beforeEach(async () => {
    await deployment.deployedProject();
    // What Relais itself has made since, and Google every night.
    deployment.cloud.secrets["relais-refresh-srv_1"] = ["a refresh token"];
    deployment.cloud.secrets["of-somebody-else"] = ["x"];
    deployment.cloud.backups.push({
      name: "projects/relais-test/locations/eur3/backups/b1",
      database: "(default)",
      snapshotTime: "2026-11-30T03:00:00Z",
    });
  });

  const succeeded = ({ status, output }: Ended): string => {
    assert.equal(status, 0, output);
    return output;
  };

  test("removes what runs, keeps the data, and says what stays", async () => {
    const { databases, secrets, backups } = structuredClone(deployment.cloud);
    const output = succeeded(await deployment.run("--destroy"));
    assert.deepEqual(deployment.cloud.services, {});
    assert.equal(deployment.cloud.console.off, true);
    assert.deepEqual([deployment.cloud.secrets, deployment.cloud.backups], [secrets, backups]);
    assert.deepEqual(
      deployment.cloud.databases.map(({ id }) => id),
      databases.map(({ id }) => id),
    );
    for (const stays of [
      /the database \(default\)/,
      /backups\/b1/,
      /relais-refresh-srv_1/,
      /gs:\/\/relais-test-relais-state/,
    ])
      assert.match(output, stays);
    assert.doesNotMatch(output, /of-somebody-else/);
  });

  test("is taken back by a deployment, which finds all data again", async () => {
    const before = deployment.state();
    succeeded(await deployment.run("--destroy"));
    const output = succeeded(await deployment.run());
    for (const taken of [/databases\/\(default\) is there already/, /secrets\/relais-key-ring is there already/])
      assert.match(output, taken);
    assert.deepEqual(deployment.cloud.databases, before.databases);
    assert.deepEqual(Object.keys(deployment.cloud.services), Object.keys(before.services));
    // Key and token got one more version; the former ones still open what they sealed.
    assert.deepEqual(deployment.cloud.secrets["relais-key-ring"], ["token-1", "token-2"]);
  });

  test("ends in the same state when it is killed at each step and run again", async () => {
    succeeded(await deployment.run("--destroy"));
    const undisturbed = deployment.state();
    await deployment.deployedProject();
    Object.assign(deployment.cloud.secrets, { "relais-refresh-srv_1": ["a refresh token"], "of-somebody-else": ["x"] });
    deployment.cloud.backups = undisturbed.backups;
    const killedAt = await deployment.killedAtEachStep("--destroy");
    assert.equal(killedAt.length, 3, killedAt.join("\n"));
    assert.deepEqual(deployment.state(), undisturbed);
  });

  test("deletes data only for somebody who names the project once more", async () => {
    const before = structuredClone(deployment.cloud);
    for (const more of [[], ["--confirm", "another"]]) {
      const { status, output } = await deployment.run("--destroy", "--delete-data", ...more);
      assert.equal(status, 1);
      assert.match(output, /for good\. If you mean it, add: --confirm relais-test/);
    }
    assert.deepEqual(deployment.cloud, before);
  });

  test("deletes the data when it is asked for, killed at each step, and nothing of anybody else", async () => {
    const killedAt = await deployment.killedAtEachStep("--destroy", "--delete-data", "--confirm", "relais-test");
    assert.ok(killedAt.length >= 10, killedAt.join("\n"));
    const { databases, secrets, backups, buckets } = deployment.cloud;
    assert.deepEqual([databases, backups, secrets], [[], [], { "of-somebody-else": ["x"] }]);
    assert.deepEqual(buckets["relais-test-relais-state"]?.objects, {});
  });

  for (const [listing, stays] of [
    ["firestore databases list", "databases"],
    ["firestore backups list", "backups"],
    ["secrets list", "secrets"],
  ])
    test(`deletes no data while it cannot list ${stays}, says what to do, and goes on later`, async () => {
      const { databases, secrets, backups } = structuredClone(deployment.cloud);
      deployment.cloud.refuses[String(listing)] = "PERMISSION_DENIED: the caller lacks a permission";
      const args = ["--destroy", "--delete-data", "--confirm", "relais-test"];
      const { status, output } = await deployment.run(...args);
      assert.equal(status, 1, output);
      assert.match(output, new RegExp(`gcloud ${listing}: ERROR: PERMISSION_DENIED.*\\n.*run the same command again`));
      const { cloud } = deployment;
      assert.equal(cloud.databases.length, databases.length);
      assert.deepEqual([cloud.secrets, cloud.backups], [secrets, backups]);
      assert.notDeepEqual(cloud.buckets["relais-test-relais-state"]?.objects, {});

      cloud.refuses = {};
      succeeded(await deployment.run(...args));
      assert.deepEqual([cloud.databases, cloud.backups, cloud.secrets], [[], [], { "of-somebody-else": ["x"] }]);
    });

  test("takes an API that is off for one that holds nothing", async () => {
    deployment.cloud.backups = [];
    deployment.cloud.refuses["firestore backups list"] =
      "PERMISSION_DENIED: Cloud Firestore API has not been used in project relais-test before or it is disabled.";
    succeeded(await deployment.run("--destroy", "--delete-data", "--confirm", "relais-test"));
    assert.deepEqual(deployment.cloud.buckets["relais-test-relais-state"]?.objects, {});
  });

  test("says what it could not list where the data stays", async () => {
    deployment.cloud.refuses["secrets list"] = "PERMISSION_DENIED";
    const output = succeeded(await deployment.run("--destroy"));
    assert.match(output, /This stays:\n.*the database[\s\S]*could not be listed: gcloud secrets list: .*DENIED/);
  });
});
