interface Waiting {
  readonly bytes: number;
  readonly go: () => void;
}

/**
 * Bounds how many bytes of bodies the deliveries of one instance hold at once, so that many small mails may be under
 * way together, but few large ones. A body larger than the whole room goes alone. The longest waiting comes first.
 */
export class BodyRoom {
  readonly #limit: number;
  #held = 0;
  #waiting: readonly Waiting[] = [];

  /** In bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` once there is room for so many bytes. */
  async hold<T>(bytes: number, work: () => Promise<T>): Promise<T> {
    if (this.#waiting.length > 0 || !this.#fits(bytes)) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#waiting = [...this.#waiting, { bytes, go: resolve }];
      await promise;
    } else this.#held += bytes;
    try {
      return await work();
    } finally {
      this.#held -= bytes;
      this.#admit();
    }
  }

  #fits(bytes: number): boolean {
    return this.#held === 0 || this.#held + bytes <= this.#limit;
  }

  #admit(): void {
    for (let first = this.#waiting[0]; first !== undefined && this.#fits(first.bytes); first = this.#waiting[0]) {
      this.#waiting = this.#waiting.slice(1);
      this.#held += first.bytes;
      first.go();
    }
  }
}
