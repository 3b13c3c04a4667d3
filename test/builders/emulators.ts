import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import {
  findFirestoreEmulator,
  findInSdk,
  startFirestoreEmulator,
} from "../../functions/runtime/local/firestore-emulator.ts";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { type QueryWatch, watchQueries } from "./query-watch.ts";
import { startTriggerRelay, type TriggerRelay } from "./trigger-relay.ts";

/** Google's own emulators of Firestore and Pub/Sub, running. */
export interface Emulators {
  /**
   * `host:port` for `FIRESTORE_EMULATOR_HOST`, behind a proxy that records queries missing from the table
   * (`query-watch.ts`).
   */
  readonly firestoreHost: string;
  /** The emulator itself, for a test that makes such a query on purpose. */
  readonly unwatchedFirestoreHost: string;
  /** `host:port` for `PUBSUB_EMULATOR_HOST`. */
  readonly pubsubHost: string;
  stop(): Promise<void>;
}

/** Emulators that this process has started, and the queries that they saw. */
export interface StartedEmulators extends Emulators {
  readonly queries: Pick<QueryWatch, "known" | "unknownQueries">;
  /** For processes that must use these emulators through `useEmulators`. */
  readonly environment: Readonly<Record<string, string>>;
}

const HOSTS = [
  "RELAIS_TEST_FIRESTORE_HOST",
  "RELAIS_TEST_UNWATCHED_FIRESTORE_HOST",
  "RELAIS_TEST_PUBSUB_HOST",
] as const;

/** The suite's pair of emulators, if `npm test` started one. */
const runningEmulators = (): Emulators | null => {
  const [firestoreHost, unwatchedFirestoreHost, pubsubHost] = HOSTS.map((name) => process.env[name]);
  if (!firestoreHost || !unwatchedFirestoreHost || !pubsubHost) return null;
  return { firestoreHost, unwatchedFirestoreHost, pubsubHost, stop: async () => undefined };
};

/**
 * The suite's pair of emulators if `npm test` started one, or else a pair of this file's own. `stop` ends the latter
 * and throws if a query ran that is not in the table. They start slowly (8 s and 6 s), so tests are separated by
 * project ids.
 */
export const useEmulators = async (): Promise<Emulators> => {
  const running = runningEmulators();
  if (running !== null) return running;
  const started = await startEmulators();
  return {
    ...started,
    stop: async () => {
      await started.stop();
      const unknownQueries = started.queries.unknownQueries();
      if (unknownQueries.length > 0)
        throw new Error(`not in functions/domain/queries.ts: ${unknownQueries.join("; ")}`);
    },
  };
};

/** A new project id on the emulators, which accept any. */
export const testProject = (): string => `relais-${randomBytes(5).toString("hex")}`;

/**
 * Why there are no emulators, or false. Without gcloud, their tests are skipped with a warning; in CI they must run.
 */
export const emulatorsMissing = (): string | false => {
  if (runningEmulators() !== null) return false;
  if (findFirestoreEmulator() !== null && findPubSubEmulator() !== null) return false;
  const reason = "gcloud with its Firestore and Pub/Sub emulators is not installed";
  if (process.env.CI === "true") throw new Error(reason);
  console.warn(`SKIPPED: ${reason}; the Google adapters were not tested`);
  return reason;
};

export const startEmulators = async (): Promise<StartedEmulators> => {
  const running: ChildProcess[] = [];
  let watch: QueryWatch | undefined;
  let relay: TriggerRelay | undefined;
  const stop = async () => void (await Promise.all([watch?.close(), relay?.close(), ...running.map(stopGroup)]));
  // A process that exits without `stop` must not leave two Java processes behind.
  process.once("exit", () => {
    for (const child of running) signalGroup(child, "SIGKILL");
  });
  try {
    relay = await startTriggerRelay();
    const [unwatchedFirestoreHost, pubsubHost] = await Promise.all([
      startFirestore(running, relay.host),
      startPubSub(running),
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

/** The emulators say something of most requests, which would take a tenth of their time, and more of its reader's. */
const QUIET = fileURLToPath(new URL("./quiet-emulators.properties", import.meta.url));
/**
 * A suite is too short for the second compiler of Java to be worth its work: with both, an emulator takes twice the
 * processor time.
 */
const JAVA = `-XX:TieredStopAtLevel=1 -XX:+UseSerialGC "-Djava.util.logging.config.file=${QUIET}"`;
/** Room for classes and for what tests write, which is soon garbage: with less, Java collects it all the time. */
const JAVA_OF_FIRESTORE = `${JAVA} -Xms1g -Xmn512m -XX:MetaspaceSize=128m`;

/** About 8 s on an idle machine. */
const UP_WITHIN_MS = 180_000;

const startFirestore = async (running: ChildProcess[], functions: string): Promise<string> => {
  const program = findFirestoreEmulator();
  if (program === null) throw new Error("gcloud components install cloud-firestore-emulator");
  const environment = { ...process.env, JDK_JAVA_OPTIONS: JAVA_OF_FIRESTORE };
  const { host, child } = await startFirestoreEmulator({ program, port: await freePort(), functions, environment });
  running.push(child);
  // On a busy machine, its first answer takes longer than a request of Relais waits.
  await fetch(`http://${host}/v1/projects/relais-first/databases/(default)/documents/settings/settings`);
  return host;
};

const findPubSubEmulator = (): string | null => findInSdk("platform/pubsub-emulator/bin/cloud-pubsub-emulator");

/** By its own program, since gcloud wraps it in another, which takes more time to pass on what it says than it runs. */
const startPubSub = async (running: ChildProcess[]): Promise<string> => {
  const program = findPubSubEmulator();
  if (program === null) throw new Error("gcloud components install pubsub-emulator");
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  // A process group, as of the other emulator, so that both end in the same way.
  const child = spawn(program, ["--host=127.0.0.1", `--port=${port}`], {
    detached: true,
    env: { ...process.env, JDK_JAVA_OPTIONS: JAVA },
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
  throw new Error(`the emulator of Pub/Sub did not start: ${said}`);
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
    // It has already ended.
  }
};

/** Sends what Ctrl-C does, since a shell waits for its Java child, and kills what has not ended after 5 s. */
const stopGroup = async (child: ChildProcess): Promise<void> => {
  const ended = child.exitCode === null && child.signalCode === null ? once(child, "exit") : Promise.resolve();
  signalGroup(child, "SIGINT");
  await Promise.race([ended, delay(5_000, undefined, { ref: false })]);
  signalGroup(child, "SIGKILL");
  await ended;
};
