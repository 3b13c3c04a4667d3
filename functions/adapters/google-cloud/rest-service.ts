import { sendRequest } from "../http/send-request.ts";
import { GoogleApiError, httpStatusOf } from "./canonical-status.ts";

/** One of Google's services over REST. */
export interface RestService {
  /** Without a trailing slash. */
  readonly rootUrl: string;
  readonly accessToken: () => Promise<string>;
}

export interface RestRequest {
  readonly method: "GET" | "POST";
  /** From the root, with the query. */
  readonly path: string;
  /** JSON. */
  readonly body?: string;
  readonly timeoutMs: number;
  readonly largestAnswerBytes: number;
  /** As in `HttpRequest`: only if sending twice is harmless. */
  readonly keepAlive: boolean;
  /** Throws if the text is not JSON. */
  readonly parse?: (text: string) => unknown;
}

/**
 * Sends one request to a service and returns its answer. Nothing is repeated here: `google-calls.ts` does that. Throws
 * `GoogleApiError`; without an answer, a write may still have happened.
 */
export const askRest = async (service: RestService, request: RestRequest): Promise<unknown> => {
  const { status, text } = await send(service, request);
  const answer = parsed(text, request.parse ?? JSON.parse);
  if (status !== 200) throw new GoogleApiError(httpStatusOf(status, answer), `HTTP ${status}${messageIn(answer)}`);
  // A proxy's page may be a 200 too.
  if (answer === undefined) throw new GoogleApiError("UNKNOWN", "the answer is not JSON");
  return answer;
};

const send = async ({ rootUrl, accessToken }: RestService, { path, body, ...request }: RestRequest) => {
  try {
    const headers = { authorization: `Bearer ${await accessToken()}`, "content-type": "application/json" };
    return await sendRequest({ ...request, url: `${rootUrl}${path}`, headers, ...(body !== undefined && { body }) });
  } catch (error) {
    // No token, no connection or half an answer.
    throw new GoogleApiError("UNAVAILABLE", String(error));
  }
};

/** Undefined if the text is not JSON. */
const parsed = (text: string, parse: (text: string) => unknown): unknown => {
  try {
    return parse(text);
  } catch {
    return undefined;
  }
};

/** Google's message names resources, never values. */
const messageIn = (answer: unknown): string => {
  const first: { readonly error?: { readonly message?: unknown } } | null | undefined = Array.isArray(answer)
    ? answer[0]
    : answer;
  const message = first?.error?.message;
  return typeof message === "string" ? `: ${message}` : "";
};
