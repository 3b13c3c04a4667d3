import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `look` answers something other than undefined or false, and gives it back; throws, saying what was awaited, after `withinMs`. That is no
 * promise of anybody's but an end to waiting, far beyond what a busy machine needs.
 */
export const eventually = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 90_000,
): Promise<T> => {
  const endsAtMs = Date.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (Date.now() > endsAtMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await delay(10);
  }
};
