import { setTimeout as delay } from "node:timers/promises";

/**
 * Waits until `look` returns something other than undefined or false, and returns it. After `withinMs` it throws and
 * names what it waited for. That time is only an end to waiting, far longer than a busy machine needs.
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
