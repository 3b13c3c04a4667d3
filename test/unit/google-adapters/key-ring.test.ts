import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, test } from "node:test";
import { decodeProtectedHeader } from "jose";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { jweSealerWithRing } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { openSecretManager } from "../../../functions/adapters/secret-manager/client.ts";
import { secretManagerKeyRing } from "../../../functions/adapters/secret-manager/secret-manager-key-ring.ts";
import { HOUR } from "../../../functions/domain/clock.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";
import { type SecretManagerStandIn, startSecretManagerStandIn } from "../../builders/secret-manager-stand-in.ts";
import { testRandom } from "../../builders/store.ts";

describe("the key ring in Secret Manager", () => {
  let standIn: SecretManagerStandIn;
  let clock: TestClock;
  beforeEach(async () => {
    standIn = await startSecretManagerStandIn();
    clock = testClock();
    await post("secrets?secretId=relais-key-ring", { replication: { automatic: {} } });
  });
  afterEach(() => standIn.close());
  const post = (path: string, body: object) =>
    fetch(`http://${standIn.host}/v1/projects/p/${path}`, {
      method: "POST",
      headers: { authorization: "Bearer any" },
      body: JSON.stringify(body),
    });
  /** Ends in a line end, as after `openssl rand -base64 32 | gcloud secrets versions add`. */
  const addKey = (text = `${randomBytes(32).toString("base64")}\n`) =>
    post("secrets/relais-key-ring:addVersion", { payload: { data: Buffer.from(text).toString("base64") } });
  /** Stands for an instance of its own. */
  const opened = () => {
    const calls = googleCalls({ clock: testClock(), random: testRandom });
    const client = openSecretManager(standIn.host);
    const ring = secretManagerKeyRing({ calls, client, projectId: "p" }, clock);
    return { ring, sealer: jweSealerWithRing(ring) };
  };
  const sealer = () => opened().sealer;
  const kidOf = (sealed: string) => decodeProtectedHeader(sealed).kid;
  const accesses = () => standIn.requests.filter((line) => line.endsWith(":access")).length;

  test("seals with the newest version, and another instance can open the seal", async () => {
    await addKey();
    await addKey();
    const sealed = await sealer().seal(new Secret("x"), "c");
    assert.equal(kidOf(sealed), "2");
    assert.equal((await sealer().open(sealed, "c"))?.reveal(), "x");
  });

  test("reads a key once, and looks for the newest again after an hour", async () => {
    await addKey();
    const one = sealer();
    for (let round = 0; round < 3; round += 1) await one.open(await one.seal(new Secret("x"), "c"), "c");
    assert.equal(accesses(), 1);
    await addKey();
    clock.advance(HOUR - 1);
    assert.equal(kidOf(await one.seal(new Secret("x"), "c")), "1");
    clock.advance(1);
    assert.equal(kidOf(await one.seal(new Secret("x"), "c")), "2");
  });

  test("opens what a newer key sealed, in an instance that knows only the old one", async () => {
    await addKey();
    const old = sealer();
    await old.seal(new Secret("x"), "c");
    await addKey();
    assert.equal((await old.open(await sealer().seal(new Secret("newer"), "c"), "c"))?.reveal(), "newer");
  });

  test("tells a disabled key, which may come back, from a destroyed or unknown one", async () => {
    for (const _ of [1, 2, 3]) await addKey();
    await post("secrets/relais-key-ring/versions/1:disable", {});
    await post("secrets/relais-key-ring/versions/2:destroy", {});
    const { ring } = opened();
    const answers = ["1", "2", "3", "4", "latest", ""].map((kid) => ring.isDisabled(kid));
    assert.deepEqual(await Promise.all(answers), [true, false, false, false, false, false]);
  });

  test("does not open what a disabled key sealed", async () => {
    await addKey();
    const sealed = await sealer().seal(new Secret("x"), "c");
    await addKey();
    await post("secrets/relais-key-ring/versions/1:disable", {});
    assert.equal(await sealer().open(sealed, "c"), undefined);
  });

  test("does not open it either in an instance that knew the key, once it has looked for the newest again", async () => {
    await addKey();
    const one = sealer();
    const sealed = await one.seal(new Secret("x"), "c");
    await addKey();
    await post("secrets/relais-key-ring/versions/1:disable", {});
    clock.advance(HOUR);
    await one.seal(new Secret("y"), "c");
    assert.equal(await one.open(sealed, "c"), undefined);
  });

  test("reports a ring without a key, or with one of another size, without quoting it", async () => {
    await assert.rejects(sealer().seal(new Secret("x"), "c"), /no enabled version/);
    await addKey("canary-short");
    await assert.rejects(sealer().seal(new Secret("x"), "c"), (error: Error) => {
      assert.match(error.message, /relais-key-ring\/versions\/1 is no key/);
      assert.ok(!String(error.stack).includes("canary"));
      return true;
    });
  });

  test("is Unavailable if it cannot be reached, which says nothing about the seal", async () => {
    await addKey();
    const sealed = await sealer().seal(new Secret("x"), "c");
    const other = sealer();
    standIn.refuseNext(403, "PERMISSION_DENIED");
    await assert.rejects(other.open(sealed, "c"), Unavailable);
    assert.equal((await other.open(sealed, "c"))?.reveal(), "x");
  });
});
