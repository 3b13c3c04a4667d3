import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Randomness } from "../../domain/randomness.ts";
import type { SealingKey } from "./jwe-sealer.ts";

const KEY_BYTES = 32;

/**
 * The sealing key of the embedded store: `sealing-key.json` in the data directory, mode 0600, apart from what it seals, so that a copy of
 * the database alone gives no token. Made at first use; a lost one means that every account must be connected again.
 *
 * Throws when the file can be read by others than its owner, or holds no key: it is never replaced by itself.
 */
export const sealingKeyFile = async (random: Randomness, dataDir: string): Promise<SealingKey> => {
  const path = join(dataDir, "sealing-key.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return (await readKey(path)) ?? (await makeKey(random, path)) ?? (await readKey(path)) ?? lost(path);
};

const lost = (path: string): never => {
  throw new Error(`${path} went away while it was being read.`);
};

/** Undefined: no such file. */
const readKey = async (path: string): Promise<SealingKey | undefined> => {
  const file = await openIfThere(path);
  if (file === undefined) return undefined;
  try {
    const { mode } = await file.stat();
    if (process.platform !== "win32" && (mode & 0o077) !== 0) {
      throw new Error(`${path} can be read by other users. Make it yours alone: chmod 600 ${path}`);
    }
    return parseKey(path, await file.readFile("utf8"));
  } finally {
    await file.close();
  }
};

const openIfThere = async (path: string): Promise<FileHandle | undefined> => {
  try {
    return await open(path, constants.O_RDONLY);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
};

const parseKey = (path: string, text: string): SealingKey => {
  try {
    const { kid, key } = JSON.parse(text);
    const bytes = Buffer.from(String(key), "base64url");
    if (typeof kid === "string" && bytes.length === KEY_BYTES) return { kid, key: bytes };
  } catch {
    // Falls through to the one message: the parser's own would quote the key.
  }
  throw new Error(
    `${path} holds no sealing key. Put the right file back, or remove it and connect every account again.`,
  );
};

/** Undefined: another process made one meanwhile. */
const makeKey = async (random: Randomness, path: string): Promise<SealingKey | undefined> => {
  const made = { kid: random.token(6), key: random.token(KEY_BYTES) };
  // Written whole and synced under a name of its own, then linked: a crash leaves no half key under the real name, and link, unlike
  // rename, never replaces the key of a process that was faster.
  const draft = `${path}.${random.token(6)}`;
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(`${JSON.stringify(made)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    return { kid: made.kid, key: Buffer.from(made.key, "base64url") };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};
