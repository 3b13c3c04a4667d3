/**
 * How much body data one instance may hold at once: parsed and encoded for the store, a body takes some seven times its
 * size. Besides one of the largest bodies, this leaves room for a usual message.
 */
const HELD_LIMIT = 48 * 1024 * 1024;
/** A body of this size needs no turn. Routes that are open to anyone take none that is larger. */
export const SMALL_BODY = 64 * 1024;
/** How much all callers without a credential may hold while their bodies arrive; beyond it, the oldest gives way. */
const ANONYMOUS_LIMIT = 8 * 1024 * 1024;
/** A caller that waits longer for a turn should try again later. */
const WAIT_MS = 10_000;
/** While others wait, a body must progress by this many bytes in this time, or it loses its turn. */
const SLOW = { bytes: 256 * 1024, ms: 5_000 } as const;
const CHECK_EVERY_MS = 500;
/**
 * A body above this share of the room lets those in progress finish first, for up to this time: they would be far
 * slower beside it.
 */
const EXCLUSIVE = { part: 1 / 3, ms: 3_000 } as const;

/** The share of the room that one request holds. */
export interface BodyShare {
  /** Records how many bytes have arrived in all. */
  hold(bytes: number, from: { readonly anonymous: boolean }): void;
  /** Resolves to true once a body of at most this size may arrive, or to false after too long a wait. */
  turn(bytes: number): Promise<boolean>;
  /** The whole body has arrived, so its turn needs only this much. */
  complete(bytes: number): void;
  /** Calls back when the body must give way to others. */
  onLost(listener: () => void): void;
  release(): void;
}

interface HeldBody {
  /** The bytes that its turn is for; 0 without a turn. */
  turn: number;
  /** The bytes that have arrived. */
  arrived: number;
  reading: boolean;
  mark: { readonly atMs: number; readonly arrived: number };
  waiting: Waiting | null;
  lost: () => void;
}

interface Waiting {
  readonly bytes: number;
  readonly sinceMs: number;
  readonly settle: (granted: boolean) => void;
}

export interface RoomOptions {
  readonly limit?: number;
  readonly waitMs?: number;
  readonly slow?: { readonly bytes: number; readonly ms: number };
  readonly exclusiveMs?: number;
}

/**
 * Manages an instance's room for bodies; each request gets a share. A large body needs a turn, and turns are given for
 * whole sizes, the smallest first, so that half-read bodies never wait for each other. A turn reserves no memory; only
 * bytes that have arrived use it.
 */
export const bodyRoom = (options: RoomOptions = {}) => {
  const { limit = HELD_LIMIT, waitMs = WAIT_MS, slow = SLOW, exclusiveMs = EXCLUSIVE.ms } = options;
  const turns = new Set<HeldBody>();
  const anonymous = new Set<HeldBody>();
  const waiting: Waiting[] = [];
  let anonymousBytes = 0;
  let watchdog: NodeJS.Timeout | undefined;

  const taken = (): number => [...turns].reduce((sum, { turn }) => sum + turn, 0);
  const grantTurns = (): void => {
    for (let next = waiting[0]; next !== undefined && mayStart(next.bytes, next.sinceMs); next = waiting[0])
      next.settle(true);
    if (waiting.length === 0) {
      clearInterval(watchdog);
      watchdog = undefined;
    }
  };
  // A body larger than the whole room must be alone.
  const mayStart = (bytes: number, sinceMs = performance.now()): boolean => {
    if (turns.size === 0) return true;
    const yields = bytes > limit * EXCLUSIVE.part && performance.now() - sinceMs < exclusiveMs;
    return !yields && taken() + bytes <= limit;
  };

  /** Takes turns away from bodies that hardly progress while others wait. */
  const dropSlowBodies = (): void => {
    grantTurns();
    const nowMs = performance.now();
    for (const held of turns) {
      if (!held.reading || nowMs - held.mark.atMs < slow.ms) continue;
      if (held.arrived - held.mark.arrived < slow.bytes) held.lost();
      else held.mark = { atMs: nowMs, arrived: held.arrived };
    }
  };

  const waitFor = (held: HeldBody, bytes: number): Promise<boolean> =>
    new Promise((resolve) => {
      const entry: Waiting = {
        bytes,
        sinceMs: performance.now(),
        settle: (granted) => {
          clearTimeout(late);
          held.waiting = null;
          waiting.splice(waiting.indexOf(entry), 1);
          if (granted) begin(held, bytes);
          resolve(granted);
        },
      };
      const late = setTimeout(() => entry.settle(false), waitMs);
      const at = waiting.findIndex((other) => other.bytes > bytes);
      waiting.splice(at === -1 ? waiting.length : at, 0, entry);
      held.waiting = entry;
      watchdog ??= setInterval(dropSlowBodies, Math.min(CHECK_EVERY_MS, slow.ms));
    });

  const begin = (held: HeldBody, bytes: number): void => {
    held.turn = bytes;
    held.mark = { atMs: performance.now(), arrived: held.arrived };
    turns.add(held);
  };

  const leaveAnonymous = (held: HeldBody): void => {
    if (anonymous.delete(held)) anonymousBytes -= held.arrived;
  };
  const holdAnonymous = (held: HeldBody, bytes: number): void => {
    anonymousBytes += bytes - (anonymous.has(held) ? held.arrived : 0);
    anonymous.add(held);
    held.arrived = bytes;
    for (const oldest of anonymous) {
      if (anonymousBytes <= ANONYMOUS_LIMIT) break;
      leaveAnonymous(oldest);
      oldest.lost();
    }
  };

  return (): BodyShare => {
    const held: HeldBody = {
      turn: 0,
      arrived: 0,
      reading: true,
      mark: { atMs: 0, arrived: 0 },
      waiting: null,
      lost: () => undefined,
    };
    return {
      hold: (bytes, from) => {
        if (from.anonymous) holdAnonymous(held, bytes);
        else held.arrived = bytes;
      },
      turn: async (bytes) => {
        if (waiting.length > 0 && (waiting[0]?.bytes ?? 0) <= bytes) return waitFor(held, bytes);
        if (!mayStart(bytes)) return waitFor(held, bytes);
        begin(held, bytes);
        return true;
      },
      complete: (bytes) => {
        held.reading = false;
        leaveAnonymous(held);
        if (turns.has(held)) held.turn = bytes;
        grantTurns();
      },
      onLost: (listener) => {
        held.lost = listener;
      },
      release: () => {
        held.reading = false;
        held.waiting?.settle(false);
        leaveAnonymous(held);
        turns.delete(held);
        grantTurns();
      },
    };
  };
};
