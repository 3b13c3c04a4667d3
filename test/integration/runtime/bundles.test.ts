import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { deployableFunctions } from "../../../infra/build/repository.ts";
import { eventually } from "../../builders/eventually.ts";

const root = join(import.meta.dirname, "../../..");
const out = mkdtempSync(join(tmpdir(), "relais-dist-"));

before(() => {
  const built = spawnSync(process.execPath, [join(root, "infra/build/build.ts"), "--out", out], { encoding: "utf8" });
  assert.equal(built.status, 0, built.stderr);
});
after(() => rmSync(out, { recursive: true }));

const framework = join(root, "node_modules/.bin/functions-framework");

/** Runs a bundle as the platform does, with nothing of the repository around it. Returns what `/health` says. */
const health = async (name: string, operators = "@example.com"): Promise<number> => {
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    RELAIS_DATA_DIR: join(out, `data-${name}`),
    RELAIS_OPERATORS: operators,
  };
  const args = [`--source=${join(out, name)}`, `--target=${name}`, `--port=${port}`];
  const child = spawn(process.execPath, [framework, ...args], { env, cwd: out });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  try {
    return await eventually(`${name} answers /health`, async () => {
      assert.equal(child.exitCode, null, output);
      return fetch(`http://127.0.0.1:${port}/health`).then(
        (response) => response.status,
        () => false,
      );
    });
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
};

describe("npm run build", () => {
  it("creates a folder for each function, the console, the client and the SMTP door", () => {
    const folders = [...deployableFunctions(), "client", "console", "submission"];
    assert.deepEqual(readdirSync(out).sort(), folders.sort());
  });

  for (const name of deployableFunctions()) {
    it(`makes ${name} run under functions-framework from its folder alone`, async () => {
      assert.equal(await health(name), 200);
    });
  }

  it("starts no function whose operators are everyone under a public suffix, and loads the list of these only to check that", async () => {
    await assert.rejects(health("mail-servers", "olga@example.com, @co.uk"), /RELAIS_OPERATORS must not list @co\.uk/);
    assert.doesNotMatch(readFileSync(join(out, "mail-servers/index.js"), "utf8"), /kawasaki/);
  });

  it("pins the framework and keeps it out of the bundle", () => {
    const own = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    const manifest = JSON.parse(readFileSync(join(out, "send-mail/package.json"), "utf8"));
    const framework = "@google-cloud/functions-framework";
    assert.equal(manifest.dependencies[framework], own.dependencies[framework]);
    assert.match(manifest.dependencies[framework], /^\d+\.\d+\.\d+$/);
  });

  it("does not load at the start what sends and stores", () => {
    const entry = readFileSync(join(out, "mail-servers/index.js"), "utf8");
    assert.doesNotMatch(entry, /googleapis\.com\/discovery|nodemailer/);
    assert.doesNotMatch(entry, /DatabaseSync\(/);
  });

  it("loads every file of a bundle without undici, which would slow a cold start down", () => {
    for (const name of deployableFunctions()) {
      const script = `
        const { globSync } = process.getBuiltinModule("node:fs");
        const files = globSync(${JSON.stringify(join(out, name, "**/*.js"))});
        for (const file of files) await import(file);
        const undici = process.moduleLoadList.filter((one) => one.includes("undici/undici"));
        console.log(JSON.stringify({ files: files.length, undici }));`;
      const env = { PATH: process.env.PATH, RELAIS_DATA_DIR: join(out, "data") };
      const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env, encoding: "utf8" });
      assert.equal(ran.status, 0, ran.stderr);
      const { files, undici } = JSON.parse(ran.stdout.trim().split("\n").at(-1) ?? "");
      assert.ok(files > 10, name);
      assert.deepEqual(undici, [], name);
    }
  });

  it("writes the console's page with the names of its assets, and nothing inline", () => {
    const page = readFileSync(join(out, "console/index.html"), "utf8");
    const assets = readdirSync(join(out, "console/assets"));
    const named = [...page.matchAll(/\/assets\/([\w.-]+)/g)].map((match) => match[1] ?? "");
    assert.equal(named.length, 2);
    for (const name of named) assert.ok(assets.includes(name), name);
    assert.doesNotMatch(page, /<script(?![^>]*src=)|<style|\son\w+=|style=/);
  });
});
