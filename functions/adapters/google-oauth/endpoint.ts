import { type Clock, SECOND } from "../../domain/clock.ts";

/** Google answers within this or counts as unreachable (nominal). */
const TIMEOUT_MS = 10 * SECOND;
/** However the time is scaled, a network gets this long. */
const SHORTEST_TIMEOUT_MS = SECOND;
/** Token answers and key sets are a few KiB; more is not what we asked for. */
const LARGEST_ANSWER_BYTES = 256 * 1024;

export type EndpointAnswer =
  | { readonly kind: "answer"; readonly status: number; readonly headers: Headers; readonly json: unknown }
  /** No connection, no complete answer in time, a redirect, 429 or 5xx. */
  | { readonly kind: "unreachable"; readonly reason: string; readonly retryAfterS: number };

const DEFAULT_RETRY_AFTER_S = 5;

const unreachable = (reason: string, retryAfterS = DEFAULT_RETRY_AFTER_S): EndpointAnswer => ({
  kind: "unreachable",
  reason,
  retryAfterS,
});

/** The names of errors only: a message may hold a URL with a token in it. */
const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "unknown error";
  const { cause } = error;
  const code = cause instanceof Error && "code" in cause && typeof cause.code === "string" ? cause.code : null;
  return code ?? (error.name === "TimeoutError" ? "no answer in time" : error.name);
};

/** Reads no further than the limit: an endless answer must not fill the memory. */
const readLimited = async (response: Response): Promise<string | null> => {
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > LARGEST_ANSWER_BYTES) return null;
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const retryAfterOf = (headers: Headers): number => {
  const seconds = Number(headers.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) && seconds > 0 ? Math.min(Math.ceil(seconds), 3_600) : DEFAULT_RETRY_AFTER_S;
};

/**
 * One request to one of Google's OAuth endpoints: no redirect followed (a secret must not travel on), limited in time and size.
 * `json` is undefined where the answer is not JSON. Never throws for what the network or Google does.
 */
export const askEndpoint = async (clock: Clock, url: string, form?: URLSearchParams): Promise<EndpointAnswer> => {
  const timeoutMs = Math.max(SHORTEST_TIMEOUT_MS, clock.lasting(TIMEOUT_MS));
  try {
    const response = await fetch(url, {
      method: form === undefined ? "GET" : "POST",
      headers: { accept: "application/json" },
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      ...(form === undefined ? {} : { body: form }),
    });
    const { status, headers } = response;
    const text = await readLimited(response);
    if (text === null) return unreachable("answer too large");
    if (status >= 500 || status === 429) return unreachable(`status ${status}`, retryAfterOf(headers));
    if (status >= 300 && status < 400) return unreachable(`redirect ${status}`);
    return { kind: "answer", status, headers, json: parseJson(text) };
  } catch (error) {
    return unreachable(reasonOf(error));
  }
};
