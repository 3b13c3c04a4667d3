import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/**
 * functions-framework runs its body parsers and Express's path decoding before any handler. They answer malformed JSON,
 * an unknown charset, broken gzip or a bad %-escape with text/html and a stack trace, and they read bodies of up to 1
 * GiB. Node publishes each request on `http.server.request.start` before the framework sees it. There we hide those
 * parts and keep them for our own edge: without `Content-Length` and `Transfer-Encoding`, the parsers (by
 * `type-is.hasBody`) assume that there is no body and leave the stream alone, and a path of `/` always decodes.
 */
export interface HiddenParts {
  readonly url: string;
  readonly contentLength: string | undefined;
  readonly transferEncoding: string | undefined;
}

const hidden = new WeakMap<IncomingMessage, HiddenParts>();

const hide = (message: unknown): void => {
  const request = (message as { readonly request?: unknown }).request;
  if (!(request instanceof IncomingMessage)) return;
  const { "content-length": contentLength, "transfer-encoding": transferEncoding } = request.headers;
  hidden.set(request, { url: request.url ?? "/", contentLength, transferEncoding });
  delete request.headers["content-length"];
  delete request.headers["transfer-encoding"];
  request.url = "/";
};

/** Each `index.ts` calls this once; calling it again is harmless. */
export const guardFramework = (): void => {
  if (guarded) return;
  guarded = true;
  subscribe("http.server.request.start", hide);
};
let guarded = false;

/** What the caller really sent. */
export const sentParts = (request: IncomingMessage): HiddenParts =>
  hidden.get(request) ?? {
    url: request.url ?? "/",
    contentLength: request.headers["content-length"],
    transferEncoding: request.headers["transfer-encoding"],
  };
