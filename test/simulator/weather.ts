import { DAY, HOUR, MINUTE } from "../../functions/domain/clock.ts";
import type { Chance } from "./chance.ts";
import type { Timeline } from "./timeline.ts";

/** What a process may fail to reach. */
export type Service = "store" | "queue" | "vault" | "oauth" | "gmail";

/** How often each fails, and for how long: the platform's services for minutes, Google's for hours at times. */
const OUTAGES: Readonly<Record<Service, { readonly everyMs: number; readonly longestMs: number }>> = {
  store: { everyMs: 3 * DAY, longestMs: 12 * MINUTE },
  queue: { everyMs: 3 * DAY, longestMs: 40 * MINUTE },
  vault: { everyMs: 3 * DAY, longestMs: 40 * MINUTE },
  oauth: { everyMs: 4 * DAY, longestMs: 5 * HOUR },
  gmail: { everyMs: 4 * DAY, longestMs: 5 * HOUR },
};

const SERVICES = ["store", "queue", "vault", "oauth", "gmail"] as const satisfies readonly Service[];

/** Which services are away, and since when all are well. */
export class Weather {
  readonly #down = new Map<Service, number>();
  readonly #timeline: Timeline;
  #wellSinceMs: number;
  #calm = false;

  constructor(timeline: Timeline, chance: Chance) {
    this.#timeline = timeline;
    this.#wellSinceMs = timeline.nowMs;
    for (const service of SERVICES) {
      const { everyMs, longestMs } = OUTAGES[service];
      timeline.repeat(
        () => chance.waiting(everyMs),
        () => this.#strike(service, chance.between(MINUTE, longestMs)),
      );
    }
  }

  #strike(service: Service, forMs: number): void {
    if (this.#calm || this.#down.has(service)) return;
    this.#down.set(service, this.#timeline.nowMs);
    this.#timeline.after(forMs, () => {
      this.#down.delete(service);
      this.#wellSinceMs = this.#timeline.nowMs;
    });
  }

  isDown(service: Service): boolean {
    return this.#down.has(service);
  }

  /** For how long no service has been away. */
  get wellForMs(): number {
    return this.#down.size > 0 ? 0 : this.#timeline.nowMs - this.#wellSinceMs;
  }

  /** No outage begins any more. */
  calmDown(): void {
    this.#calm = true;
  }

  get isCalm(): boolean {
    return this.#calm;
  }
}
