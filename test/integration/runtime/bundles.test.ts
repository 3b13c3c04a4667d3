import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { after, before, describe, it } from "node:test";
import { unzipSync } from "fflate";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { sourceBuild } from "../../../functions/runtime/local/source-build.ts";
import { measureBundle, readBudget } from "../../../infra/build/budget.ts";
import { deployableFunctions } from "../../../infra/build/repository.ts";
import { builtPart } from "../../builders/built-part.ts";
import { eventually } from "../../builders/eventually.ts";
import { newSample } from "../../builders/sample.ts";

const root = join(import.meta.dirname, "../../..");
const out = mkdtempSync(join(tmpdir(), "relais-dist-"));
const elsewhere = mkdtempSync(join(tmpdir(), "relais-elsewhere-"));

/** What the suite's bundles are made of, too. */
const { version, commit: COMMIT } = sourceBuild(root, process.env.RELAIS_COMMIT || null);
const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const FOLDERS = [...deployableFunctions(), "client", "console", "submission"].toSorted();

/** Two functions, others in each run, and what is built in another way; `npm run soak -- samples` builds all again. */
const FUNCTIONS_AGAIN = 2;
const sample = newSample();
const AGAIN = [
  ...FOLDERS.filter((name) => !deployableFunctions().includes(name)),
  ...sample.of(deployableFunctions(), FUNCTIONS_AGAIN),
].toSorted();

interface Way {
  readonly umask: string;
  readonly env?: Readonly<Record<string, string>>;
  /** All by default. */
  readonly folders?: readonly string[];
}

const build = (repository: string, to: string, { umask, env = {}, folders = [] }: Way): void => {
  const script = `umask ${umask} && exec "$0" "$@"`;
  const program = join(repository, "infra/build/build.ts");
  const args = ["-c", script, process.execPath, program, "--out", to, ...folders];
  const built = spawnSync("sh", args, {
    cwd: elsewhere,
    encoding: "utf8",
    env: { ...process.env, RELAIS_COMMIT: COMMIT, ...env },
  });
  assert.equal(built.status, 0, built.stderr);
};

/** Takes what the suite has built, of which a test here changes a part. */
const copyOfSuite = async (suite: string): Promise<void> => {
  for (const part of ["client", "console"] as const) await builtPart(part, suite);
  for (const name of FOLDERS) cpSync(join(suite, name), join(out, name), { recursive: true, preserveTimestamps: true });
};

before(async () => {
  const { RELAIS_TEST_DIST: suite } = process.env;
  if (suite) await copyOfSuite(suite);
  else build(root, out, { umask: "022" });
});
after(() => {
  for (const folder of [out, elsewhere]) rmSync(folder, { recursive: true });
});

const framework = join(root, "node_modules/.bin/functions-framework");

interface Started {
  readonly operators?: string;
  /** The folder with the bundle. */
  readonly source?: string;
  readonly framework?: string;
}

/** Runs a bundle as the platform does, with nothing of the repository around it. Returns what `/health` says. */
const health = async (name: string, started: Started = {}): Promise<unknown> => {
  const { operators = "@example.com", source = join(out, name) } = started;
  const port = await freePort();
  const env = {
    PATH: process.env.PATH,
    NODE_ENV: "production",
    RELAIS_DATA_DIR: join(out, `data-${name}`),
    RELAIS_OPERATORS: operators,
  };
  const args = [`--source=${source}`, `--target=${name}`, `--port=${port}`];
  const child = spawn(process.execPath, [started.framework ?? framework, ...args], { env, cwd: out });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk: Buffer) => {
      output += chunk;
    });
  try {
    return await eventually(`${name} answers /health`, async () => {
      assert.equal(child.exitCode, null, output);
      return fetch(`http://127.0.0.1:${port}/health`).then(
        (response) => response.json(),
        () => false,
      );
    });
  } finally {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
};

/** How npm says that it neither reaches its registry nor has the packages in its cache. */
const NO_REGISTRY = /code (ENOTCACHED|ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|ENETUNREACH)/;

/** Not committed, or not needed for a build. */
const NOT_BUILT_FROM = ["node_modules", "dist", ".git", ".relais", "test"];

