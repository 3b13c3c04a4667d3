import { join } from "node:path";
import type { TopicMessage } from "../../../functions/domain/publisher.ts";
import { compose, openEmbedded } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import type { GoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { type Events, type Platform, TIME_SCALE, type Workers } from "./platform.ts";
import type { Worker } from "./worker.ts";

type Queue = Awaited<ReturnType<ReturnType<typeof openEmbedded>>>["queue"];

/** Stands for the pump of `npm start`: it is run by hand, and delivers everything twice. */
class QueueEvents implements Events {
  readonly #queue: Queue;
  #pushes = 0;

  constructor(queue: Queue) {
    this.#queue = queue;
  }

  async #twice(
    worker: Worker,
    { data, attributes }: Pick<TopicMessage, "data" | "attributes">,
    deliveryAttempt = 1,
  ): Promise<boolean> {
    this.#pushes += 1;
    const push = { data, attributes, messageId: String(this.#pushes), deliveryAttempt };
    const answers = await Promise.all([worker.push(push), worker.push(push)]);
    return answers.every((acknowledged) => acknowledged);
  }

  first(worker: Worker, id: string): Promise<boolean> {
    return this.again(worker, id);
  }

  again(worker: Worker, id: string): Promise<boolean> {
    return this.#twice(worker, { data: { id }, attributes: { relais: "deliver" } });
  }

  tick(worker: Worker): Promise<boolean> {
    return this.#twice(worker, { data: { tick: true }, attributes: { relais: "tick" } });
  }

  async flow(workers: Workers): Promise<void> {
    const queue = this.#queue;
    for (let batch = await queue.claim(16, 60_000); batch.length > 0; batch = await queue.claim(16, 60_000)) {
      const pushed = batch.map(async ({ id, topic, message, attempt }) => {
        const worker = topic === "mail-send" ? workers.deliver : workers.dispatch;
        if (await this.#twice(worker, message, attempt)) await queue.done(id);
        else await queue.retry(id, 50);
      });
      await Promise.all(pushed);
    }
  }

  stop(): void {}

  /** The test itself delivers here, and what it waits for is in its stack. */
  get lately(): string {
    return "";
  }
}

/** SQLite, with its queue in place of Pub/Sub. */
export const embeddedPlatform = async (sandbox: GoogleSandbox, directory: string): Promise<Platform> => {
  const environment = {
    ...sandbox.environment,
    RELAIS_DATA_DIR: join(directory, "data"),
    RELAIS_TIME_SCALE: TIME_SCALE,
  };
  const config = loadConfig(environment);
  const open = openEmbedded({ config, clock: systemClock(config.timeScale), random: systemRandom });
  const store = await open();
  return {
    system: compose(config, { component: "crash", embedded: open, write: () => undefined }),
    environment,
    ports: {},
    unwatchedHost: null,
    events: new QueueEvents(store.queue),
    close: async () => store.close(),
  };
};
