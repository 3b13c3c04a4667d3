import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { type QueryWatch, watchQueries } from "./query-watch.ts";

/** Google's own emulators of Firestore and Pub/Sub, under way. */
export interface Emulators {
  /** `host:port`, for `FIRESTORE_EMULATOR_HOST`; behind what notes each query that the table does not hold (`query-watch.ts`). */
  readonly firestoreHost: string;
  /** The emulator itself, for a test that plants such a query. */
  readonly unwatchedFirestoreHost: string;
  /** `host:port`, for `PUBSUB_EMULATOR_HOST`. */
  readonly pubsubHost: string;
  stop(): Promise<void>;
}

/** Emulators of one's own, and what was seen of their use. */
export interface StartedEmulators extends Emulators {
  readonly queries: Pick<QueryWatch, "known" | "strangers">;
  /** For processes that are to use these through `useEmulators`. */
  readonly environment: Readonly<Record<string, string>>;
}

const HOSTS = [
  "RELAIS_TEST_FIRESTORE_HOST",
  "RELAIS_TEST_UNWATCHED_FIRESTORE_HOST",
  "RELAIS_TEST_PUBSUB_HOST",
] as const;

/**
 * The pair of the whole suite where `npm test` started one; else a pair of this file's own, stopped by `stop`, which throws where a query ran that the table does not hold.
 * They start slowly (8 s and 6 s): tests keep apart by a project id each, not by emulators.
 */
export const useEmulators = async (): Promise<Emulators> => {
  const [firestoreHost, unwatchedFirestoreHost, pubsubHost] = HOSTS.map((name) => process.env[name]);
  if (firestoreHost && unwatchedFirestoreHost && pubsubHost)
    return { firestoreHost, unwatchedFirestoreHost, pubsubHost, stop: async () => undefined };
  const started = await startEmulators();
  return {
    ...started,
    stop: async () => {
      await started.stop();
      const strangers = started.queries.strangers();
      if (strangers.length > 0) throw new Error(`not in functions/domain/queries.ts: ${strangers.join("; ")}`);
    },
  };
};

/** A project of one's own on the emulators, which take any. */
export const testProject = (): string => `relais-${randomBytes(5).toString("hex")}`;

/** Why there are no emulators here, or false. Without gcloud their tests are skipped, and say so; in CI they must run. */
export const emulatorsMissing = (): string | false => {
  if (spawnSync("gcloud", ["--version"], { stdio: "ignore" }).status === 0) return false;
  const reason = "gcloud with its Firestore and Pub/Sub emulators is not installed";
  if (process.env.CI === "true") throw new Error(reason);
  console.warn(`SKIPPED: ${reason}; the Google adapters were not tested`);
  return reason;
};

export const startEmulators = async (): Promise<StartedEmulators> => {
  const running: ChildProcess[] = [];
  let watch: QueryWatch | undefined;
  const stop = async () => void (await Promise.all([watch?.close(), ...running.map(stopGroup)]));
  // What ends this process without `stop` must not leave two Java machines behind.
  process.once("exit", () => {
    for (const child of running) signalGroup(child, "SIGKILL");
  });
  try {
    const [unwatchedFirestoreHost, pubsubHost] = await Promise.all([
      startOne(running, ["emulators", "firestore"]),
      startOne(running, ["beta", "emulators", "pubsub"]),
    ]);
    watch = await watchQueries(unwatchedFirestoreHost);
    const hosts = [watch.host, unwatchedFirestoreHost, pubsubHost];
    const environment = Object.fromEntries(HOSTS.map((name, at) => [name, hosts[at] ?? ""]));
    return { firestoreHost: watch.host, unwatchedFirestoreHost, pubsubHost, queries: watch, environment, stop };
  } catch (error) {
    await stop();
    throw error;
  }
};

/** Some 8 s where the machine has nothing else to do. */
const UP_WITHIN_MS = 180_000;

const startOne = async (running: ChildProcess[], command: readonly string[]): Promise<string> => {
  const host = `127.0.0.1:${await freePort()}`;
  // gcloud is a wrapper around Java: a process group of its own lets both be ended together.
  const child = spawn("gcloud", [...command, "start", `--host-port=${host}`, "--quiet"], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.push(child);
  let said = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part) => (said = `${said}${part}`.slice(-4_000)));
  for (let waitedMs = 0; waitedMs < UP_WITHIN_MS && child.exitCode === null; waitedMs += 100) {
    if (await answers(host)) return host;
    await delay(100);
  }
  throw new Error(`gcloud ${command.join(" ")} did not come up: ${said}`);
};

const answers = (host: string): Promise<boolean> =>
  fetch(`http://${host}/`).then(
    () => true,
    () => false,
  );

const signalGroup = ({ pid }: ChildProcess, signal: "SIGINT" | "SIGKILL"): void => {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // Gone already.
  }
};

/** As Ctrl-C does: gcloud waits for its Java child. What has not ended after 5 s is killed. */
const stopGroup = async (child: ChildProcess): Promise<void> => {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
  signalGroup(child, "SIGINT");
  await Promise.race([ended, delay(5_000, undefined, { ref: false })]);
  signalGroup(child, "SIGKILL");
  await ended;
};
