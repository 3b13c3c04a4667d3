import { chmod, readdir, utimes } from "node:fs/promises";
import { join } from "node:path";

/** Any moment that a zip file can hold in every time zone (they begin with 1980, in local time). */
const BUILT_AT = new Date("2000-01-01T00:00:00Z");

/** Lets everybody read what is in the folder, whatever the umask of the build was. */
export const openFolder = async (folder: string): Promise<void> => {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true }))
    await chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644);
};

/** Gives all files the same modes and times, so that an archive of them shows neither umask nor clock. */
export const sealFolder = async (folder: string): Promise<void> => {
  await openFolder(folder);
  for (const entry of await readdir(folder, { recursive: true })) await utimes(join(folder, entry), BUILT_AT, BUILT_AT);
  await utimes(folder, BUILT_AT, BUILT_AT);
};