const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

const filesIn = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .map((path) => ({ path: relative(folder, path), stats: statSync(path), bytes: readFileSync(path) }))
    .toSorted((a, b) => (a.path < b.path ? -1 : 1));

/** What archives of the folders hold: files, their modes and times. Hosting takes no times, so the console has any. */
const contentsOf = (folder: string): readonly string[] =>
  filesIn(folder).map(({ path, stats, bytes }) => {
    const time = path.startsWith("console/") ? "any time" : stats.mtime.toISOString();
    return [path, stats.mode.toString(8), time, sha256(bytes)].join(" ");
  });

const withoutTime = (line: string): string => line.replace(/ \S+Z /, " ");

describe("npm run build", () => {
  for (const name of deployableFunctions()) {
    it(`makes ${name} run under functions-framework from its folder alone`, async () => {
      assert.deepEqual(await health(name), { version, commit: COMMIT });
    });
  }

  it("starts no function whose operators are everyone under a public suffix, and loads the list of these only to check that", async () => {
    await assert.rejects(
      health("mail-servers", { operators: "olga@example.com, @co.uk" }),
      /RELAIS_OPERATORS must not list @co\.uk/,
    );
    assert.doesNotMatch(readFileSync(join(out, "mail-servers/index.mjs"), "utf8"), /kawasaki/);
  });

  it("pins the framework and keeps it out of the bundle", () => {
    const manifest = JSON.parse(readFileSync(join(out, "send-mail/package.json"), "utf8"));
    const framework = "@google-cloud/functions-framework";
    assert.equal(manifest.dependencies[framework], dependencies[framework]);
    assert.match(manifest.dependencies[framework], /^\d+\.\d+\.\d+$/);
  });

  it("pins what the framework needs, too, so that npm ci installs it without running any package's scripts", async (t) => {
    const copy = join(elsewhere, "installed");
    cpSync(join(out, "mail-servers"), copy, { recursive: true });
    const asked = spawnSync("npm", ["config", "get", "ignore-scripts"], { cwd: copy, encoding: "utf8" });
    assert.equal(asked.stdout.trim(), "true");
    const locked = (file: string): Record<string, { version: string; integrity: string }> =>
      JSON.parse(readFileSync(file, "utf8")).packages;
    const { "": _, ...cut } = locked(join(copy, "package-lock.json"));
    const ours = locked(join(root, "package-lock.json"));
    for (const [path, { version, integrity }] of Object.entries(cut))
      assert.deepEqual([version, integrity], [ours[path]?.version, ours[path]?.integrity], path);
    const installed = spawnSync("npm", ["ci", "--prefer-offline", "--loglevel=error"], { cwd: copy, encoding: "utf8" });
    if (NO_REGISTRY.test(installed.stderr)) return t.skip(`npm ci was not checked: ${installed.stderr}`);
    assert.equal(installed.status, 0, installed.stderr);
    for (const [path, { version }] of Object.entries(cut)) {
      const manifest = join(copy, path, "package.json");
      if (existsSync(manifest)) assert.equal(JSON.parse(readFileSync(manifest, "utf8")).version, version, path);
    }
    const own = join(copy, "node_modules/.bin/functions-framework");
    assert.deepEqual(await health("mail-servers", { source: copy, framework: own }), { version, commit: COMMIT });
  });

  it("writes into no file where it was built", () => {
    for (const { path, bytes } of filesIn(out))
      for (const folder of [root, out]) assert.ok(!bytes.includes(folder), `${path} holds ${folder}`);
  });

  it("says what is wrong with a name of the commit, before it builds", () => {
    const env = { ...process.env, RELAIS_COMMIT: "a commit" };
    const args = [join(root, "infra/build/build.ts"), "--out", join(elsewhere, "none")];
    const refused = spawnSync(process.execPath, args, { env, encoding: "utf8" });
    assert.notEqual(refused.status, 0);
    assert.match(refused.stderr, /RELAIS_COMMIT must have/);
    assert.ok(!existsSync(join(elsewhere, "none")));
  });

  it("shows the release and the commit in the console", () => {
    const scripts = readdirSync(join(out, "console/assets")).filter((name) => name.endsWith(".js"));
    const texts = scripts.map((name) => readFileSync(join(out, "console/assets", name), "utf8"));
    assert.ok(texts.some((text) => text.includes(COMMIT) && text.includes(version)));
  });

  it("does not load at the start what sends and stores", () => {
    const entry = readFileSync(join(out, "mail-servers/index.mjs"), "utf8");
    assert.doesNotMatch(entry, /googleapis\.com\/discovery|nodemailer/);
    assert.doesNotMatch(entry, /DatabaseSync\(/);
  });

  it("can also be loaded as index.js, the name by which builders look for a function; none of its files loads undici, which would slow a cold start down", () => {
    const names = deployableFunctions();
    const script = `
      const { globSync } = process.getBuiltinModule("node:fs");
      const loaded = {};
      for (const name of ${JSON.stringify(names)}) {
        const folder = ${JSON.stringify(out)} + "/" + name;
        await import(folder + "/index.js");
        const files = globSync(folder + "/**/*.mjs");
        for (const file of files) await import(file);
        const undici = process.moduleLoadList.filter((one) => one.includes("undici/undici"));
        loaded[name] = { files: files.length, undici };
      }
      console.log(JSON.stringify(loaded));`;
    const env = { PATH: process.env.PATH, RELAIS_DATA_DIR: join(out, "data") };
    const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script], { env, encoding: "utf8" });
    assert.equal(ran.status, 0, ran.stderr);
    const loaded: Readonly<Record<string, { readonly files: number; readonly undici: readonly string[] }>> = JSON.parse(
      ran.stdout.trim().split("\n").at(-1) ?? "",
    );
    assert.deepEqual(Object.keys(loaded), names);
    for (const [name, { files, undici }] of Object.entries(loaded)) {
      assert.ok(files > 10, name);
      assert.deepEqual(undici, [], name);
    }
  });

  for (const name of deployableFunctions()) {
    it(`keeps the code of ${name} within its budget`, () => {
      const { start, all } = measureBundle(join(out, name));
      const budget = readBudget()[name];
      assert.ok(budget !== undefined, `npm run build, then node infra/build/budget.ts, adds ${name}`);
      assert.ok(start > 50_000 && all > 2 * start, `${start} and ${all} bytes cannot be right`);
      // Each cold start reads what is added. If it is worth that, raise the number in infra/build/budget.json.
      assert.ok(start <= budget.start, `${start} bytes are loaded before any request; ${budget.start} are allowed`);
      assert.ok(all <= budget.all, `${all} bytes in all files; ${budget.all} are allowed`);
    });
  }

  it("leaves a console alone that is the same already, since somebody may serve it, and replaces another", () => {
    const target = join(out, "console");
    const buildConsole = (): number => {
      const args = [join(root, "infra/build/build.ts"), "--out", out, "console"];
      const built = spawnSync(process.execPath, args, {
        encoding: "utf8",
        env: { ...process.env, RELAIS_COMMIT: COMMIT },
      });
      assert.equal(built.status, 0, built.stderr);
      return statSync(target).ino;
    };
    const page = join(target, "index.html");
    const text = readFileSync(page, "utf8");
    const { ino } = statSync(target);
    assert.equal(buildConsole(), ino);
    writeFileSync(page, `${text}<!-- of another build -->`);
    assert.notEqual(buildConsole(), ino);
    assert.equal(readFileSync(page, "utf8"), text);
    assert.deepEqual(
      readdirSync(out).filter((name) => name.startsWith("console")),
      ["console"],
    );
  });

  it("writes the console's page with the names of its assets, and nothing inline", () => {
    const page = readFileSync(join(out, "console/index.html"), "utf8");
    const assets = readdirSync(join(out, "console/assets"));
    const named = [...page.matchAll(/\/assets\/([\w.-]+)/g)].map((match) => match[1] ?? "");
    for (const wanted of [/^main-\w+\.js$/, /^main-\w+\.css$/, /^inter-latin-wght-normal-\w+\.woff2$/]) {
      assert.equal(named.filter((name) => wanted.test(name)).length, 1, String(wanted));
    }
    for (const name of named) assert.ok(assets.includes(name), name);
    assert.doesNotMatch(page, /<script(?![^>]*src=)|<style|\son\w+=|style=/);
  });
});

