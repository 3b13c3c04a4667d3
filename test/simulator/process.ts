import { type Clock, MINUTE, SECOND } from "../../functions/domain/clock.ts";
import { Unavailable } from "../../functions/domain/problem.ts";
import type { Chance } from "./chance.ts";
import { type Timeline, virtualClock } from "./timeline.ts";
import type { Service, Weather } from "./weather.ts";

/** What the processes of a world live in. */
export interface Surroundings {
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly weather: Weather;
  readonly hardships: Hardships;
}

/** How hard life is: the mean number of calls that a process lives, and what may happen at each call. */
export interface Hardships {
  readonly callsLived: number;
  /** A call fails, or is done although its answer is lost. */
  readonly failure: number;
  /** A call takes seconds. */
  readonly slow: number;
  /** The platform takes the process's CPU away, for minutes. */
  readonly freeze: number;
}

/**
 * One instance of a function. Each call of a port may be the last thing that it does: before the call is made, or while
 * it is under way. A process that has died hears no answer any more, so nothing that it began goes on.
 */
export class Process {
  readonly #around: Surroundings;
  readonly clock: Clock;
  readonly #onDeath = new Set<() => void>();
  #lives = true;
  #callsLeft: number;
  #frozenUntilMs = 0;

  constructor(around: Surroundings) {
    this.#around = around;
    this.clock = virtualClock(around.timeline, (then) => this.#goOn(then));
    this.#callsLeft = around.weather.isCalm
      ? Number.POSITIVE_INFINITY
      : Math.ceil(around.chance.waiting(around.hardships.callsLived));
  }

  get lives(): boolean {
    return this.#lives;
  }

  get isFrozen(): boolean {
    return this.#frozenUntilMs > this.#around.timeline.nowMs;
  }

  /** What a dead process waited for never comes; a frozen one hears of it once it has its CPU back. */
  #goOn(then: () => void): void {
    if (!this.#lives) return;
    if (this.isFrozen) this.#around.timeline.at(this.#frozenUntilMs, () => this.#goOn(then));
    else then();
  }

  #mayFreeze(): void {
    const { timeline, chance, weather, hardships } = this.#around;
    if (!weather.isCalm && chance.happens(hardships.freeze))
      this.#frozenUntilMs = timeline.nowMs + chance.between(10 * SECOND, 20 * MINUTE);
  }

  /** Calls back when it dies; returns what stops that. */
  whenDead(react: () => void): () => void {
    this.#onDeath.add(react);
    return () => this.#onDeath.delete(react);
  }

  die(): void {
    if (!this.#lives) return;
    this.#lives = false;
    for (const react of [...this.#onDeath]) react();
    this.#onDeath.clear();
  }

  /** Whether the process survives this call, and if not, whether the call is made. */
  #fate(): "lives" | "dies_before" | "dies_after" {
    this.#callsLeft -= 1;
    if (this.#callsLeft > 0) return "lives";
    return this.#around.chance.happens(0.5) ? "dies_before" : "dies_after";
  }

  #latencyMs(): number {
    const { chance, hardships, weather } = this.#around;
    return !weather.isCalm && chance.happens(hardships.slow) ? chance.between(500, 8_000) : chance.between(1, 12);
  }

  /** Makes a call of a service, which takes effect at one instant between now and its answer. */
  call<T>(service: Service, effect: () => T | Promise<T>): Promise<T> {
    const { timeline, chance, weather, hardships } = this.#around;
    return new Promise((resolve, reject) => {
      if (!this.#lives) return;
      const fate = this.#fate();
      if (fate === "dies_before") return this.die();
      this.#mayFreeze();
      timeline.after(this.#latencyMs(), () => {
        const unreachable = () => this.#goOn(() => reject(new Unavailable(`reach the ${service}`, { cause: null })));
        if (weather.isDown(service)) return unreachable();
        const fails = !weather.isCalm && chance.happens(hardships.failure);
        if (fails && chance.happens(0.5)) return unreachable();
        // A request that was under way when its process died takes effect all the same.
        const done = this.#perform(effect, reject);
        if (fate === "dies_after") this.die();
        if (fails) return unreachable();
        if (done !== undefined) this.#goOn(() => resolve(done.value));
      });
    });
  }

  #perform<T>(effect: () => T | Promise<T>, reject: (error: unknown) => void): { value: T | Promise<T> } | undefined {
    try {
      return { value: effect() };
    } catch (error) {
      this.#goOn(() => reject(error));
      return undefined;
    }
  }

  /** Lets time pass in which the process waits for something outside, and may die. */
  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (!this.#lives) return;
      if (this.#fate() !== "lives") return this.die();
      this.#mayFreeze();
      this.#around.timeline.after(ms, () => this.#goOn(resolve));
    });
  }
}
