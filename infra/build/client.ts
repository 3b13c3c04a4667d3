// dist/client/: the npm package relais-client, as ES modules and as CommonJS, with its types.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Plugin } from "esbuild";
import { bundle } from "./bundle.ts";
import { clientDeclarations } from "./client-types.ts";
import { root } from "./repository.ts";
import { sealFolder } from "./seal-folder.ts";

const source = join(root, "functions/client");

const FORMATS = [
  { format: "esm", extension: ".js", types: ".d.ts" },
  { format: "cjs", extension: ".cjs", types: ".d.cts" },
] as const;

/** Both entry points must have the same classes of errors, so the second takes them from the first. */
const fromMain = (extension: string): Plugin => ({
  name: "from-main",
  setup: ({ onResolve }) =>
    onResolve({ filter: /^\.\/relais(-error)?\.ts$/ }, () => ({ path: `./index${extension}`, external: true })),
});

const manifestOf = ({ version, license }: { readonly version: string; readonly license: string }) => {
  const entry = (name: string) => ({
    import: { types: `./${name}.d.ts`, default: `./${name}.js` },
    require: { types: `./${name}.d.cts`, default: `./${name}.cjs` },
  });
  return {
    name: "relais-client",
    version,
    description: "The client of Relais, which sends mail from your own Gmail addresses, and its nodemailer transport.",
    keywords: ["gmail", "mail", "nodemailer", "nodemailer-transport", "oauth", "relais", "workspace"],
    license,
    type: "module",
    main: "./index.cjs",
    module: "./index.js",
    types: "./index.d.ts",
    exports: { ".": entry("index"), "./nodemailer": entry("nodemailer"), "./package.json": "./package.json" },
    files: ["index.*", "nodemailer.*"],
    sideEffects: false,
    // AbortSignal.any.
    engines: { node: ">=20.3.0" },
  };
};

/** Builds the package into a folder. */
export const buildClient = async (outdir: string): Promise<void> => {
  const { version, license } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  const declarations = await clientDeclarations();
  for (const { format, extension, types } of FORMATS) {
    const bundleEntry = (name: string, entry: string, plugins: Plugin[]) =>
      bundle({
        entryPoints: { [name]: join(source, entry) },
        outdir,
        outExtension: { ".js": extension },
        bundle: true,
        format,
        platform: "node",
        target: "node20",
        define: { RELAIS_CLIENT_VERSION: JSON.stringify(version) },
        plugins,
      });
    await bundleEntry("index", "main.ts", []);
    await bundleEntry("nodemailer", "nodemailer.ts", [fromMain(extension)]);
    await writeFile(join(outdir, `index${types}`), declarations.main);
    await writeFile(
      join(outdir, `nodemailer${types}`),
      declarations.nodemailer.replace("./index.js", `./index${extension}`),
    );
  }
  await writeFile(join(outdir, "package.json"), `${JSON.stringify(manifestOf({ version, license }), null, 2)}\n`);
  await cp(join(source, "README.md"), join(outdir, "README.md"));
  await cp(join(root, "LICENSE"), join(outdir, "LICENSE"));
  await sealFolder(outdir);
};
