import { type Clock, distinctInstants } from "../../functions/domain/clock.ts";

/** Something that happens at an instant of virtual time. */
interface Happening {
  readonly atMs: number;
  /** Ties are broken by the order in which they were planned. */
  readonly serial: number;
  readonly happen: () => void;
  /** It will not happen. */
  off: boolean;
}

/** Something that was planned, and may be called off. */
export type Planned = Pick<Happening, "off">;

const isBefore = (a: Happening, b: Happening): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.serial < b.serial);

/** After so many happenings the real event loop gets a turn, for signals and for other tests of the process. */
const TURN_EVERY = 5_000;

/**
 * Virtual time: a heap of happenings, of which each runs to its end, with everything that awaited it, before the next
 * one. Nothing waits in real time, and the order depends on nothing but what was planned.
 */
export class Timeline {
  readonly #heap: Happening[] = [];
  #nowMs: number;
  #serial = 0;
  #happened = 0;
  #digest = 0;

  constructor(startMs: number) {
    this.#nowMs = startMs;
  }

  /** Now, with fractions of a millisecond. */
  get nowMs(): number {
    return this.#nowMs;
  }

  get happened(): number {
    return this.#happened;
  }

  /** Two runs with the same digest did the same things at the same times. */
  get digest(): string {
    return (this.#digest >>> 0).toString(16).padStart(8, "0");
  }

  after(ms: number, happen: () => void): Planned {
    return this.at(this.#nowMs + ms, happen);
  }

  at(atMs: number, happen: () => void): Planned {
    this.#serial += 1;
    const planned: Happening = { atMs: Math.max(atMs, this.#nowMs), serial: this.#serial, happen, off: false };
    const heap = this.#heap;
    let place = heap.push(planned) - 1;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = heap[above];
      if (parent === undefined || !isBefore(planned, parent)) break;
      heap[place] = parent;
      place = above;
    }
    heap[place] = planned;
    return planned;
  }

  /** Repeats until the end of the run. `nextMs` is asked before each time how long to wait. */
  repeat(nextMs: () => number, happen: () => void): void {
    this.after(nextMs(), () => {
      happen();
      this.repeat(nextMs, happen);
    });
  }

  /** Lets time pass. Rejects with what a happening throws, or with what `fail` was given. */
  run(untilMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const step = () => {
        if (this.#failure !== null) return reject(this.#failure);
        const next = this.#first();
        if (next === undefined || next.atMs > untilMs) {
          this.#nowMs = untilMs;
          return resolve();
        }
        this.#takeFirst();
        this.#nowMs = next.atMs;
        this.#happened += 1;
        this.#digest = (Math.imul(this.#digest, 31) + Math.floor(next.atMs * 16) + next.serial) | 0;
        try {
          next.happen();
        } catch (error) {
          return reject(error);
        }
        void done.then(goOn);
      };
      // `queueMicrotask` would make an async resource each time.
      const done = Promise.resolve();
      // A tick that is planned by a microtask runs when no microtask is left: whatever awaited the happening has run.
      const goOn = (): void => {
        if (this.#happened % TURN_EVERY === 0) setTurn(step);
        else process.nextTick(step);
      };
      step();
    });
  }

  #failure: Error | null = null;

  /** Ends the run. */
  fail(failure: Error): void {
    this.#failure ??= failure;
  }

  /** The next happening that was not called off. */
  #first(): Happening | undefined {
    for (let first = this.#heap[0]; first?.off === true; first = this.#heap[0]) this.#takeFirst();
    return this.#heap[0];
  }

  #takeFirst(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let place = 0;
    for (;;) {
      let below = 2 * place + 1;
      const left = heap[below];
      const right = heap[below + 1];
      if (left === undefined) break;
      let child = left;
      if (right !== undefined && isBefore(right, left)) {
        child = right;
        below += 1;
      }
      if (!isBefore(child, last)) break;
      heap[place] = child;
      place = below;
    }
    heap[place] = last;
  }
}

/** Kept from before `forbidRealTime`. */
const setTurn = setImmediate;

/**
 * The clock that simulated processes are given. `goOn` decides when, and whether, a process that has slept goes on.
 */
export const virtualClock = (timeline: Timeline, goOn: (then: () => void) => void): Clock => {
  const nowMs = (): number => Math.floor(timeline.nowMs);
  return {
    nowMs,
    nextMs: distinctInstants(nowMs),
    lasting: (nominalMs) => Math.ceil(nominalMs),
    sleep: (realMs, signal) =>
      new Promise((resolve) => {
        if (signal?.aborted) return resolve();
        signal?.addEventListener("abort", () => resolve(), { once: true });
        // `nowMs` loses fractions; a sleep must not seem to be over early.
        timeline.after(Math.max(0, Math.ceil(realMs)) + 1, () => goOn(resolve));
      }),
  };
};
