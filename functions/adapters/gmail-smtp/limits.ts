import { type Clock, SECOND } from "../../domain/clock.ts";

/**
 * How long each stage may take, nominally. RFC 5321 §4.5.3.2 allows minutes for each; a function that runs for at most five minutes does not have
 * them, and Gmail answers within seconds or not at all. Only the last reply gets long: giving up on it costs a mail its certainty.
 */
const NOMINAL_MS = {
  dns: 10 * SECOND,
  connect: 15 * SECOND,
  greeting: 30 * SECOND,
  command: 30 * SECOND,
  quit: 2 * SECOND,
  block: 60 * SECOND,
  endOfData: 120 * SECOND,
} as const;

/** Real milliseconds; the time scale shortens them to no less than a second, which a loopback server needs too. */
export const timeoutFor = (clock: Clock, stage: keyof typeof NOMINAL_MS): number =>
  Math.max(SECOND, clock.lasting(NOMINAL_MS[stage]));

/**
 * From the beginning, connecting included, until the message's end goes out; it is not sent later. With `endOfData` it stays under the 300 s of the function
 * and under the lease that the mark began anew, so that nobody takes a message for abandoned whose end may yet go out. However the time is scaled, with
 * `endOfData` under the shortest lease (5 s).
 */
export const sendBudgetMs = (clock: Clock): number => Math.max(3 * SECOND, clock.lasting(150 * SECOND));

/** A session idle for longer is asked (NOOP) before it is used. */
export const FRESH_MS = 5 * SECOND;
/** Gmail closes idle sessions after some minutes; ours go before. */
export const IDLE_MS = 100 * SECOND;
/** Gmail ends a session after about 100 messages (421); a new one in time is cheaper than a refusal. */
export const MESSAGES_PER_SESSION = 50;
