import { SECOND } from "../../functions/domain/clock.ts";
import { Process, type Surroundings } from "./process.ts";

/** What became of a request: its answer or error, a broken connection, or nothing at all. */
export type Answer<R> =
  | { readonly kind: "answered"; readonly value: R }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "lost" | "silent" };

export interface Scale {
  readonly instances: number;
  /** Requests that one instance handles at once. */
  readonly concurrency: number;
  /** The platform gives up on a request after this; the instance goes on with it. */
  readonly timeoutMs: number;
}

/** How soon the platform looks again for an instance that is free. */
const LOOK_AGAIN_MS = 10 * SECOND;

interface Instance<H> {
  readonly process: Process;
  readonly handler: H;
  busy: number;
}

/** The instances of one function. One that has died is replaced by a new one, which remembers nothing. */
export class Fleet<H> {
  readonly #around: Surroundings;
  readonly #scale: Scale;
  readonly #build: (process: Process) => H;
  readonly #instances: (Instance<H> | undefined)[] = [];
  readonly #waiting: (() => void)[] = [];

  constructor(around: Surroundings, scale: Scale, build: (process: Process) => H) {
    this.#around = around;
    this.#scale = scale;
    this.#build = build;
  }

  #start(at: number): Instance<H> {
    const process = new Process(this.#around);
    const instance = { process, handler: this.#build(process), busy: 0 };
    this.#instances[at] = instance;
    return instance;
  }

  /** An instance with a place, beginning the search at any of them; undefined if all are busy. */
  #free(): Instance<H> | undefined {
    const { instances, concurrency } = this.#scale;
    const from = this.#around.chance.below(instances);
    for (let step = 0; step < instances; step += 1) {
      const at = (from + step) % instances;
      const found = this.#instances[at];
      const instance = found?.process.lives ? found : this.#start(at);
      if (instance.busy < concurrency && !instance.process.isFrozen) return instance;
    }
    return undefined;
  }

  /** Has an instance do some work. Never rejects. */
  async ask<R>(work: (handler: H, process: Process) => Promise<R>): Promise<Answer<R>> {
    for (;;) {
      const instance = this.#free();
      if (instance !== undefined) return this.#run(instance, work);
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        // All may be frozen, so that none of them ends a request.
        this.#around.timeline.after(LOOK_AGAIN_MS, resolve);
      });
    }
  }

  #run<R>(instance: Instance<H>, work: (handler: H, process: Process) => Promise<R>): Promise<Answer<R>> {
    const { timeline, chance } = this.#around;
    const { process, handler } = instance;
    return new Promise((resolve) => {
      let open = true;
      const end = (answer: Answer<R>): void => {
        if (!open) return;
        open = false;
        stopWatching();
        patience.off = true;
        instance.busy -= 1;
        this.#waiting.shift()?.();
        resolve(answer);
      };
      const stopWatching = process.whenDead(() => end({ kind: chance.happens(0.75) ? "lost" : "silent" }));
      instance.busy += 1;
      const patience = timeline.after(this.#scale.timeoutMs, () => end({ kind: "lost" }));
      work(handler, process).then(
        (value) => end({ kind: "answered", value }),
        (error: unknown) => end({ kind: "threw", error }),
      );
    });
  }

  /** Every instance dies, as at a roll-out. */
  restart(): void {
    // An instance that has never been asked is not there.
    for (const instance of this.#instances) instance?.process.die();
  }
}
