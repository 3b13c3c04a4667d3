import { type Clock, HOUR, MINUTE } from "../../clock.ts";
import type { SmtpStage } from "../../google/replies.ts";
import type { ReplyMeaning } from "../../google/reply-table.ts";
import type { DeliveryProblemCode } from "../../problem-texts.ts";
import type { MessageFacts } from "../message.ts";

/**
 * The one place that decides when and for how long a message is tried again; `reply-table.ts` decides whether. Durations are nominal.
 */

/** After the first try, not counting time held, scheduled or left to a person (RFC 5321 §4.5.4.1 asks for 4 to 5 days; people asked for 3). */
const TRY_FOR_MS = 72 * HOUR;

const FIRST_DELAY_MS = MINUTE;
const LONGEST_DELAY_MS = HOUR;
/** Gmail's daily limit locks an account for up to 24 hours (support.google.com/a/answer/166852): asking more often prolongs it. */
const DAILY_LIMIT_DELAY_MS = HOUR;
/** `454 4.7.0 Too many login attempts`. */
const LOGIN_LIMIT_DELAY_MS = 10 * MINUTE;
/** Nothing a caller asks for by Retry-After is waited on for longer. */
const LONGEST_RETRY_AFTER_MS = 24 * HOUR;

export const lossProblem = (stage: SmtpStage): DeliveryProblemCode => {
  if (stage === "dns") return "dns_failed";
  return stage === "tls" ? "tls_failed" : "connection_lost";
};

export interface DelayRequest {
  /** Tries made, this one included. */
  readonly tries: number;
  readonly meaning: Exclude<ReplyMeaning, "final">;
  readonly retryAfterMs: number | null;
  /** In [0, 1): spreads what failed together. */
  readonly fraction: number;
}

const LEAST_DELAY_MS: Readonly<Record<DelayRequest["meaning"], number>> = {
  again: 0,
  account: 0,
  rate_limit: 0,
  daily_limit: DAILY_LIMIT_DELAY_MS,
  login_limit: LOGIN_LIMIT_DELAY_MS,
};

/** What is waited for of a Retry-After. */
export const heededMs = (retryAfterMs: number | null): number => Math.min(retryAfterMs ?? 0, LONGEST_RETRY_AFTER_MS);

/** Nominal milliseconds until the next try: doubling from a minute to an hour, ± a quarter; Retry-After is never undercut. */
export const retryDelayMs = ({ tries, meaning, retryAfterMs, fraction }: DelayRequest): number => {
  const doubled = Math.min(FIRST_DELAY_MS * 2 ** Math.min(tries - 1, 20), LONGEST_DELAY_MS);
  const spread = Math.max(doubled, LEAST_DELAY_MS[meaning]) * (0.75 + fraction / 2);
  return Math.max(spread, heededMs(retryAfterMs));
};

/** Nominal milliseconds from a lost reply until the message is sent again by its caller's wish: none after the first, then as between any two tries. */
export const resendDelayMs = ({ attempts }: MessageFacts): number => {
  const lost = attempts.filter(({ outcome }) => outcome === "unknown").length;
  return lost < 2 ? 0 : retryDelayMs({ tries: lost - 1, meaning: "again", retryAfterMs: null, fraction: 0.5 });
};

/** Has it been tried for 72 hours? */
export const triedLongEnough = (message: MessageFacts, clock: Pick<Clock, "nowMs" | "lasting">): boolean =>
  message.firstTriedAtMs !== null &&
  clock.nowMs() - message.firstTriedAtMs - message.agelessMs >= clock.lasting(TRY_FOR_MS);

/**
 * When the account's sent mail is searched after a lost reply, counted from the loss: Gmail's index lags, mostly by seconds, at times by minutes.
 */
const LOOKUPS_AT_MS = [MINUTE, 5 * MINUTE, 20 * MINUTE, HOUR] as const;

/** Nominal milliseconds from the loss to the look after `lookups` of them; undefined: all were made. */
export const nextLookupMs = (lookups: number): number | undefined => LOOKUPS_AT_MS[lookups];
