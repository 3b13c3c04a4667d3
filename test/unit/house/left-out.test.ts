import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { build } from "esbuild";
import { detectExtension, detectMimeType } from "nodemailer/lib/mime-funcs";
import { bundling } from "../../../infra/build/bundle-plugins.ts";
import { tablesAtFirstUse } from "../../../infra/build/left-out.ts";
import { root } from "../../../infra/build/repository.ts";

const NAMES = ["a.pdf", "a.xls", "a.gzip", "a.html", "a.p7m", "a.unknown", "bin", "", "a.JPEG"];
const TYPES = ["text/html", "application/pdf", "application/excel", "text/unknown", "a/b", "constructor/x", ""];

/** Imported from googleapis-common's folder, `qs` is Node's own querystring module; elsewhere it is the real qs. */
const WRITE = `import qs from "qs"; export const write = (query) => qs.stringify(query, { arrayFormat: "repeat" });`;

const PROGRAM = `
import * as path from "node:path";
import { request } from "node:http";
import util, { inspect } from "node:util";
import { detectExtension, detectMimeType } from "nodemailer/lib/mime-funcs";
import * as z from "zod";
import { write } from "./node_modules/googleapis-common/build/src/write.js";
import { write as writeWithQs } from "./write.js";

const unread = process.moduleLoadList.filter((one) => /worker_threads|util\\/diff|undici\\/undici/.test(one));
const message = (act) => { try { return act(); } catch (error) { return error.message; } };
const schema = z.strictObject({ a: z.string().min(2).max(3), b: z.array(z.number()).optional() });
const query = { a: ["1", "2 3"], none: undefined, q: "rfc822msgid:<a+b@é.example> in:sent", list: [], empty: "" };
console.log(JSON.stringify({
  builtins: [inspect("x"), util.format("%s", 1), path.join("a", "b"), typeof request, unread],
  mediaTypes: ${JSON.stringify(NAMES)}.map((name) => detectMimeType(name)),
  extensions: ${JSON.stringify(TYPES)}.map((type) => detectExtension(type)),
  parsed: schema.parse({ a: "xy" }),
  problems: schema.safeParse({ a: "x", b: ["y"], c: 1 }).error.issues.map(({ code }) => code),
  described: message(() => schema.toJSONSchema()),
  queries: [write(query), writeWithQs(query)],
}));
`;

describe("what a bundle leaves out", () => {
  mkdirSync(join(root, "node_modules/.cache"), { recursive: true });
  const folder = mkdtempSync(join(root, "node_modules/.cache/relais-left-out-"));
  const write = (path: string, source: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), source);
    return join(folder, path);
  };
  let said: Readonly<Record<string, unknown>> = {};
  before(async () => {
    write("write.js", WRITE);
    write("node_modules/googleapis-common/build/src/write.js", WRITE);
    const entry = write("program.js", PROGRAM);
    await build({ entryPoints: [entry], ...bundling, outdir: folder, outExtension: { ".js": ".mjs" } });
    const { stdout, stderr } = spawnSync(process.execPath, [join(folder, "program.mjs")], { encoding: "utf8" });
    assert.equal(stderr, "");
    said = JSON.parse(stdout);
  });
  after(() => rmSync(folder, { recursive: true }));

  test("a module of Node's is read only where it is imported by name", () => {
    assert.deepEqual(said.builtins, ["'x'", "1", "a/b", "function", []]);
  });

  test("media types and suffixes are nodemailer's own", () => {
    assert.deepEqual(
      said.mediaTypes,
      NAMES.map((name) => detectMimeType(name)),
    );
    assert.deepEqual(
      said.extensions,
      TYPES.map((type) => detectExtension(type)),
    );
  });

  test("a table is made when it is first asked, and holds the same", () => {
    const changed = tablesAtFirstUse("const table = new Map([\n  ['a', 'x'],\n  ['b', ['y', \"'z'\"]]\n]);\n");
    assert.match(changed, /JSON\.parse\(/);
    const { get, has } = new Function(`${changed} return table;`)();
    assert.deepEqual([get("a"), get("b"), get("c"), has("b"), has("c")], ["x", ["y", "'z'"], undefined, true, false]);
  });

  test("a schema still parses, and only its description as JSON Schema is gone", () => {
    assert.deepEqual(said.parsed, { a: "xy" });
    assert.deepEqual(said.problems, ["too_small", "invalid_type", "unrecognized_keys"]);
    assert.equal(said.described, "this bundle has no JSON Schema: see infra/build/left-out.ts");
  });

  test("Google's client of Gmail writes the same query as with qs", () => {
    const [without, withQs] = said.queries as string[];
    assert.equal(without, withQs);
    assert.match(without ?? "", /^a=1&a=2%203&q=rfc822msgid/);
  });
});
