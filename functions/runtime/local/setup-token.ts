import { constants } from "node:fs";
import { mkdir, open, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Randomness } from "../../domain/randomness.ts";
import { Secret } from "../../domain/secret.ts";

const isCode = (error: unknown, code: string): boolean =>
  error instanceof Error && "code" in error && error.code === code;

const readToken = async (path: string): Promise<Secret | null> => {
  try {
    const text = (await readFile(path, "utf8")).trim();
    return text === "" ? null : new Secret(text);
  } catch (error) {
    if (isCode(error, "ENOENT")) return null;
    throw error;
  }
};

/**
 * The setup token of `npm start`: made at the first start, stored in the data directory (mode 0600), and then reused.
 */
export const ensureSetupToken = async (random: Randomness, dataDir: string): Promise<Secret> => {
  const path = join(dataDir, "setup-token");
  const existing = await readToken(path);
  if (existing !== null) return existing;
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const newToken = random.token(24);
  // Overwrites an empty file left by a crash; only one process holds the directory (`lock.ts`).
  const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC, 0o600);
  try {
    await file.writeFile(`${newToken}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  return new Secret(newToken);
};
