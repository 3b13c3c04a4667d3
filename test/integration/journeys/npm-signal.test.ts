import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { eventually } from "../../builders/eventually.ts";

const answers = async (url: string): Promise<boolean> => {
  try {
    return (await fetch(url)).ok;
  } catch {
    return false;
  }
};

// npm passes the signal to the shell of the script, and the shell alone would die, so the script must replace it.
it("SIGTERM to npm ends `npm start` in order, and leaves nothing running", async () => {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), "relais-npm-"));
  const npm = spawn("npm", ["start"], {
    cwd: new URL("../../..", import.meta.url).pathname,
    env: {
      PATH: process.env.PATH,
      HOME: process.env.HOME,
      PORT: String(port),
      RELAIS_DATA_DIR: dataDir,
      RELAIS_SMTP_PORT: "0",
    },
    stdio: "ignore",
  });
  const health = `http://localhost:${port}/health`;
  await eventually("npm start answers /health", () => answers(health), 60_000);
  const exit = once(npm, "exit");
  npm.kill("SIGTERM");
  const [code] = await exit;
  assert.equal(code, 0);
  assert.equal(await answers(health), false);
  rmSync(dataDir, { recursive: true });
});
