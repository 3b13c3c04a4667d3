import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { openSecretManager } from "../../../functions/adapters/secret-manager/client.ts";
import { secretManagerVault } from "../../../functions/adapters/secret-manager/secret-manager-vault.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { testClock } from "../../builders/clock.ts";
import { type SecretManagerStandIn, startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import { testRandom } from "../../builders/store.ts";

const name = { kind: "refresh_token", serverId: "srv_a-1" } as const;

describe("the vault on Secret Manager", () => {
  let standIn: SecretManagerStandIn;
  let vault: SecretVault;
  beforeEach(async () => {
    standIn = await startSecretManagerStandIn();
    const calls = googleCalls({ clock: testClock(), random: testRandom });
    vault = secretManagerVault({ calls, client: openSecretManager(standIn.host), projectId: "p" });
  });
  afterEach(() => standIn.close());

  test("creates a secret only if adding a version finds none", async () => {
    await vault.add(name, new Secret("one"));
    await vault.add(name, new Secret("two"));
    assert.deepEqual(standIn.requests, [
      "POST /v1/projects/p/secrets/relais-refresh-srv_a-1:addVersion",
      "POST /v1/projects/p/secrets?secretId=relais-refresh-srv_a-1",
      "POST /v1/projects/p/secrets/relais-refresh-srv_a-1:addVersion",
      "POST /v1/projects/p/secrets/relais-refresh-srv_a-1:addVersion",
    ]);
  });

  test("also creates a secret if adding a version is denied, as Google may answer about a missing one", async () => {
    standIn.refuseNext(403, "PERMISSION_DENIED");
    assert.equal(await vault.add(name, new Secret("one")), "1");
    assert.equal((await vault.read(name, "1"))?.reveal(), "one");
  });

  test("reports Unavailable, and adds nothing, if it may not add to an existing secret", async () => {
    await vault.add(name, new Secret("one"));
    standIn.refuseNext(403, "PERMISSION_DENIED", ":addVersion");
    standIn.refuseNext(403, "PERMISSION_DENIED", ":addVersion");
    await assert.rejects(vault.add(name, new Secret("two")), Unavailable);
    assert.deepEqual(await vault.versions(name), ["1"]);
  });

  test("does not repeat an add whose answer was lost, so that no version is left that nothing points to", async () => {
    await vault.add(name, new Secret("one"));
    standIn.refuseNext(503, "UNAVAILABLE");
    await assert.rejects(vault.add(name, new Secret("two")), Unavailable);
    assert.deepEqual(await vault.versions(name), ["1"]);
  });

  test("keeps any text as it is, and lists versions over more than one page", async () => {
    const text = 'é "quoted" \n 漢 🔑';
    const version = await vault.add(name, new Secret(text));
    assert.equal((await vault.read(name, version))?.reveal(), text);
    for (let more = 0; more < 4; more += 1) await vault.add(name, new Secret("x"));
    const client = openSecretManager(standIn.host);
    const parent = "projects/p/secrets/relais-refresh-srv_a-1";
    const [found] = await client.listSecretVersions({ parent, pageSize: 2 });
    assert.deepEqual(
      found.map((one) => one.name?.slice(parent.length)),
      [5, 4, 3, 2, 1].map((number) => `/versions/${number}`),
    );
  });

  test("makes no call to Secret Manager that the transport does not know", async () => {
    const client = openSecretManager(standIn.host);
    await assert.rejects(client.getSecret({ name: "projects/p/secrets/a" }), /none of the calls/);
    assert.deepEqual(standIn.requests, []);
  });

  test("repeats reads; it reports Unavailable, not an absent secret, if it may not read", async () => {
    const version = await vault.add(name, new Secret("one"));
    standIn.refuseNext(503, "UNAVAILABLE");
    assert.equal((await vault.read(name, version))?.reveal(), "one");
    standIn.refuseNext(403, "PERMISSION_DENIED");
    await assert.rejects(vault.read(name, version), Unavailable);
  });

  test("destroys disabled versions too when it removes a secret", async () => {
    await vault.add(name, new Secret("one"));
    const version = `http://${standIn.host}/v1/projects/p/secrets/relais-refresh-srv_a-1/versions/1`;
    const headers = { authorization: "Bearer any" };
    await fetch(`${version}:disable`, { method: "POST", headers });
    assert.deepEqual(await vault.versions(name), []);
    await vault.remove(name);
    const left = (await (await fetch(version, { headers })).json()) as { readonly state: string };
    assert.equal(left.state, "DESTROYED");
  });

  test("throws, and asks nothing, for a server id that cannot name a secret", async () => {
    for (const serverId of ["", "../x", "a/b", "é", "x".repeat(201)]) {
      await assert.rejects(vault.add({ kind: "refresh_token", serverId }, new Secret("x")), RangeError);
    }
    assert.deepEqual(standIn.requests, []);
  });
});
