import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { Secret } from "../../functions/domain/secret.ts";
import type { SecretName, SecretVault } from "../../functions/domain/secret-vault.ts";

const token = (serverId: string): SecretName => ({ kind: "refresh_token", serverId });

/** What every vault guarantees (`SecretVault` in `domain/secret-vault.ts`). */
export const secretVaultContract = (
  name: string,
  open: () => Promise<{ readonly vault: SecretVault; close(): Promise<void> }>,
): void => {
  describe(`secret vault on ${name}`, () => {
    let vault: SecretVault;
    let close: () => Promise<void>;
    before(async () => {
      const opened = await open();
      vault = opened.vault;
      close = opened.close;
    });
    after(() => close());
    const value = async (secret: SecretName, version: string): Promise<string | undefined> =>
      (await vault.read(secret, version))?.reveal();

    test("a secret is read by its version as it was written", async () => {
      for (const text of ["1//0g-token_x", "é \u{1F511}\n", "x".repeat(8_000)]) {
        assert.equal(await value(token("srv_a"), await vault.add(token("srv_a"), new Secret(text))), text);
      }
    });

    test("each version has its own value, and versions are listed oldest first", async () => {
      const versions: string[] = [];
      for (const text of ["one", "two", "three"]) versions.push(await vault.add(token("srv_b"), new Secret(text)));
      assert.deepEqual(await vault.versions(token("srv_b")), versions);
      assert.deepEqual(await Promise.all(versions.map((version) => value(token("srv_b"), version))), [
        "one",
        "two",
        "three",
      ]);
    });

    test("an unknown secret is undefined and has no versions", async () => {
      const version = await vault.add(token("srv_c"), new Secret("c"));
      assert.equal(await vault.read(token("srv_none"), version), undefined);
      for (const odd of ["", "0", "no-such", "99", "latest"])
        assert.equal(await vault.read(token("srv_c"), odd), undefined, odd);
      assert.deepEqual(await vault.versions(token("srv_none")), []);
    });

    test("destroying removes one version only, and can be repeated", async () => {
      const first = await vault.add(token("srv_d"), new Secret("first"));
      const second = await vault.add(token("srv_d"), new Secret("second"));
      await vault.destroy(token("srv_d"), first);
      await vault.destroy(token("srv_d"), first);
      await vault.destroy(token("srv_none"), first);
      assert.equal(await vault.read(token("srv_d"), first), undefined);
      assert.equal(await value(token("srv_d"), second), "second");
      assert.deepEqual(await vault.versions(token("srv_d")), [second]);
    });

    test("removing destroys every version of that name only, and can be repeated", async () => {
      const gone = await vault.add(token("srv_e"), new Secret("e"));
      const kept = await vault.add(token("srv_e-2"), new Secret("kept"));
      await vault.add(token("srv_e"), new Secret("e2"));
      await vault.remove(token("srv_e"));
      await vault.remove(token("srv_e"));
      assert.equal(await vault.read(token("srv_e"), gone), undefined);
      assert.deepEqual(await vault.versions(token("srv_e")), []);
      assert.equal(await value(token("srv_e-2"), kept), "kept");
    });

    test("a removed name can be used again", async () => {
      await vault.add(token("srv_f"), new Secret("before"));
      await vault.remove(token("srv_f"));
      const version = await vault.add(token("srv_f"), new Secret("after"));
      assert.equal(await value(token("srv_f"), version), "after");
      assert.deepEqual(await vault.versions(token("srv_f")), [version]);
    });

    test("the client secret and a server's token are separate", async () => {
      const version = await vault.add({ kind: "client_secret" }, new Secret("GOCSPX-x"));
      assert.equal(await value({ kind: "client_secret" }, version), "GOCSPX-x");
      assert.deepEqual(await vault.versions(token("client_secret")), []);
    });

    test("secrets added concurrently under a new name are all kept", async () => {
      const texts = Array.from({ length: 10 }, (_, at) => `secret ${at}`);
      const versions = await Promise.all(texts.map((text) => vault.add(token("srv_-race"), new Secret(text))));
      assert.equal(new Set(versions).size, 10);
      assert.deepEqual(await Promise.all(versions.map((version) => value(token("srv_-race"), version))), texts);
    });
  });
};
