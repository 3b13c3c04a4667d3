import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, MINUTE, SECOND } from "../domain/clock.ts";
import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { type BodyShare, SMALL_BODY } from "./body-room.ts";
import { sentParts } from "./framework-guard.ts";
import type { JsonScan } from "./json-scan.ts";
import { excessProblem } from "./parse-json.ts";

/** Cloud Run ends an HTTP/1 request at 32 MiB, so Relais does everywhere. */
export const LARGEST_BODY = 32 * 1024 * 1024;
/** The limit of a route that sets none. */
export const DEFAULT_BODY = 1024 * 1024;

const TOO_LARGE = fail<Problem>({ code: "request_too_large" });
const TOO_SLOW = fail<Problem>({ code: "request_timeout" });
/** About as long as it takes to store one large body. */
const OVERLOADED = fail<Problem>({ code: "overloaded", retryAfterS: 5 });

/** Thrown if the caller has gone, or if another part has already answered: nobody waits for an answer. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/**
 * Real milliseconds for a body to arrive. However the clock is scaled, a large one gets enough time on a busy machine.
 */
export const bodyTimeoutMs = (clock: Pick<Clock, "lasting">): number => Math.max(5 * SECOND, clock.lasting(MINUTE));

export interface BodyDeadline {
  readonly overdue: AbortSignal;
}

/**
 * Watches that the body arrives in time. If it does not, `overdue` aborts and the socket is closed once the request is
 * answered. The rest of a body that was refused early may arrive until then, so that its caller can read why: closing
 * at once resets the connection.
 */
export const bodyDeadline = (req: IncomingMessage, res: ServerResponse, ms: number): BodyDeadline => {
  const overdue = new AbortController();
  const cut = (): void => void (req.complete || req.socket.destroySoon());
  const timer = setTimeout(() => {
    if (req.complete) return;
    overdue.abort();
    if (res.writableFinished) cut();
    else res.once("finish", cut);
  }, ms);
  timer.unref();
  req.once("close", () => clearTimeout(timer));
  return { overdue: overdue.signal };
};

export interface BodyRequest {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly share: BodyShare;
  /** Bytes. */
  readonly limit: number;
  /** For a body that claims to be JSON: it is refused as soon as it exceeds a limit. */
  readonly scan: JsonScan | null;
  /** The caller is unknown. */
  readonly anonymous: boolean;
  readonly overdue: AbortSignal;
}

/**
 * Reads the whole body of at most `limit` bytes. Problems: `request_too_large`, `request_timeout`, `overloaded` if it
 * got no turn, and those of the scan. After a problem, the rest is dropped. Throws `CallerGone`.
 */
export const readBody = async (request: BodyRequest): Promise<Result<Buffer>> => {
  const { req, res, limit, overdue } = request;
  const announced = announcedBytes(req);
  if (announced !== null && announced > limit) return TOO_LARGE;
  if (overdue.aborted) return TOO_SLOW;
  if (res.closed || req.errored) throw new CallerGone();
  return collect(request, announced ?? limit);
};

/** Null if the body comes in chunks, or if there is none. */
const announcedBytes = (req: IncomingMessage): number | null => {
  const { contentLength } = sentParts(req);
  return contentLength === undefined ? null : Number(contentLength);
};

const collect = (request: BodyRequest, atMost: number): Promise<Result<Buffer>> =>
  new Promise((resolve, reject) => {
    const { req, res, share, overdue } = request;
    let bytes: Buffer = Buffer.alloc(0);
    let [size, hasTurn, waiting] = [0, atMost <= SMALL_BODY, false];
    const leave = (): void => {
      req.off("data", take).off("end", finish).off("error", abandon).off("close", abandon);
      res.off("close", abandon);
      overdue.removeEventListener("abort", late);
    };
    const settle = (outcome: Result<Buffer>): void => {
      leave();
      resolve(outcome);
    };
    // While the body waits for its turn, the caller is not to blame.
    const late = (): void => settle(waiting ? OVERLOADED : TOO_SLOW);
    const abandon = (): void => {
      leave();
      reject(new CallerGone());
    };
    const finish = (): void => {
      share.complete(size);
      settle(ok(bytes.subarray(0, size)));
    };
    const waitForTurn = async (): Promise<void> => {
      [hasTurn, waiting] = [true, true];
      req.pause();
      const granted = await share.turn(atMost);
      waiting = false;
      if (granted) req.resume();
      else settle(OVERLOADED);
    };
    const keep = (chunk: Buffer): void => {
      bytes = growBuffer(bytes, size + chunk.length, atMost);
      chunk.copy(bytes, size);
      size += chunk.length;
      share.hold(size, request);
      if (size > SMALL_BODY && !hasTurn) void waitForTurn();
    };
    const take = (chunk: Buffer): void => {
      const problem = findExcess(request, chunk, size + chunk.length);
      if (problem === null) keep(chunk);
      else settle(problem);
    };
    share.onLost(late);
    overdue.addEventListener("abort", late);
    res.once("close", abandon);
    req.once("error", abandon).once("close", abandon).once("end", finish).on("data", take);
  });

/**
 * Doubles the buffer if the bytes do not fit, so that memory stays within twice what arrived, however small the chunks.
 */
const growBuffer = (bytes: Buffer, needed: number, atMost: number): Buffer => {
  if (needed <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(Math.min(atMost, Math.max(needed, 2 * bytes.length)));
  bytes.copy(larger);
  return larger;
};

const findExcess = ({ limit, scan }: BodyRequest, chunk: Buffer, size: number): Result<Buffer> | null => {
  if (size > limit) return TOO_LARGE;
  const excess = scan?.(chunk) ?? null;
  return excess === null ? null : fail(excessProblem(excess));
};

/** Reads and drops the rest of a body, so that its caller can read the answer and the connection can be reused. */
export const dropRest = (req: IncomingMessage): void => {
  if (!req.readableEnded && !req.destroyed) req.resume();
};
