// `npm run build`: dist/<function>/ for each deployable function, dist/console/ (with the API's description and page),
// dist/client/, and dist/submission/ (the program relais-smtp). `npm run build -- console` builds the console alone;
// `--out DIR` builds elsewhere.
import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Metafile } from "esbuild";
import { bundle } from "./bundle.ts";
import { bundling, withoutZodLocales } from "./bundle-plugins.ts";
import { buildClient } from "./client.ts";
import { writeDocs } from "./docs.ts";
import { cutLockFile, type LockFile } from "./lock-file.ts";
import { replaceFolder } from "./replace-folder.ts";
import { deployableFunctions, root } from "./repository.ts";
import { openFolder, sealFolder } from "./seal-folder.ts";

const { values, positionals } = parseArgs({ options: { out: { type: "string" } }, allowPositionals: true });
const dist = values.out ?? join(root, "dist");

const FRAMEWORK = "@google-cloud/functions-framework";

const ownManifest = async () => JSON.parse(await readFile(join(root, "package.json"), "utf8"));

interface Pinned {
  readonly framework: string;
  readonly lock: LockFile;
}

const pinned = async (): Promise<Pinned> => ({
  framework: (await ownManifest()).dependencies[FRAMEWORK],
  lock: JSON.parse(await readFile(join(root, "package-lock.json"), "utf8")),
});

const writeJson = (path: string, value: unknown): Promise<void> =>
  writeFile(path, `${JSON.stringify(value, null, 2)}\n`);

/** The platform's builder reads it: no package that it installs may run a program of its own. */
const NPM_SETTINGS = "ignore-scripts=true\naudit=false\nfund=false\n";

/** The name by which people and builders look for a function; who reads `main` of package.json never loads it. */
const COMMON_ENTRY = 'export * from "./index.mjs";\n';

/**
 * Builds a folder for one function: `index.mjs`, `index.js` that leads to it, chunks that are loaded on first use, a
 * package.json that pins the framework, and a lock file that pins what the framework needs. The framework is not
 * bundled: the platform starts it, and its registry must exist once.
 */
const buildFunction = async (name: string, { framework, lock }: Pinned): Promise<void> => {
  const outdir = join(dist, name);
  await rm(outdir, { recursive: true, force: true });
  await bundle({
    entryPoints: { index: join(root, "functions", name, "index.ts") },
    ...bundling,
    outdir,
    external: [FRAMEWORK],
    chunkNames: "chunks/[name]-[hash]",
    // By this name the framework knows an ES module at once. For another, it would load a package that finds and reads
    // package.json, and its dozens of modules.
    outExtension: { ".js": ".mjs" },
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
  });
  const manifest = {
    name: `relais-${name}`,
    private: true,
    type: "module",
    main: "index.mjs",
    engines: { node: "24" },
    dependencies: { [FRAMEWORK]: framework },
  };
  await writeJson(join(outdir, "package.json"), manifest);
  await writeJson(join(outdir, "package-lock.json"), cutLockFile(lock, manifest));
  await writeFile(join(outdir, ".npmrc"), NPM_SETTINGS);
  await writeFile(join(outdir, "index.js"), COMMON_ENTRY);
  await sealFolder(outdir);
};

/**
 * Builds a folder that runs by itself, by `node index.js` or in a container, with any Node that is maintained: whoever
 * runs the SMTP door need not have ours.
 */
const buildSubmission = async (): Promise<void> => {
  const source = join(root, "functions/submission");
  const outdir = join(dist, "submission");
  await rm(outdir, { recursive: true, force: true });
  await bundle({
    entryPoints: { index: join(source, "relais-smtp.ts") },
    ...bundling,
    splitting: false,
    target: "node20",
    plugins: [withoutZodLocales],
    outdir,
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "none",
  });
  const { version, license } = await ownManifest();
  const manifest = {
    name: "relais-smtp",
    version,
    license,
    private: true,
    type: "module",
    main: "index.js",
    engines: { node: ">=20.16" },
  };
  await writeJson(join(outdir, "package.json"), manifest);
  await cp(join(source, "Dockerfile"), join(outdir, "Dockerfile"));
  await sealFolder(outdir);
};

