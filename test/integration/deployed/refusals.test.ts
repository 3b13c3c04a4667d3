import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { deployableFunctions } from "../../../infra/build/repository.ts";
import { useBundles } from "../../builders/deployed-stack.ts";

const framework = join(import.meta.dirname, "../../../node_modules/.bin/functions-framework");
const EMULATORS = {
  FIRESTORE_EMULATOR_HOST: "127.0.0.1:1",
  PUBSUB_EMULATOR_HOST: "127.0.0.1:1",
  SECRET_MANAGER_EMULATOR_HOST: "127.0.0.1:1",
  // Not ours, but Google's libraries obey it.
  FIREBASE_AUTH_EMULATOR_HOST: "127.0.0.1:1",
};

describe("a deployed function", () => {
  const { dist, remove } = useBundles();
  after(remove);

  const start = (name: string, environment: Readonly<Record<string, string>>) =>
    spawnSync(process.execPath, [framework, `--source=${join(dist, name)}`, `--target=${name}`, "--port=0"], {
      env: {
        PATH: process.env.PATH,
        NODE_ENV: "production",
        K_SERVICE: name,
        GOOGLE_CLOUD_PROJECT: "p",
        RELAIS_PUBLIC_URL: "https://relais.example.com",
        ...environment,
      },
      encoding: "utf8",
      timeout: 120_000,
    });

  for (const name of deployableFunctions()) {
    it(`${name} does not start if an emulator is named, and names the variable`, () => {
      const { status, stdout, stderr } = start(name, EMULATORS);
      assert.notEqual(status, 0);
      assert.notEqual(status, null, "it ended by itself");
      for (const variable of Object.keys(EMULATORS))
        assert.match(`${stdout}${stderr}`, new RegExp(`${variable} must not be set`));
    });
  }

  it("contains no part of the sandbox or of an emulator to fall back on", () => {
    const files = globSync("*/**/*.{js,mjs}", { cwd: dist });
    assert.ok(files.length > 2 * deployableFunctions().length, "chunks are among them");
    for (const file of files) {
      const text = readFileSync(join(dist, file), "utf8");
      assert.doesNotMatch(text, /startGoogleSandbox|google-sandbox/, file);
    }
  });
});
