import { readFileSync } from "node:fs";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { pump } from "../../adapters/sqlite/pump.ts";
import type { Build } from "../../domain/build.ts";
import { HOUR, SECOND } from "../../domain/clock.ts";
import { takeOver } from "../../domain/messages/due/take-over.ts";
import type { EnvironmentSettings } from "../../domain/settings/settings.ts";
import { compose, openEmbedded } from "../compose.ts";
import type { Config } from "../config.ts";
import { systemRandom } from "../randomness.ts";
import type { System } from "../system.ts";
import { systemClock } from "../system-clock.ts";
import { type LocalDocuments, localDocuments } from "./documents.ts";
import { type Hosting, hostingEdge } from "./edge.ts";
import { httpFunctions, subscribers } from "./functions.ts";
import { deliverTo } from "./queue.ts";
import { runTicks } from "./ticks.ts";

const ROOT = join(import.meta.dirname, "../../..");
/** Hosting's own limit, which does not follow the time scale because it is the platform's. */
const EDGE_LIMIT_MS = 60 * SECOND;
/** Many accounts send at once; each has a few more under way than it has places, so that the next one is ready. */
const DELIVERIES_AT_ONCE = 256;
const DELIVERIES_OF_AN_ACCOUNT = 16;
/** An erased body must leave every file within this real time; each run costs a disk sync, however time is scaled. */
const EMPTY_LOG_EVERY_MS = 2 * SECOND;
/** How long deliveries in progress may take once the process must stop. */
const GRACE_MS = 8 * SECOND;
/** How long recording the outcome of interrupted deliveries may take after that. */
const SETTLE_MS = SECOND;

/** All functions with store, queue and scheduler, ready to receive requests. */
export interface Stack {
  readonly listener: RequestListener;
  /** Starts to deliver the queue and to tick. */
  start(): void;
  /**
   * Starts nothing more, answers waiting callers, and lets deliveries in progress finish for a while. The store has the
   * rest.
   */
  stop(): Promise<void>;
  /**
   * After `stop`, once nobody calls any more: interrupts messages in progress, records that, and closes sessions and
   * store.
   */
  close(): Promise<void>;
}

const readHosting = (): Hosting => JSON.parse(readFileSync(join(ROOT, "firebase.json"), "utf8")).hosting;

type Embedded = Awaited<ReturnType<ReturnType<typeof openEmbedded>>>;

/** Only this process holds the data directory, so any lease left is from a killed process. */
const endLeases = async (system: System, store: Embedded): Promise<void> => {
  store.queue.releaseLeases();
  // Without it, they end automatically after some minutes.
  await takeOver(system).catch((error: unknown) => system.log.error("queue_failed", {}, error));
};

const runBackground = async (system: System, store: Embedded, signal: AbortSignal): Promise<unknown> => {
  await endLeases(system, store);
  const sweep = async (): Promise<void> => {
    store.eraseExpired(system.clock.nowMs());
    store.queue.sweep();
  };
  const chores = [
    { everyMs: HOUR, act: sweep },
    { everyMs: EMPTY_LOG_EVERY_MS * system.config.timeScale, act: async () => store.emptyLog() },
  ];
  const onError = (error: unknown): void => system.log.error("queue_failed", {}, error);
  const places = { concurrency: DELIVERIES_AT_ONCE, lanePlaces: DELIVERIES_OF_AN_ACCOUNT };
  const options = { ...places, clock: system.clock, signal, onError };
  return Promise.all([
    pump(store.queue, deliverTo(subscribers(system), system), options),
    runTicks(system, chores, signal),
  ]);
};

/** The emulator of Firestore calls the function on the port of everything else. */
const besideDocuments =
  (documents: LocalDocuments, hosting: RequestListener): RequestListener =>
  (req, res) =>
    documents.isEvent(req) ? documents.listener(req, res) : hosting(req, res);

export interface StackOptions {
  readonly build: Build;
  readonly smtpDoor?: EnvironmentSettings["smtpDoor"];
  readonly sandbox?: EnvironmentSettings["sandbox"];
}

export const openStack = async (config: Config, { build, ...local }: StackOptions): Promise<Stack> => {
  const open = openEmbedded({ config, clock: systemClock(config.timeScale), random: systemRandom });
  const system = compose(config, { component: "local", build, embedded: open, deliversAlone: true, ...local });
  const store = await open();
  const stopping = new AbortController();
  const documents = config.documents === null ? null : localDocuments(system);
  const hosting = hostingEdge({
    hosting: readHosting(),
    cwd: ROOT,
    functions: httpFunctions(system, stopping.signal),
    limitMs: EDGE_LIMIT_MS,
    publicUrl: config.publicUrl,
  });
  let background: Promise<unknown> = Promise.resolve();
  return {
    listener: documents === null ? hosting : besideDocuments(documents, hosting),
    start: () => {
      background = runBackground(system, store, stopping.signal);
      void documents?.watch();
    },
    stop: async () => {
      stopping.abort();
      // A tick that waits for room may wait for most of a minute; the next start resumes what is interrupted, as after
      // a kill.
      await Promise.race([background, system.clock.sleep(GRACE_MS)]);
    },
    close: async () => {
      const closed = Promise.all(Object.values(system.transports).map((transport) => transport.close()));
      await Promise.race([Promise.all([closed, background]), system.clock.sleep(SETTLE_MS)]);
      store.close();
    },
  };
};
