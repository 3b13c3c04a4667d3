import type { IncomingMessage } from "node:http";
import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { sentParts } from "./framework-guard.ts";

/** Cloud Run ends a request of HTTP/1 at 32 MiB; we end it there everywhere. */
export const BODY_LIMIT = 32 * 1024 * 1024;
/** All bodies that one instance holds at once: parsed and encoded for the store, each takes some seven times its size. */
export const HELD_LIMIT = 64 * 1024 * 1024;
const TOO_LARGE = fail<Problem>({ code: "request_too_large" });
/** About as long as one large body takes to be stored. */
const OVERLOADED = fail<Problem>({ code: "overloaded", retryAfterS: 5 });

/** What one request holds of the room for bodies; given back by `release`, once its answer is known. */
export interface BodyShare {
  /** False: there is no room for so many bytes in all; what is held already stays held. */
  growTo(bytes: number): boolean;
  release(): void;
}

/** The room that an instance has for bodies; a share for each request. */
export const bodyRoom = (limit = HELD_LIMIT): (() => BodyShare) => {
  let held = 0;
  return () => {
    let own = 0;
    return {
      growTo: (bytes) => {
        const more = Math.max(0, bytes - own);
        if (held + more > limit) return false;
        held += more;
        own += more;
        return true;
      },
      release: () => {
        held -= own;
        own = 0;
      },
    };
  };
};

/**
 * The whole body, at most `BODY_LIMIT` bytes; more is `request_too_large`, none of the room left `overloaded`, and the rest is not kept.
 * Room for a body of a known length is taken before any of it is read. Takes what the framework has read (`rawBody`) where it has read it.
 * Throws when the caller breaks off.
 */
export const readBody = async (
  req: IncomingMessage & { readonly rawBody?: unknown },
  share: BodyShare,
): Promise<Result<Buffer>> => {
  if (Buffer.isBuffer(req.rawBody)) return req.rawBody.length > BODY_LIMIT ? TOO_LARGE : ok(req.rawBody);
  const announced = Number(sentParts(req).contentLength ?? 0);
  if (announced > BODY_LIMIT) return TOO_LARGE;
  if (!share.growTo(announced)) return OVERLOADED;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of req.iterator({ destroyOnReturn: false })) {
    size += (chunk as Buffer).length;
    if (size > BODY_LIMIT) return TOO_LARGE;
    if (!share.growTo(size)) return OVERLOADED;
    chunks.push(chunk as Buffer);
  }
  return ok(Buffer.concat(chunks));
};