describe("npm run build, from a copy of the repository, with another umask, working directory and time zone", () => {
  const again = join(elsewhere, "built/again");
  /** The same folders as they were built before. */
  const same = join(elsewhere, "built/before");

  before(() => {
    const copy = join(elsewhere, "a copy/of the repository");
    mkdirSync(copy, { recursive: true });
    for (const name of readdirSync(root).filter((one) => !NOT_BUILT_FROM.includes(one)))
      cpSync(join(root, name), join(copy, name), { recursive: true });
    symlinkSync(join(root, "node_modules"), join(copy, "node_modules"));
    // Without names, it builds all.
    const folders = AGAIN.length === FOLDERS.length ? [] : AGAIN;
    build(copy, again, { umask: "077", env: { TZ: "Pacific/Auckland", LC_ALL: "C" }, folders });
    for (const name of AGAIN) cpSync(join(out, name), join(same, name), { recursive: true, preserveTimestamps: true });
  });

  it("makes the same folders: for functions, the console, the client and the SMTP door", (t) => {
    t.diagnostic(sample.says);
    assert.deepEqual(readdirSync(again).sort(), AGAIN);
    assert.deepEqual(contentsOf(again), contentsOf(same));
  });

  it("makes the same release, with a checksum of each file", () => {
    const releases = [join(elsewhere, "release"), join(elsewhere, "release-again")] as const;
    const froms = [same, again] as const;
    // What was not built again is empty in both.
    for (const from of froms) for (const name of FOLDERS) mkdirSync(join(from, name), { recursive: true });
    for (const [at, to] of releases.entries()) {
      const args = [join(root, "infra/build/release.ts"), "--from", froms[at] ?? "", "--out", to];
      const env = { ...process.env, TZ: at === 0 ? "America/Los_Angeles" : "Asia/Tokyo" };
      const released = spawnSync(process.execPath, args, { cwd: elsewhere, env, encoding: "utf8" });
      assert.equal(released.status, 0, released.stderr);
    }
    assert.deepEqual(contentsOf(releases[1]).map(withoutTime), contentsOf(releases[0]).map(withoutTime));
    const [release] = releases;
    const sums = readFileSync(join(release, "SHA256SUMS"), "utf8").trimEnd().split("\n");
    const archives = [...deployableFunctions(), "console", "submission"].map((name) => `relais-${version}-${name}.zip`);
    const files = [...archives, `relais-${version}.cdx.json`, `relais-client-${version}.tgz`];
    assert.deepEqual(
      sums.map((line) => line.slice(66)),
      files.toSorted(),
    );
    for (const line of sums) assert.equal(line.slice(0, 64), sha256(readFileSync(join(release, line.slice(66)))), line);
    for (const name of AGAIN.filter((one) => one !== "client")) {
      const zip = unzipSync(readFileSync(join(release, `relais-${version}-${name}.zip`)));
      const unzipped = Object.entries(zip).map(([path, bytes]) => [path, sha256(bytes)]);
      const built = filesIn(join(out, name)).map(({ path, bytes }) => [path, sha256(bytes)]);
      assert.deepEqual(unzipped.toSorted(), built.toSorted());
    }
    const bill = JSON.parse(readFileSync(join(release, `relais-${version}.cdx.json`), "utf8"));
    const parts = bill.components.map(({ purl }: { purl: string }) => decodeURIComponent(purl));
    for (const [name, pinned] of Object.entries(dependencies))
      assert.ok(parts.includes(`pkg:npm/${name}@${pinned}`), name);
    for (const path of Object.keys(JSON.parse(readFileSync(join(out, "send-mail/package-lock.json"), "utf8")).packages))
      if (path !== "")
        assert.ok(
          parts.some((part: string) => part.startsWith(`pkg:npm/${path.replace(/^.*node_modules\//, "")}@`)),
          path,
        );
    assert.ok(!parts.some((part: string) => part.startsWith("pkg:npm/typescript@")), "only what is shipped");
    assert.deepEqual([bill.metadata.component.name, bill.metadata.component.version], ["relais", version]);
  });
});
