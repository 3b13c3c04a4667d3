import { type Clock, SECOND } from "../../domain/clock.ts";
import { AnswerTooLarge, type HttpAnswer, NoAnswerInTime, sendRequest } from "../http/send-request.ts";

/** Google answers within this or counts as unreachable (nominal). */
const TIMEOUT_MS = 10 * SECOND;
/** However the time is scaled, a network gets this long. */
const SHORTEST_TIMEOUT_MS = SECOND;
/** Token answers and key sets are a few KiB; more is not what we asked for. */
const LARGEST_ANSWER_BYTES = 256 * 1024;
const FORM = "application/x-www-form-urlencoded";

export type EndpointAnswer =
  | {
      readonly kind: "answer";
      readonly status: number;
      readonly headers: HttpAnswer["headers"];
      readonly json: unknown;
      /** When to ask again, where the answer turns out to be none. */
      readonly retryAfterS: number;
    }
  /** No connection, no complete answer in time, a redirect, 408, 429 or 5xx. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly retryAfterS: number };

const DEFAULT_RETRY_AFTER_S = 5;

const unreachable = (reason: string, retryAfterS = DEFAULT_RETRY_AFTER_S): EndpointAnswer => ({
  kind: "unreachable",
  reason,
  retryAfterS,
});

/** The names of errors only: a message may hold a URL with a token in it. */
const reasonOf = (error: unknown): string => {
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

const LONGEST_RETRY_AFTER_S = 3_600;

/** Seconds that the answer asks to wait for, given as such or as a date (RFC 9110 §10.2.3); at most an hour. */
const retryAfterOf = (headers: HttpAnswer["headers"], nowMs: number): number => {
  const said = String(headers["retry-after"] ?? "").trim();
  const seconds = /^[\d.]+$/.test(said) ? Number(said) : (Date.parse(said) - nowMs) / SECOND;
  if (!Number.isFinite(seconds) || seconds <= 0) return DEFAULT_RETRY_AFTER_S;
  return Math.min(Math.ceil(seconds), LONGEST_RETRY_AFTER_S);
};

/**
 * One request to one of Google's OAuth endpoints: no redirect followed (a secret must not travel on), limited in time and size.
 * `json` is undefined where the answer is not JSON. Never throws for what the network or Google does.
 */
export const askEndpoint = async (clock: Clock, url: string, form?: URLSearchParams): Promise<EndpointAnswer> => {
  const timeoutMs = Math.max(SHORTEST_TIMEOUT_MS, clock.lasting(TIMEOUT_MS));
  try {
    const { status, headers, text } = await sendRequest({
      url,
      method: form === undefined ? "GET" : "POST",
      headers: { accept: "application/json", ...(form && { "content-type": FORM }) },
      ...(form && { body: form.toString() }),
      timeoutMs,
      largestAnswerBytes: LARGEST_ANSWER_BYTES,
      // A code can be spent once: whether it was must not hang on a connection that was closed meanwhile.
      keepAlive: false,
    });
    const retryAfterS = retryAfterOf(headers, clock.nowMs());
    if (status >= 500 || status === 408 || status === 429) return unreachable(`status ${status}`, retryAfterS);
    if (status >= 300 && status < 400) return unreachable(`redirect ${status}`);
    return { kind: "answer", status, headers, json: parseJson(text), retryAfterS };
  } catch (error) {
    return unreachable(reasonOf(error));
  }
};
