interface Waiting {
  readonly amount: number;
  readonly go: () => void;
}

/**
 * Bounds how much of something the deliveries of one instance hold at once. What is more than the whole goes alone. The
 * longest waiting comes first.
 */
export class Capacity {
  readonly #limit: number;
  #held = 0;
  #waiting: readonly Waiting[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` once there is room for so much. */
  async hold<T>(amount: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(amount)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = [...this.#waiting, { amount, go: resolve }];
      await promise;
    } else this.#held += amount;
    try {
      return await work();
    } finally {
      this.#held -= amount;
      this.#admit();
    }
  }

  get isIdle(): boolean {
    return this.#held === 0;
  }

  #fits(amount: number): boolean {
    return this.#held === 0 || this.#held + amount <= this.#limit;
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#fits(first.amount); first = this.#waiting[0]) {
      this.#waiting = this.#waiting.slice(1);
      this.#held += first.amount;
      first.go();
    }
  }
}
