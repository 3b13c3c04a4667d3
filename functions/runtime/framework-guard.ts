import { subscribe } from "node:diagnostics_channel";
import { IncomingMessage } from "node:http";

/**
 * functions-framework runs its body parsers and Express's path decoding before any handler: malformed JSON, an unknown charset,
 * broken gzip or a bad %-escape is answered there, as text/html, with a stack trace. It also reads bodies of up to 1 GiB.
 * Node tells of each request on `http.server.request.start` before the framework sees it: there we hide what the framework would
 * trip over, and keep it for our own edge. Without `Content-Length` and `Transfer-Encoding` in the headers its parsers take the
 * request for one without a body and leave the stream alone; a path of `/` always decodes.
 * (The parsers' test for a body is `type-is.hasBody`: those two headers.)
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

/** Called once by each `index.ts`; harmless when called again. */
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
