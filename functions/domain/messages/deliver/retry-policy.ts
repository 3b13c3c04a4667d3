import { type Clock, HOUR, MINUTE } from "../../clock.ts";
import type { SmtpStage } from "../../google/replies.ts";
import type { ReplyMeaning } from "../../google/reply-table.ts";
import type { DeliveryProblemCode } from "../../problem-texts.ts";
import type { MessageFacts } from "../message.ts";

/** Decides when and for how long a message is retried; `reply-table.ts` decides whether. Durations are nominal. */

/** Counts from the first attempt, without idle time. RFC 5321 §4.5.4.1 asks for 4 to 5 days; people asked for 3. */
const TRY_FOR_MS = 72 * HOUR;

const FIRST_DELAY_MS = MINUTE;
const LONGEST_DELAY_MS = HOUR;
/** Gmail's daily limit blocks an account for up to 24 hours; retries prolong it (support.google.com/a/answer/166852) */
const DAILY_LIMIT_DELAY_MS = HOUR;
/** The delay after `454 4.7.0 Too many login attempts`. */
const LOGIN_LIMIT_DELAY_MS = 10 * MINUTE;
/** The longest Retry-After that is respected. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR;

export const lossProblem = (stage: SmtpStage): DeliveryProblemCode => {
  if (stage === "dns") return "dns_failed";
  return stage === "tls" ? "tls_failed" : "connection_lost";
};

export interface DelayRequest {
  /** The number of attempts so far, including this one. */
  readonly tries: number;
  readonly meaning: Exclude<ReplyMeaning, "final">;
  readonly retryAfterMs: number | null;
  /** A number in [0, 1) that spreads retries of messages that failed together. */
  readonly fraction: number;
}

const LEAST_DELAY_MS: Readonly<Record<DelayRequest["meaning"], number>> = {
  again: 0,
  account: 0,
  rate_limit: 0,
  daily_limit: DAILY_LIMIT_DELAY_MS,
  login_limit: LOGIN_LIMIT_DELAY_MS,
};

/** Caps a Retry-After. */
export const capRetryAfterMs = (retryAfterMs: number | null): number =>
  Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);

/** Doubles the nominal delay from a minute to an hour, ± a quarter, but never goes below Retry-After. */
export const retryDelayMs = ({ tries, meaning, retryAfterMs, fraction }: DelayRequest): number => {
  const doubled = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 20), LONGEST_DELAY_MS);
  const spread = Math.max(doubled, LEAST_DELAY_MS[meaning]) * (0.75 + fraction / 2);
  return Math.max(spread, capRetryAfterMs(retryAfterMs));
};

/** The nominal delay from a lost reply until a resend: none after the first loss, then the same as for retries. */
export const resendDelayMs = ({ attempts }: MessageFacts): number => {
  const lost = attempts.filter(({ outcome }) => outcome === "unknown").length;
  return lost < 2 ? 0 : retryDelayMs({ tries: lost - 1, meaning: "again", retryAfterMs: null, fraction: 0.5 });
};

/** Checks whether the message has been tried for 72 hours. */
export const triedLongEnough = (message: MessageFacts, clock: Pick<Clock, "nowMs" | "lasting">): boolean =>
  message.firstTriedAtMs !== null &&
  clock.nowMs() - message.firstTriedAtMs - message.agelessMs >= clock.lasting(TRY_FOR_MS);

/** When the sent mail is searched after a lost reply. Gmail's index lags, mostly by seconds, at times by minutes. */
const LOOKUPS_AT_MS = [MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR] as const;

/** The nominal delay from the loss to the next search; undefined once all are made. */
export const nextLookupMs = (lookups: number): number | undefined => LOOKUPS_AT_MS[lookups];
