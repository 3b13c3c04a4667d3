import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, MINUTE, SECOND } from "../domain/clock.ts";
import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import { type BodyShare, SMALL_BODY } from "./body-room.ts";
import { sentParts } from "./framework-guard.ts";
import type { JsonScan } from "./json-scan.ts";
import { excessProblem } from "./parse-json.ts";

/** Cloud Run ends a request of HTTP/1 at 32 MiB, so Relais does everywhere. */
export const LARGEST_BODY = 32 * 1024 * 1024;
/** What a route takes that says nothing else. */
export const USUAL_BODY = 1024 * 1024;

const TOO_LARGE = fail<Problem>({ code: "request_too_large" });
const TOO_SLOW = fail<Problem>({ code: "request_timeout" });
/** About as long as one large body takes to be stored. */
const OVERLOADED = fail<Problem>({ code: "overloaded", retryAfterS: 5 });

/** Thrown when the caller broke off, or somebody else has answered in our stead: nobody waits for an answer. */
export class CallerGone extends Error {
  override readonly name = "CallerGone";
}

/** Real milliseconds within which a body must have come whole. Scaled, it still leaves a large one the time to come on a busy machine. */
export const bodyTimeoutMs = (clock: Pick<Clock, "lasting">): number => Math.max(5 * SECOND, clock.lasting(MINUTE));

export interface BodyDeadline {
  readonly overdue: AbortSignal;
}

/**
 * Watches that the body comes in time. Where it does not, `overdue` aborts, and the socket is closed once the request is answered: a body that was
 * refused early is let come until then, so that its caller gets to read why (cutting it off resets the connection).
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

export interface BodyWanted {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly share: BodyShare;
  /** Bytes. */
  readonly limit: number;
  /** For a body that claims to be JSON: what is too much is refused as soon as it is seen. */
  readonly scan: JsonScan | null;
  /** Nobody knows who calls. */
  readonly anonymous: boolean;
  readonly overdue: AbortSignal;
}

/**
 * The whole body, at most `limit` bytes. Problems: `request_too_large`, `request_timeout`, `overloaded` where its turn did not come, and what the
 * scan finds. After a problem the rest is not kept. Throws `CallerGone`.
 */
export const readBody = async (wanted: BodyWanted): Promise<Result<Buffer>> => {
  const { req, res, limit, overdue } = wanted;
  const announced = announcedBytes(req);
  if (announced !== null && announced > limit) return TOO_LARGE;
  if (overdue.aborted) return TOO_SLOW;
  if (res.closed || req.errored) throw new CallerGone();
  return collect(wanted, announced ?? limit);
};

/** Null where the body comes in chunks, or there is none. */
const announcedBytes = (req: IncomingMessage): number | null => {
  const { contentLength } = sentParts(req);
  return contentLength === undefined ? null : Number(contentLength);
};

const collect = (wanted: BodyWanted, atMost: number): Promise<Result<Buffer>> =>
  new Promise((resolve, reject) => {
    const { req, res, share, overdue } = wanted;
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
    // While its turn has not come, it is not the caller who is slow.
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
      bytes = roomier(bytes, size + chunk.length, atMost);
      chunk.copy(bytes, size);
      size += chunk.length;
      share.hold(size, wanted);
      if (size > SMALL_BODY && !hasTurn) void waitForTurn();
    };
    const take = (chunk: Buffer): void => {
      const problem = judge(wanted, chunk, size + chunk.length);
      if (problem === null) keep(chunk);
      else settle(problem);
    };
    share.onLost(late);
    overdue.addEventListener("abort", late);
    res.once("close", abandon);
    req.once("error", abandon).once("close", abandon).once("end", finish).on("data", take);
  });

/** Twice as large where the bytes do not fit: as much memory as came, within a factor of two, however small the pieces are. */
const roomier = (bytes: Buffer, needed: number, atMost: number): Buffer => {
  if (needed <= bytes.length) return bytes;
  const larger = Buffer.allocUnsafeSlow(Math.min(atMost, Math.max(needed, 2 * bytes.length)));
  bytes.copy(larger);
  return larger;
};

const judge = ({ limit, scan }: BodyWanted, chunk: Buffer, size: number): Result<Buffer> | null => {
  if (size > limit) return TOO_LARGE;
  const excess = scan?.(chunk) ?? null;
  return excess === null ? null : fail(excessProblem(excess));
};

/** Lets the rest of a body come and go, so that its caller gets to read the answer and the connection can be used again. */
export const dropRest = (req: IncomingMessage): void => {
  if (!req.readableEnded && !req.destroyed) req.resume();
};
