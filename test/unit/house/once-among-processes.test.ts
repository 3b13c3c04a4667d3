import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { onceAmongProcesses } from "../../builders/once-among-processes.ts";

const folder = mkdtempSync(join(tmpdir(), "relais-once-"));
after(() => rmSync(folder, { recursive: true }));

test("lets one of many processes do the work, and the others continue once it is done", async () => {
  const path = join(folder, "many");
  let made = 0;
  const want = async (): Promise<void> => {
    const act = async (): Promise<void> => {
      made += 1;
      await setImmediate();
      writeFileSync(path, "whole");
    };
    await onceAmongProcesses({ path, isDone: () => existsSync(path), act });
    assert.ok(existsSync(path));
  };
  await Promise.all(Array.from({ length: 5 }, want));
  assert.equal(made, 1);
});

test("lets the next process start again what a killed one had begun", async () => {
  const path = join(folder, "killed");
  const builder = new URL("../../builders/once-among-processes.ts", import.meta.url).href;
  const script = `
    import { onceAmongProcesses } from ${JSON.stringify(builder)};
    const act = async () => process.kill(process.pid, "SIGKILL");
    await onceAmongProcesses({ path: ${JSON.stringify(path)}, isDone: () => false, act });`;
  const killed = spawnSync(process.execPath, ["--input-type=module", "-e", script]);
  assert.equal(killed.signal, "SIGKILL");
  await onceAmongProcesses({ path, isDone: () => existsSync(path), act: async () => writeFileSync(path, "whole") });
  assert.ok(existsSync(path));
});
