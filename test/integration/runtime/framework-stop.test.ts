import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { eventually } from "../../builders/eventually.ts";

const FRAMEWORK = join(import.meta.dirname, "../../../node_modules/.bin/functions-framework");
const SOURCE = join(import.meta.dirname, "../../builders/echo-function.ts");

const startFunction = async () => {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), "relais-stop-"));
  const child = spawn(process.execPath, [FRAMEWORK, `--source=${SOURCE}`, "--target=echo", `--port=${port}`], {
    env: { PATH: process.env.PATH, RELAIS_DATA_DIR: dataDir },
    stdio: "ignore",
  });
  const exit = once(child, "exit").finally(() => rmSync(dataDir, { recursive: true }));
  const origin = `http://127.0.0.1:${port}`;
  await eventually("it answers", () =>
    fetch(`${origin}/health`).then(
      ({ ok }) => ok,
      () => false,
    ),
  );
  return { child, exit, origin };
};

/** A post whose body is still arriving. */
const halfPost = (origin: string) => {
  const headers = { "Content-Type": "application/json", "Content-Length": 2 };
  const upload = request(`${origin}/v1/echo`, { method: "POST", headers });
  const answer = once(upload, "response").then(([{ statusCode }]) => statusCode);
  upload.write("{");
  return { answer, finish: () => upload.end("}") };
};

// By itself, functions-framework answers 500 to the latest request and exits at once.
for (const signals of [["SIGTERM"], ["SIGINT", "SIGINT"], ["SIGTERM", "SIGTERM", "SIGTERM"]] as const) {
  it(`a deployed function told to stop by ${signals.join(", ")} finishes what is under way`, async () => {
    const { child, exit, origin } = await startFunction();
    const upload = halfPost(origin);
    const waiting = fetch(`${origin}/v1/wait`).then(({ status }) => status);
    await delay(100);
    for (const signal of signals) {
      child.kill(signal);
      await delay(50);
    }
    assert.equal(await waiting, 200, "whoever only waits is answered at once");
    const refused = () =>
      fetch(`${origin}/health`).then(
        () => false,
        () => true,
      );
    await eventually("new connections are refused", refused);
    upload.finish();
    assert.equal(await upload.answer, 200);
    assert.deepEqual(await exit, [0, null]);
  });
}
