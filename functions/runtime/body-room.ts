/**
 * All large bodies that one instance holds at once: parsed and encoded for the store, each takes some seven times its size. One of the largest leaves
 * room for a usual mail beside it.
 */
const HELD_LIMIT = 48 * 1024 * 1024;
/** A body of this size needs no turn. No route that takes a body from anybody takes a larger one. */
export const SMALL_BODY = 64 * 1024;
/** What callers without a credential may hold in all while their bodies still come; beyond it the oldest gives way. */
const ANONYMOUS_LIMIT = 8 * 1024 * 1024;
/** A caller that waits longer for a turn had better come back. */
const WAIT_MS = 10_000;
/** While others wait, a body must go on by so many bytes in so many milliseconds, or lose its turn. */
const SLOW = { bytes: 256 * 1024, ms: 5_000 } as const;
const LOOK_EVERY_MS = 500;
/** A body that takes more than this part of the room lets those under way finish first, for so long: beside it they would take far longer. */
const LONE = { part: 1 / 3, ms: 3_000 } as const;

/** What one request holds of the room for bodies. */
export interface BodyShare {
  /** Notes how many bytes have come in all. */
  hold(bytes: number, from: { readonly anonymous: boolean }): void;
  /** Resolves once a body of at most so many bytes may come; false where that took too long. */
  turn(bytes: number): Promise<boolean>;
  /** The whole body has come: this much of its turn is needed. */
  complete(bytes: number): void;
  /** Calls back when the body must give way to others. */
  onLost(listener: () => void): void;
  release(): void;
}

interface Held {
  /** Bytes that its turn is for; 0 without a turn. */
  turn: number;
  /** Bytes that have come. */
  came: number;
  reading: boolean;
  mark: { readonly atMs: number; readonly came: number };
  waiting: Waiting | null;
  lost: () => void;
}

interface Waiting {
  readonly bytes: number;
  readonly sinceMs: number;
  readonly take: (granted: boolean) => void;
}

export interface RoomOptions {
  readonly limit?: number;
  readonly waitMs?: number;
  readonly slow?: { readonly bytes: number; readonly ms: number };
  readonly loneMs?: number;
}

/**
 * The room that an instance has for bodies; a share for each request. A large body needs a turn, and turns are given for sizes, so that none
 * of several that are half here waits for another; the shortest goes first. A turn is no memory: that is held for bytes that have come.
 */
export const bodyRoom = (options: RoomOptions = {}) => {
  const { limit = HELD_LIMIT, waitMs = WAIT_MS, slow = SLOW, loneMs = LONE.ms } = options;
  const turns = new Set<Held>();
  const anonymous = new Set<Held>();
  const waiting: Waiting[] = [];
  let anonymousBytes = 0;
  let look: NodeJS.Timeout | undefined;

  const taken = (): number => [...turns].reduce((sum, { turn }) => sum + turn, 0);
  const giveTurns = (): void => {
    for (let next = waiting[0]; next !== undefined && mayCome(next.bytes, next.sinceMs); next = waiting[0])
      next.take(true);
    if (waiting.length === 0) {
      clearInterval(look);
      look = undefined;
    }
  };
  // What is larger than the whole room comes alone.
  const mayCome = (bytes: number, sinceMs = performance.now()): boolean => {
    if (turns.size === 0) return true;
    const yields = bytes > limit * LONE.part && performance.now() - sinceMs < loneMs;
    return !yields && taken() + bytes <= limit;
  };

  /** Takes their turns from bodies that hardly move while others wait. */
  const hurry = (): void => {
    giveTurns();
    const nowMs = performance.now();
    for (const held of turns) {
      if (!held.reading || nowMs - held.mark.atMs < slow.ms) continue;
      if (held.came - held.mark.came < slow.bytes) held.lost();
      else held.mark = { atMs: nowMs, came: held.came };
    }
  };

  const waitFor = (held: Held, bytes: number): Promise<boolean> =>
    new Promise((resolve) => {
      const entry: Waiting = {
        bytes,
        sinceMs: performance.now(),
        take: (granted) => {
          clearTimeout(late);
          held.waiting = null;
          waiting.splice(waiting.indexOf(entry), 1);
          if (granted) begin(held, bytes);
          resolve(granted);
        },
      };
      const late = setTimeout(() => entry.take(false), waitMs);
      const at = waiting.findIndex((other) => other.bytes > bytes);
      waiting.splice(at === -1 ? waiting.length : at, 0, entry);
      held.waiting = entry;
      look ??= setInterval(hurry, Math.min(LOOK_EVERY_MS, slow.ms));
    });

  const begin = (held: Held, bytes: number): void => {
    held.turn = bytes;
    held.mark = { atMs: performance.now(), came: held.came };
    turns.add(held);
  };

  const leaveAnonymous = (held: Held): void => {
    if (anonymous.delete(held)) anonymousBytes -= held.came;
  };
  const holdAnonymous = (held: Held, bytes: number): void => {
    anonymousBytes += bytes - (anonymous.has(held) ? held.came : 0);
    anonymous.add(held);
    held.came = bytes;
    for (const oldest of anonymous) {
      if (anonymousBytes <= ANONYMOUS_LIMIT) break;
      leaveAnonymous(oldest);
      oldest.lost();
    }
  };

  return (): BodyShare => {
    const held: Held = {
      turn: 0,
      came: 0,
      reading: true,
      mark: { atMs: 0, came: 0 },
      waiting: null,
      lost: () => undefined,
    };
    return {
      hold: (bytes, from) => {
        if (from.anonymous) holdAnonymous(held, bytes);
        else held.came = bytes;
      },
      turn: async (bytes) => {
        if (waiting.length > 0 && (waiting[0]?.bytes ?? 0) <= bytes) return waitFor(held, bytes);
        if (!mayCome(bytes)) return waitFor(held, bytes);
        begin(held, bytes);
        return true;
      },
      complete: (bytes) => {
        held.reading = false;
        leaveAnonymous(held);
        if (turns.has(held)) held.turn = bytes;
        giveTurns();
      },
      onLost: (listener) => {
        held.lost = listener;
      },
      release: () => {
        held.reading = false;
        held.waiting?.take(false);
        leaveAnonymous(held);
        turns.delete(held);
        giveTurns();
      },
    };
  };
};
