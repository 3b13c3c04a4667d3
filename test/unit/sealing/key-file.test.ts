import assert from "node:assert/strict";
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { sealingKeyFile } from "../../../functions/adapters/sealing/key-file.ts";
import { testRandom } from "../../builders/store.ts";

describe("the sealing key's file", () => {
  let directory: string;
  let path: string;
  beforeEach(async () => {
    directory = join(await mkdtemp(join(tmpdir(), "relais-key-")), "data");
    path = join(directory, "sealing-key.json");
  });
  afterEach(() => rm(join(directory, ".."), { recursive: true }));

  test("is created at first use, readable by its owner only, and read from then on", async () => {
    const made = await sealingKeyFile(testRandom, directory);
    assert.equal(made.key.length, 32);
    assert.equal((await stat(path)).mode & 0o777, 0o600);
    assert.deepEqual(await sealingKeyFile(testRandom, directory), made);
    assert.deepEqual(await readdir(directory), ["sealing-key.json"], "no draft is left");
  });

  test("is the same for many that need it first at the same moment", async () => {
    const keys = await Promise.all(Array.from({ length: 10 }, () => sealingKeyFile(testRandom, directory)));
    for (const key of keys) assert.deepEqual(key, keys[0]);
    assert.deepEqual(await readdir(directory), ["sealing-key.json"]);
  });

  test("is refused if others can read it, with advice", async () => {
    await sealingKeyFile(testRandom, directory);
    for (const mode of [0o640, 0o604]) {
      await chmod(path, mode);
      await assert.rejects(sealingKeyFile(testRandom, directory), {
        message: `${path} can be read by other users. Make it yours alone: chmod 600 ${path}`,
      });
    }
  });

  test("is refused without quoting it if it holds no key, and never replaced", async () => {
    await sealingKeyFile(testRandom, directory);
    const short = JSON.stringify({ kid: "k", key: Buffer.from("too short canary").toString("base64url") });
    for (const text of ["", "canary-not-json", short, "null", '{"key": "canary"}']) {
      await writeFile(path, text);
      await assert.rejects(sealingKeyFile(testRandom, directory), (error: Error) => {
        assert.match(error.message, /holds no sealing key/);
        assert.ok(!`${error.message}${error.stack}${String(error.cause)}`.includes("canary"));
        return true;
      });
      assert.equal(await readFile(path, "utf8"), text);
    }
  });
});
