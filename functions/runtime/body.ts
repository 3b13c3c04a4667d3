import type { IncomingMessage } from "node:http";
import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { sentParts } from "./framework-guard.ts";

/** Cloud Run ends a request of HTTP/1 at 32 MiB; we end it there everywhere. */
export const BODY_LIMIT = 32 * 1024 * 1024;
const TOO_LARGE = fail<Problem>({ code: "request_too_large" });

/**
 * The whole body, at most `BODY_LIMIT` bytes; more is `request_too_large`, and the rest is not kept. Takes what the framework
 * has read (`rawBody`) where it has read it. Throws when the caller breaks off.
 */
export const readBody = async (req: IncomingMessage & { readonly rawBody?: unknown }): Promise<Result<Buffer>> => {
  if (Buffer.isBuffer(req.rawBody)) return req.rawBody.length > BODY_LIMIT ? TOO_LARGE : ok(req.rawBody);
  if (Number(sentParts(req).contentLength ?? 0) > BODY_LIMIT) return TOO_LARGE;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) return TOO_LARGE;
    chunks.push(chunk as Buffer);
  }
  return ok(Buffer.concat(chunks));
};
