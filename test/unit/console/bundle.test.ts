import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join, relative } from "node:path";
import { before, describe, it } from "node:test";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const source = join(import.meta.dirname, "../../../functions/console");
const LARGEST_FIRST_LOAD = 80 * 1024;

describe("the console's bundle", () => {
  /** Everything, and what every page loads before it shows anything. */
  let script = "";
  let firstLoad: readonly string[] = [];
  let style = "";

  before(async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(source, "main.ts")],
      bundle: true,
      splitting: true,
      metafile: true,
      minify: true,
      write: false,
      format: "esm",
      jsx: "automatic",
      jsxImportSource: "preact",
      loader: { ".woff2": "file" },
      outdir: "out",
    });
    const scripts = new Map(outputFiles.map(({ path, text }) => [relative(process.cwd(), path), text]));
    const textOf = (path: string): string => scripts.get(path) ?? "";
    const loadedFirst = (path: string): readonly string[] => [
      path,
      ...(metafile.outputs[path]?.imports ?? [])
        .filter(({ kind }) => kind === "import-statement")
        .flatMap(({ path: imported }) => loadedFirst(imported)),
    ];
    // The first script loads `start.tsx` at once.
    const start = Object.keys(metafile.outputs).find(
      (path) => metafile.outputs[path]?.entryPoint === "functions/console/start.tsx",
    );
    assert(start !== undefined);
    firstLoad = [...new Set(["out/main.js", start].flatMap(loadedFirst))].map(textOf);
    script = [...scripts].flatMap(([path, text]) => (path.endsWith(".js") ? [text] : [])).join("\n");
    style = outputFiles.find(({ path }) => path.endsWith(".css"))?.text ?? "";
    assert(script !== "" && style !== "");
  });

  it("loads at most 80 KB of script first, gzipped", () => {
    const size = firstLoad.reduce((all, text) => all + gzipSync(text).byteLength, 0);
    assert(size > 10_000, "something is measured");
    assert(size <= LARGEST_FIRST_LOAD, `${size} bytes`);
  });

  it("needs nothing that a strict Content-Security-Policy forbids", () => {
    assert.doesNotMatch(script, /\beval\(|new Function\(/);
    assert.doesNotMatch(style, /@import/);
    // The font, which is built with the console.
    for (const [, url = ""] of style.matchAll(/url\(([^)]*)\)/g)) assert.match(url, /^"?\.\/inter-[\w-]+\.woff2"?$/);
    const page = readFileSync(join(source, "index.html"), "utf8");
    assert.doesNotMatch(page, /<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)/);
  });

  it("makes no request to another site", () => {
    const page = readFileSync(join(source, "index.html"), "utf8");
    assert.doesNotMatch(page, /(?:src|href)="(?:https?:)?\/\//);
    assert.doesNotMatch(script, /fetch\("https?:/);
  });
});
