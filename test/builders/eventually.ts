import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `look` returns something other than undefined or false, and returns it. After `withinMs` it throws and
 * names what it waited for. That time is only an end to waiting, far longer than a busy machine needs. The longer it
 * waits, the less often it looks, so that looks do not busy the machine that everything waits for.
 */
export const eventually = async <T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  withinMs = 90_000,
): Promise<T> => {
  const beganAtMs = Date.now();
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    const waitedMs = Date.now() - beganAtMs;
    if (waitedMs > withinMs) throw new Error(`waited ${withinMs} ms in vain: ${what}`);
    await delay(Math.max(10, waitedMs / 10));
  }
};
