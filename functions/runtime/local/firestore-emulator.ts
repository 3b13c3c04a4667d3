import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export interface Trigger {
  readonly projectId: string;
  /** Its name: the emulator posts to `/functions/projects/<project>/triggers/<name>`. */
  readonly trigger: string;
  readonly database: string;
  readonly collection: string;
}

const WRITTEN = "google.cloud.firestore.document.v1.written";

/** Has the emulator call the functions' host for every document that is written in the collection. */
export const registerTrigger = async (
  emulator: string,
  { projectId, trigger, database, collection }: Trigger,
): Promise<void> => {
  const url = `http://${emulator}/emulator/v1/projects/${projectId}/eventarcTrigger?eventarcTriggerId=${trigger}`;
  const document = { value: `${collection}/{document}`, matchType: "PATH_PATTERN" };
  const body = JSON.stringify({ eventType: WRITTEN, database, document });
  const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  if (!answer.ok) throw new Error(`the emulator took no trigger: ${answer.status} ${await answer.text()}`);
};

/** Where most installations have the Google Cloud SDK: around the folder of gcloud, once links are followed. */
const sdkAroundGcloud = (): string | null => {
  const folders = (process.env.PATH ?? "").split(delimiter);
  const gcloud = folders.map((folder) => join(folder, "gcloud")).find((path) => existsSync(path));
  return gcloud === undefined ? null : dirname(dirname(realpathSync(gcloud)));
};

/** Asks gcloud, which takes a second. */
const sdkAsGcloudSays = (): string | null => {
  const asked = spawnSync("gcloud", ["info", "--format=value(installation.sdk_root)"], { encoding: "utf8" });
  return asked.status === 0 ? asked.stdout.trim() : null;
};

/** A program of the Google Cloud SDK by its path in there; null if it, or the SDK, is not installed. */
export const findInSdk = (path: string): string | null => {
  for (const find of [sdkAroundGcloud, sdkAsGcloudSays]) {
    const sdk = find();
    if (sdk !== null && existsSync(join(sdk, path))) return join(sdk, path);
  }
  return null;
};

export const findFirestoreEmulator = (): string | null =>
  findInSdk("platform/cloud-firestore-emulator/cloud_firestore_emulator");

export interface EmulatorOptions {
  /** From `findFirestoreEmulator`. */
  readonly program: string;
  readonly port: number;
  /** `host:port` that triggers are posted to. */
  readonly functions: string;
  /** Instead of this process's own. */
  readonly environment?: NodeJS.ProcessEnv;
}

export interface RunningEmulator {
  readonly host: string;
  readonly child: ChildProcess;
}

/** About 8 s on an idle machine. */
const UP_WITHIN_MS = 180_000;

const answers = (host: string): Promise<boolean> =>
  fetch(`http://${host}/`).then(
    () => true,
    () => false,
  );

/** Ends the emulator: the program is a shell that waits for Java, so its whole group is ended. */
export const stopEmulator = ({ pid }: Pick<ChildProcess, "pid">, signal: "SIGINT" | "SIGKILL" = "SIGKILL"): void => {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // It has already ended.
  }
};

/**
 * Starts the emulator, since gcloud itself passes it no address for triggers. It keeps documents in memory. Throws with
 * its output if it does not start.
 */
export const startFirestoreEmulator = async ({
  program,
  port,
  functions,
  environment = process.env,
}: EmulatorOptions): Promise<RunningEmulator> => {
  const host = `127.0.0.1:${port}`;
  const args = ["start", "--host=127.0.0.1", `--port=${port}`, `--functions_emulator=${functions}`];
  const child = spawn(program, args, { detached: true, env: environment, stdio: ["ignore", "pipe", "pipe"] });
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => {
      said = `${said}${part}`.slice(-4_000);
    });
  child.on("error", (error) => {
    said += String(error);
  });
  for (let waitedMs = 0; waitedMs < UP_WITHIN_MS && child.exitCode === null; waitedMs += 100) {
    if (await answers(host)) return { host, child };
    await delay(100);
  }
  stopEmulator(child);
  throw new Error(`the emulator of Firestore did not start: ${said}`);
};
