import { type Clock, SECOND } from "../../domain/clock.ts";
import { AnswerTooLarge, type HttpAnswer, NoAnswerInTime, sendRequest } from "../http/send-request.ts";

/** Nominal: if Google takes longer, it counts as unreachable. */
const TIMEOUT_MS = 10 * SECOND;
/** A network needs this long, however the clock is scaled. */
const MIN_TIMEOUT_MS = SECOND;
/** Token answers and key sets have a few KiB; anything larger is not what we asked for. */
const MAX_ANSWER_BYTES = 256 * 1024;
const FORM = "application/x-www-form-urlencoded";

export type EndpointAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: HttpAnswer["headers"];
      readonly json: unknown;
      /** When to ask again, if the answer turns out to be unusable. */
      readonly retryAfterS: number;
    }
  /** No connection, no complete answer in time, a redirect, 408, 429 or 5xx. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly retryAfterS: number };

const DEFAULT_RETRY_AFTER_S = 5;

const toUnreachable = (reason: string, retryAfterS = DEFAULT_RETRY_AFTER_S): EndpointAnswer => ({
  kind: "unreachable",
  reason,
  retryAfterS,
});

/** Only names of errors: a message may hold a URL with a token in it. */
const reasonFor = (error: unknown): string => {
  if (error instanceof AnswerTooLarge) return "answer too large";
  if (error instanceof NoAnswerInTime) return "no answer in time";
  if (!(error instanceof Error)) return "unknown error";
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const MAX_RETRY_AFTER_S = 3_600;

/** The answer's `Retry-After` in seconds, from seconds or a date (RFC 9110 §10.2.3); at most an hour. */
const retryAfterOf = (headers: HttpAnswer["headers"], nowMs: number): number => {
  const said = String(headers["retry-after"] ?? "").trim();
  const seconds = /^[\d.]+$/.test(said) ? Number(said) : (Date.parse(said) - nowMs) / SECOND;
  if (!Number.isFinite(seconds) || seconds <= 0) return DEFAULT_RETRY_AFTER_S;
  return Math.min(Math.ceil(seconds), MAX_RETRY_AFTER_S);
};

/**
 * Sends one request to one of Google's OAuth endpoints, limited in time and size. Redirects are not followed, so that
 * no secret travels on. `json` is undefined if the answer is not JSON. Failures of the network or Google never throw.
 */
export const askEndpoint = async (clock: Clock, url: string, form?: URLSearchParams): Promise<EndpointAnswer> => {
  const timeoutMs = Math.max(MIN_TIMEOUT_MS, clock.lasting(TIMEOUT_MS));
  try {
    const { status, headers, text } = await sendRequest({
      url,
      method: form === undefined ? "GET" : "POST",
      headers: { accept: "application/json", ...(form && { "content-type": FORM }) },
      ...(form && { body: form.toString() }),
      timeoutMs,
      largestAnswerBytes: MAX_ANSWER_BYTES,
      // A code works only once. On a kept connection that has closed in the meantime, we could not know whether it was
      // used.
      keepAlive: false,
    });
    const retryAfterS = retryAfterOf(headers, clock.nowMs());
    if (status >= 500 || status === 408 || status === 429) return toUnreachable(`status ${status}`, retryAfterS);
    if (status >= 300 && status < 400) return toUnreachable(`redirect ${status}`);
    return { kind: "answer", status, headers, json: parseJson(text), retryAfterS };
  } catch (error) {
    return toUnreachable(reasonFor(error));
  }
};
