import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = join(import.meta.dirname, "../../../functions/console");
const LARGEST_FIRST_LOAD = 150 * 1024;

describe("the console's bundle", () => {
  let script = "";
  let style = "";

  before(async () => {
    const { outputFiles } = await build({
      entryPoints: [join(source, "main.tsx")],
      bundle: true,
      minify: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      jsxImportSource: "preact",
      outdir: "out",
    });
    script = outputFiles.find(({ path }) => path.endsWith(".js"))?.text ?? "";
    style = outputFiles.find(({ path }) => path.endsWith(".css"))?.text ?? "";
    assert(script !== "" && style !== "");
  });

  it("loads at most 150 KB of script, gzipped", () => {
    const size = gzipSync(script).byteLength;
    assert(size <= LARGEST_FIRST_LOAD, `${size} bytes`);
  });

  it("needs nothing that a strict Content-Security-Policy forbids", () => {
    assert.doesNotMatch(script, /\beval\(|new Function\(/);
    assert.doesNotMatch(style, /@import|url\(/);
    const page = readFileSync(join(source, "index.html"), "utf8");
    assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  });

  it("makes no request to another site", () => {
    const page = readFileSync(join(source, "index.html"), "utf8");
    assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
    assert.doesNotMatch(script, /fetch\("https?:/);
  });
});
