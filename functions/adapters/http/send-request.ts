import { type IncomingHttpHeaders, type IncomingMessage, request as overHttp } from "node:http";
import { request as overHttps } from "node:https";
import { Readable } from "node:stream";
import { VERIFIED_TLS } from "./verified-tls.ts";

export interface HttpRequest {
  readonly url: string;
  readonly method: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  /**
   * Bytes may come in several parts, which are sent one after the other and never joined. They are asked for twice,
   * the first time for their length.
   */
  readonly body?: string | Iterable<Uint8Array>;
  /** Real milliseconds, from the start of the request to the end of the answer. */
  readonly timeoutMs: number;
  readonly largestAnswerBytes: number;
  /**
   * Whether to use a connection that stays open. It may turn out to be closed, so use it only if sending twice is
   * harmless.
   */
  readonly keepAlive: boolean;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

export class AnswerTooLarge extends Error {
  override readonly name = "AnswerTooLarge";
}

export class NoAnswerInTime extends Error {
  override readonly name = "NoAnswerInTime";
}

/**
 * Sends one request with Node's own client and returns any status. A redirect is not followed, so that no secret
 * travels on. `fetch` would load undici, which adds 25 ms and 7 MB to a cold start. Throws `AnswerTooLarge`,
 * `NoAnswerInTime`, or Node's connection error (with a `code`).
 */
export const sendRequest = async (request: HttpRequest): Promise<HttpAnswer> => {
  const signal = AbortSignal.timeout(request.timeoutMs);
  try {
    const answer = await answerTo(request, signal);
    return { status: answer.statusCode ?? 0, headers: answer.headers, text: await read(answer, request) };
  } catch (cause) {
    throw signal.aborted ? new NoAnswerInTime("no answer in time", { cause }) : cause;
  }
};

const answerTo = (request: HttpRequest, signal: AbortSignal): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const { url, method, headers, body = "", keepAlive } = request;
    const send = url.startsWith("https:") ? overHttps : overHttp;
    const length = method === "POST" ? { "content-length": String(lengthOf(body)) } : {};
    // `agent: false` opens a connection for this request alone.
    const alone = keepAlive ? {} : { agent: false };
    const options = { method, headers: { ...headers, ...length }, signal, ...VERIFIED_TLS, ...alone };
    const sent = send(url, options, resolve).on("error", reject);
    if (typeof body === "string") sent.end(body);
    else Readable.from(body).pipe(sent);
  });

const lengthOf = (body: string | Iterable<Uint8Array>): number => {
  if (typeof body === "string") return Buffer.byteLength(body);
  let bytes = 0;
  for (const part of body) bytes += part.byteLength;
  return bytes;
};

/** Stops at the limit: an endless answer must not fill the memory. */
const read = async (answer: IncomingMessage, { largestAnswerBytes }: HttpRequest): Promise<string> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of answer) {
    bytes += part.length;
    // Leaving the loop closes the connection.
    if (bytes > largestAnswerBytes) throw new AnswerTooLarge(`more than ${largestAnswerBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
};
