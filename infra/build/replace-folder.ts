import { readdir, readFile, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";

const filesIn = async (folder: string): Promise<readonly string[]> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(folder.length))
    .sort();
};

const holdTheSame = async (one: string, other: string): Promise<boolean> => {
  const files = await filesIn(one);
  if (files.join("\n") !== (await filesIn(other)).join("\n")) return false;
  for (const file of files)
    if (!(await readFile(join(one, file))).equals(await readFile(join(other, file)))) return false;
  return true;
};

/**
 * Puts the built folder in the target's place, as a whole. A target that holds the same stays, since a program that
 * serves it would have no files for a moment; only its first page says that it is new. Retries, because another build
 * may put its own folder there, or remove the one that is compared.
 */
export const replaceFolder = async (built: string, target: string, page: string): Promise<void> => {
  const old = `${built}-old`;
  for (let tries = 1; ; tries += 1) {
    try {
      if (await holdTheSame(built, target)) {
        const now = new Date();
        await utimes(join(target, page), now, now);
        await rm(built, { recursive: true });
      } else {
        // Two renames take microseconds; to remove the files in between would take far longer.
        await rename(target, old).catch(() => undefined);
        await rename(built, target);
      }
      break;
    } catch (error) {
      if (tries === 10) throw error;
      await rm(old, { recursive: true, force: true, maxRetries: 3 });
    }
  }
  await rm(old, { recursive: true, force: true, maxRetries: 3 });
};
