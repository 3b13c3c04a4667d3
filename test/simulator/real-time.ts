const refuse = (what: string) => (): never => {
  throw new Error(`a simulated world has no ${what}`);
};

/** A clock of the machine's, which a simulated world must not read; instants that are given can still be written. */
class GivenDate extends Date {
  constructor(...given: readonly unknown[]) {
    if (given.length === 0) refuse("real clock: new Date()")();
    super(...(given as [number]));
  }

  static override now(): number {
    return refuse("real clock: Date.now()")();
  }
}

/**
 * From here on, this process has neither real time nor real randomness: whatever asks for it fails, so that one seed
 * always gives the same world.
 */
export const forbidRealTime = (): void => {
  globalThis.Date = GivenDate as DateConstructor;
  Math.random = refuse("real randomness: Math.random()");
  globalThis.setTimeout = refuse("real timer: setTimeout()") as unknown as typeof setTimeout;
  globalThis.setInterval = refuse("real timer: setInterval()") as unknown as typeof setInterval;
  performance.now = refuse("real clock: performance.now()");
  crypto.randomUUID = refuse("real randomness: crypto.randomUUID()");
  crypto.getRandomValues = refuse("real randomness: crypto.getRandomValues()");
};
