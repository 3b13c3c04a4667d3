import { type Clock, SECOND } from "../../domain/clock.ts";

/**
 * How long each stage may take, nominally. RFC 5321 §4.5.3.2 allows minutes, but a function runs for five at most, and
 * Gmail answers within seconds or not at all. Only the last reply gets long: giving up on it leaves the outcome
 * unknown.
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

/** Real milliseconds. A scaled clock shortens them to one second at least, which even a loopback server needs. */
export const timeoutFor = (clock: Clock, stage: keyof typeof NOMINAL_MS): number =>
  Math.max(SECOND, clock.lasting(NOMINAL_MS[stage]));

/**
 * The time from connecting until the end of the message goes out; after that, it is not sent. Together with `endOfData`
 * it must stay below the function's 300 s and below the lease that the mark renewed (at least 5 s, however the clock is
 * scaled), so that nobody takes over a message whose end may still go out.
 */
export const sendBudgetMs = (clock: Clock): number => Math.max(3 * SECOND, clock.lasting(150 * SECOND));

/** A session that was idle for longer must answer NOOP before it is used again. */
export const TRUSTED_IDLE_MS = 5 * SECOND;
/** Gmail closes idle sessions after some minutes; we close ours first. */
export const MAX_IDLE_MS = 100 * SECOND;
/** Gmail ends a session after about 100 messages (421); opening a new one in time is cheaper than a refusal. */
export const MESSAGES_PER_SESSION = 90;