/**
 * Builds the static console: one page, with its script and style under /assets/ by content hash, so that a page never
 * gets those of another build. Browsers revalidate them each time (304 by ETag), because Hosting sets headers by path,
 * even for missing files: if they were cached for good, so would be the 404 that a page gets during a roll-out or
 * roll-back.
 */
const buildConsole = async (): Promise<void> => {
  const source = join(root, "functions/console");
  const outdir = await mkdtemp(join(dist, "console-"));
  await cp(join(source, "static"), outdir, { recursive: true });
  const built = await bundle({
    entryPoints: { main: join(source, "main.ts"), docs: join(root, "functions/reference/page/docs.css") },
    outdir: join(outdir, "assets"),
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "browser",
    target: ["es2023", "chrome120", "firefox121", "safari17"],
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    assetNames: "[name]-[hash]",
    loader: { ".svg": "file", ".woff2": "file" },
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    sourcemap: "linked",
  });
  const outputs = Object.keys(built);
  const page = await readFile(join(source, "index.html"), "utf8");
  const html = insertAssetNames(page, outputs).replace(/ *<link rel="preload"/, (font) => `${preloads(built)}${font}`);
  await writeFile(join(outdir, "index.html"), html);
  // Hosting serves this with status 404 for any unknown path; the console then says so itself.
  await writeFile(join(outdir, "404.html"), html);
  await writeDocs(outdir, `/assets/${assetOf(outputs, "docs", ".css")}`);
  // The new folder replaces the old one as a whole, so that an `npm start` that serves it sees one build or the other.
  await openFolder(outdir);
  await replaceFolder(outdir, join(dist, "console"), "index.html");
};

/** The name that a built file has with its hash. */
const assetOf = (outputs: readonly string[], name: string, extension: string): string | undefined =>
  outputs
    .map((path) => path.slice(path.lastIndexOf("/") + 1))
    .find((file) => file.startsWith(`${name}-`) && file.endsWith(extension));

/**
 * Links to the scripts that every visit needs, which the browser would otherwise know of one after the other: what the
 * first one imports, and `start.tsx`, which it loads, with what that imports. They come before the font, for which the
 * page need not wait.
 */
const preloads = (built: Metafile["outputs"]): string => {
  const paths = Object.keys(built);
  const main = paths.find((path) => /\/main-\w+\.js$/.test(path)) ?? "";
  const start = paths.find((path) => built[path]?.entryPoint?.endsWith("/start.tsx")) ?? "";
  const seen = new Set([start]);
  const visit = (path: string): void => {
    for (const { path: imported, kind } of built[path]?.imports ?? []) {
      if (kind !== "import-statement" || seen.has(imported)) continue;
      seen.add(imported);
      visit(imported);
    }
  };
  visit(main);
  visit(start);
  return [...seen].map((path) => `    <link rel="modulepreload" href="/assets/${basename(path)}">\n`).join("");
};

/** The part of the font with the letters of French and English, which every page needs. */
const FONT = "inter-latin-wght-normal";

/** Replaces `main.ts`, `main.css` and `inter.woff2` in the page with the names of the built files. */
const insertAssetNames = (page: string, outputs: readonly string[]): string => {
  const script = assetOf(outputs, "main", ".js");
  const style = assetOf(outputs, "main", ".css");
  const withStyle =
    style && !page.includes("main.css")
      ? page.replace("</head>", `  <link rel="stylesheet" href="/assets/${style}">\n  </head>`)
      : page;
  return withStyle
    .replace(/(["'])[^"']*main\.(ts|js)\1/, `"/assets/${script}"`)
    .replace(/(["'])[^"']*main\.css\1/, `"/assets/${style}"`)
    .replace("/inter.woff2", `/assets/${assetOf(outputs, FONT, ".woff2")}`);
};

await mkdir(dist, { recursive: true });
/** The targets that are no functions. */
const OTHERS: Readonly<Record<string, () => Promise<void>>> = {
  console: buildConsole,
  client: () => buildClient(join(dist, "client")),
  submission: buildSubmission,
};
const targets = positionals.length > 0 ? positionals : [...deployableFunctions(), ...Object.keys(OTHERS)];
const packages = await pinned();
for (const name of targets) await (OTHERS[name]?.() ?? buildFunction(name, packages));
