import type { Message } from "../../functions/domain/messages/message.ts";

/** Many messages of some servers, accepted at once and claimed by several workers. */
export interface LedgerRun {
  readonly servers: number;
  readonly processes: number;
  /** Messages per server, with one recipient each. */
  readonly messages: number;
  readonly perMinute: number;
  /** How long a minute takes, in milliseconds of the clock that is used. */
  readonly minuteMs: number;
  /**
   * How late the last message may leave: one tick (a minute) on an idle machine. The limits themselves have no
   * tolerance.
   */
  readonly slackMinutes: number;
}

export interface Claims {
  /** By server: when each message was claimed, in the order in which the messages were made. */
  readonly claimedAtMs: readonly (readonly number[])[];
  /** By server: each message that had to wait, in the order in which the messages were made. */
  readonly waits: readonly (readonly Wait[])[];
}

/** When one message was first held, and when it was released. */
export interface Wait {
  readonly heldAtMs: number;
  readonly releasedAtMs: number;
}

/** NaN if it never was. */
export const claimedAt = (message: Message): number =>
  message.timeline.findLast(({ status }) => status === "sending")?.atMs ?? Number.NaN;

export const waitOf = ({ timeline }: Message): Wait | undefined => {
  const at = timeline.findIndex(({ status }) => status === "held");
  const [held, released] = at === -1 ? [] : timeline.slice(at);
  return held && released && { heldAtMs: held.atMs, releasedAtMs: released.atMs };
};

/** Windows of a minute in which more was claimed than allowed. */
export const overLimit = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs }: Pick<LedgerRun, "perMinute" | "minuteMs">,
): readonly string[] =>
  claimedAtMs
    .map((atMs) => claimedAtMs.filter((other) => other > atMs - minuteMs && other <= atMs).length)
    .filter((within) => within > perMinute)
    .map((within) => `${within} within a minute`);

/**
 * Releases before an older message that also waited. There must be none, however slow the machine. A message that comes
 * to its first attempt while younger ones are released (a slow machine takes over a minute to try all of them once) had
 * no place in the line yet.
 */
export const outOfOrder = (waits: readonly Wait[], { minuteMs }: Pick<LedgerRun, "minuteMs">): readonly string[] =>
  waits.flatMap(({ releasedAtMs }, at) => {
    const passed = waits
      .slice(0, at)
      .filter((elder) => elder.heldAtMs < releasedAtMs - minuteMs / 4 && elder.releasedAtMs > releasedAtMs);
    return passed.length === 0 ? [] : [`number ${at} of those that waited was released before ${passed.length} elders`];
  });

/**
 * How many ticks (minutes) later than the limits allow the last message left: a whole number of windows after the very
 * first.
 */
export const ticksLate = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs }: Pick<LedgerRun, "perMinute" | "minuteMs">,
): number => {
  const windows = Math.ceil(claimedAtMs.length / perMinute);
  return (Math.max(...claimedAtMs) - Math.min(...claimedAtMs)) / minuteMs - (windows - 1);
};

/**
 * What is wrong with the claims of one server; empty if nothing. Releases must be in exact order (`outOfOrder`). Claims
 * are made by several workers at once, so those whose rooms open at the same moment may overtake each other by the time
 * that a worker needs to get its turn. But no younger message may take an older one's room and make it wait for another
 * window. That would show as more than half a minute, because each window's rooms open a minute after those of the
 * window before.
 */
export const faultsOf = (
  claimedAtMs: readonly number[],
  { perMinute, minuteMs, slackMinutes }: LedgerRun,
): readonly string[] => {
  const faults = [...overLimit(claimedAtMs, { perMinute, minuteMs })];
  const sorted = claimedAtMs.toSorted((a, b) => a - b);
  // The first minute is a race of equals: nobody had to wait yet.
  const waited = claimedAtMs.filter((atMs) => atMs >= (sorted[0] ?? 0) + minuteMs);
  waited.forEach((atMs, at) => {
    const overtaken = waited.slice(0, at).filter((older) => older > atMs + (slackMinutes * minuteMs) / 2).length;
    if (overtaken > 0) faults.push(`${overtaken} older ones were overtaken by number ${at} of those that waited`);
  });
  const late = ticksLate(claimedAtMs, { perMinute, minuteMs });
  if (late > slackMinutes) faults.push(`the last left ${late.toFixed(1)} ticks later than the limits allow`);
  return faults;
};
