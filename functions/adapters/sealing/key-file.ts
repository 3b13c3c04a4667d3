import { constants } from "node:fs";
import { type FileHandle, link, mkdir, open, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Randomness } from "../../domain/randomness.ts";
import type { SealingKey } from "./jwe-sealer.ts";

const KEY_BYTES = 32;

/**
 * The sealing key of the embedded store: `sealing-key.json` in the data directory, mode 0600, apart from the database,
 * so that a copy of the database alone reveals no token. It is made at first use; if it is lost, every account must be
 * connected again.
 *
 * Throws if other users can read the file, or if it holds no key: it is never replaced automatically.
 */
export const sealingKeyFile = async (random: Randomness, dataDir: string): Promise<SealingKey> => {
  const path = join(dataDir, "sealing-key.json");
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  return (await readKey(path)) ?? (await makeKey(random, path)) ?? (await readKey(path)) ?? failVanished(path);
};

const failVanished = (path: string): never => {
  throw new Error(`${path} disappeared while it was being read.`);
};

/** Undefined if there is no such file. */
const readKey = async (path: string): Promise<SealingKey | undefined> => {
  const file = await openIfExists(path);
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

const openIfExists = async (path: string): Promise<FileHandle | undefined> => {
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
    // Falls through to the common message: the parser's own would quote the key.
  }
  throw new Error(
    `${path} holds no sealing key. Put the right file back, or remove it and connect every account again.`,
  );
};

/** Undefined if another process has made one in the meantime. */
const makeKey = async (random: Randomness, path: string): Promise<SealingKey | undefined> => {
  const newKey = { kid: random.token(6), key: random.token(KEY_BYTES) };
  // The key is written and synced under a temporary name, then linked: a crash leaves no half-written key under the
  // real name, and unlike rename, link never replaces the key of a faster process.
  const draft = `${path}.${random.token(6)}`;
  const file = await open(draft, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    await file.writeFile(`${JSON.stringify(newKey)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(draft, path);
    return { kid: newKey.kid, key: Buffer.from(newKey.key, "base64url") };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST") return undefined;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
};
