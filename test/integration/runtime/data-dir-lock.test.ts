import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { lockDataDir } from "../../../functions/runtime/local/lock.ts";

const LOCK = join(import.meta.dirname, "../../../functions/runtime/local/lock.ts");

/** Takes the directory, drops what releases it as a short command does, and works until garbage is collected. */
const FORGETFUL = `
  const { lockDataDir } = await import(${JSON.stringify(LOCK)});
  if (lockDataDir(process.argv[1]) === null) process.exit(1);
  for (let turn = 0; turn < 5; turn += 1) {
    await new Promise((resolve) => setImmediate(resolve));
    gc();
  }
  console.log("collected");
  setInterval(() => undefined, 1_000);
`;

suite("The lock on a data directory", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-lock-"));
  after(() => rmSync(folder, { recursive: true }));

  test("outlasts garbage collection in a process that forgets it, and ends with that process", async () => {
    const args = ["--expose-gc", "--input-type=module", "--eval", FORGETFUL, folder];
    const holder = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
    const ended = once(holder, "close");
    await Promise.race([once(holder.stdout, "data"), ended.then(() => assert.fail("the directory was not taken"))]);
    const beside = lockDataDir(folder);
    beside?.();
    holder.kill("SIGKILL");
    await ended;
    assert.equal(beside, null);
    const afterwards = lockDataDir(folder) ?? assert.fail("the lock outlived its process");
    afterwards();
  });

  test("is free once it is released, however often, and no other directory with it", () => {
    const [one, other] = [join(folder, "one"), join(folder, "other")];
    const releaseOne = lockDataDir(one) ?? assert.fail();
    const releaseOther = lockDataDir(other) ?? assert.fail();
    releaseOne();
    releaseOne();
    const again = lockDataDir(one) ?? assert.fail("it was not released");
    assert.equal(lockDataDir(other), null);
    again();
    releaseOther();
  });
});
