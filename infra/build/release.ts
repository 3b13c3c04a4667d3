// `npm run release` puts what a release consists of into dist/release/: an archive of each folder that `npm run build`
// makes, the package of the client, the list of all packages inside (SBOM), and SHA256SUMS of everything. `--from DIR`
// takes the folders from elsewhere, and `--out DIR` writes elsewhere.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Zippable, zipSync } from "fflate";
import { cutLockFile, type LockFile } from "./lock-file.ts";
import { deployableFunctions, root } from "./repository.ts";

const { values } = parseArgs({ options: { from: { type: "string" }, out: { type: "string" } } });
const from = resolve(values.from ?? join(root, "dist"));
const out = resolve(values.out ?? join(root, "dist/release"));
const own = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
const { name, version } = own;

/** A zip file holds local time, so this is local midnight wherever the archive is made. */
const BUILT_AT = new Date(2000, 0, 1);
/** A regular file of Unix that everybody may read, in the upper half of a zip's attributes. */
const UNIX = 3;
const READABLE = 0o100644 << 16;

/** The compression is fflate's own, so an archive depends on its files alone, not on a machine's zlib. */
const zipOf = async (folder: string): Promise<Uint8Array> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files: Zippable = {};
  for (const path of paths.toSorted()) files[path.slice(folder.length + 1)] = await readFile(path);
  return zipSync(files, { mtime: BUILT_AT, os: UNIX, attrs: READABLE });
};

const npm = (args: readonly string[], cwd = root): string => {
  const options = { cwd, encoding: "utf8", maxBuffer: 64 << 20, shell: process.platform === "win32" } as const;
  const ran = spawnSync("npm", args, options);
  if (ran.status !== 0) throw new Error(`npm ${args[0]} failed: ${ran.stderr}`);
  return ran.stdout;
};

/**
 * CycloneDX of the packages that bundles are made of, and that functions install, without what differs each time.
 * `npm sbom --omit=dev` leaves out each package that a tool needs as well (zod, for one), so npm is shown a lock file
 * without the tools. It takes the component's name from the folder.
 */
const billOfMaterials = async (): Promise<string> => {
  const temporary = await mkdtemp(join(tmpdir(), "relais-sbom-"));
  const folder = join(temporary, name);
  const lock: LockFile = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const { license, description, engines, dependencies } = own;
  const manifest = { name, version, license, description, engines, dependencies };
  try {
    await mkdir(folder);
    await writeFile(join(folder, "package.json"), JSON.stringify(manifest));
    await writeFile(join(folder, "package-lock.json"), JSON.stringify(cutLockFile(lock, manifest)));
    const bill = JSON.parse(npm(["sbom", "--package-lock-only", "--sbom-format=cyclonedx"], folder));
    const { serialNumber: _serial, ...facts } = bill;
    const { timestamp: _timestamp, ...metadata } = bill.metadata;
    return `${JSON.stringify({ ...facts, metadata }, null, 2)}\n`;
  } finally {
    await rm(temporary, { recursive: true });
  }
};

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const folder of [...deployableFunctions(), "console", "submission"])
  await writeFile(join(out, `${name}-${version}-${folder}.zip`), await zipOf(join(from, folder)));
npm(["pack", join(from, "client"), "--pack-destination", out, "--ignore-scripts", "--silent"]);
await writeFile(join(out, `${name}-${version}.cdx.json`), await billOfMaterials());

const sums: string[] = [];
for (const file of (await readdir(out)).toSorted()) {
  await chmod(join(out, file), 0o644);
  const sum = createHash("sha256").update(await readFile(join(out, file)));
  sums.push(`${sum.digest("hex")}  ${file}\n`);
}
await writeFile(join(out, "SHA256SUMS"), sums.join(""));
