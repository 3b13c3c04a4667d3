import type { IncomingMessage, ServerResponse } from "node:http";
import { DELIVERING } from "../domain/patience.ts";
import { type ProblemCode, Unavailable } from "../domain/problem.ts";
import type { Result } from "../domain/result.ts";
import { type BodyRequest, bodyDeadline, bodyTimeoutMs, dropRest, readBody } from "./body.ts";
import { bodyRoom } from "./body-room.ts";
import { sentParts } from "./framework-guard.ts";
import { jsonScan } from "./json-scan.ts";
import { logUnavailable } from "./log-unavailable.ts";
import { withLogContext } from "./logger.ts";
import { parseJson } from "./parse-json.ts";
import { withPatience } from "./patience.ts";
import { pushRefusal } from "./push-token.ts";
import { splitTarget } from "./router.ts";
import type { System } from "./system.ts";
import { carriedTrace, requestTrace } from "./trace.ts";

/** A message of a topic as handlers see it, whichever queue delivered it. */
export interface PushMessage {
  /** Assigned by the queue; the same at every delivery of a message. */
  readonly messageId: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The published bytes. */
  readonly data: Buffer;
  /**
   * 1 at the first delivery; null if the queue does not count (Pub/Sub without a dead-letter topic, or its emulator).
   */
  readonly deliveryAttempt: number | null;
}

/**
 * `ack`: the message is dealt with, whatever the outcome. `nack`: not even recorded, so deliver it again; it finally
 * becomes a dead letter. A handler that throws also means `nack`.
 */
export type PushOutcome = "ack" | "nack";

export type OnPush = (message: PushMessage) => Promise<PushOutcome>;

/** Parses the published bytes as JSON. A refusal is final. */
export const jsonData = (message: PushMessage): Result<unknown> => parseJson(message.data);

const NO_CONTENT = 204;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * Parses the envelope of a Pub/Sub push (cloud.google.com/pubsub/docs/push, "wrapped" payloads): `{message: {data,
 * attributes, messageId, publishTime}, subscription, deliveryAttempt}`. Undefined if it is not one.
 */
export const parsePushEnvelope = (body: Buffer): PushMessage | undefined => {
  const parsed = parseJson(body);
  if (!parsed.ok) return undefined;
  const envelope = parsed.value;
  if (!isObject(envelope) || !isObject(envelope.message)) return undefined;
  const message = envelope.message;
  const messageId = message.messageId ?? message.message_id;
  const data = message.data ?? "";
  const attributes = message.attributes ?? {};
  if (typeof messageId !== "string" || messageId === "" || typeof data !== "string" || !BASE64.test(data))
    return undefined;
  if (!isObject(attributes)) return undefined;
  const texts = Object.entries(attributes).filter((entry): entry is [string, string] => typeof entry[1] === "string");
  const attempt = envelope.deliveryAttempt;
  return {
    messageId,
    attributes: Object.fromEntries(texts),
    data: Buffer.from(data, "base64"),
    deliveryAttempt: typeof attempt === "number" && Number.isInteger(attempt) ? attempt : null,
  };
};

/** A message has at most 10 MB (cloud.google.com/pubsub/quotas); base64 and the envelope add a third. */
const PUSH_LIMIT = 16 * 1024 * 1024;
/**
 * How much data of large pushes an instance holds at once; the others wait their turn, as Pub/Sub waits for an answer.
 */
const PUSH_ROOM = 32 * 1024 * 1024;

/** Handles a call that nobody but the platform may make, and returns the status to answer. Never rejects. */
export type AnswerCall = (request: BodyRequest) => Promise<number>;

type EdgeSystem = Pick<System, "build" | "config" | "log" | "random" | "clock">;

/** The HTTP side of an internal function: `answer` is asked for the status of each call that may be made. */
export const serveCalls = (answerCall: AnswerCall, system: EdgeSystem) => {
  const shareOfRoom = bodyRoom({ limit: PUSH_ROOM });
  const bodyMs = bodyTimeoutMs(system.clock);
  return (req: IncomingMessage, res: ServerResponse): void => {
    const trace = requestTrace(req.headers, system.random);
    const share = shareOfRoom();
    const { overdue } = bodyDeadline(req, res, bodyMs);
    const answer = (status: number): void => {
      share.release();
      dropRest(req);
      if (res.headersSent || res.destroyed) return;
      // Only `/health` is answered 200.
      const body = status === 200 ? JSON.stringify(system.build) : undefined;
      res.writeHead(status, {
        "Cache-Control": "private, no-store",
        "X-Request-Id": trace.requestId,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
        ...(status === 405 ? { Allow: "POST, GET, HEAD" } : {}),
        ...(status === 503 ? { "Retry-After": "5" } : {}),
        ...(status === 408 ? { Connection: "close" } : {}),
      });
      res.end(body);
    };
    const request = { req, res, share, overdue, limit: PUSH_LIMIT, scan: jsonScan(), anonymous: false };
    void withLogContext(trace, () => admitCall(answerCall, system, request)).then(answer);
  };
};

/**
 * The HTTP side of a push subscription: 204 acknowledges, 500 or 503 asks for another delivery, and 403 refuses anyone
 * who is not the queue. A malformed push can never succeed, so it is logged and acknowledged too: only the queue's own
 * service account may call (IAM), and nobody reads the answers.
 */
export const serveEvents = (onPush: OnPush, system: EdgeSystem, patience = DELIVERING) => {
  const onPushWithPatience: OnPush = (message) => withPatience(system.clock, patience, () => onPush(message));
  return serveCalls((request) => takePush(onPushWithPatience, system, request), system);
};

/** Handles a push, given the bytes of its envelope, and returns the status to answer. Never rejects. */
export const answerPush = async (onPush: OnPush, system: Pick<System, "log">, body: Buffer): Promise<number> => {
  const message = parsePushEnvelope(body);
  if (message === undefined) {
    system.log.error("push_malformed", { bytes: body.length });
    return NO_CONTENT;
  }
  // The lines of a delivery belong to the request that accepted the mail, rather than to the push.
  const trace = carriedTrace(message.attributes);
  const handle = () => handlePush(onPush, system, message);
  return trace === undefined ? handle() : withLogContext(trace, handle);
};

const handlePush = async (onPush: OnPush, { log }: Pick<System, "log">, message: PushMessage): Promise<number> => {
  try {
    return (await onPush(message)) === "ack" ? NO_CONTENT : 503;
  } catch (error) {
    if (error instanceof Unavailable) {
      logUnavailable(log, error, { messageId: message.messageId });
      return 503;
    }
    log.error("push_defect", { messageId: message.messageId }, error);
    return 500;
  }
};

const TEMPORARY_STATUS: Partial<Record<ProblemCode, number>> = { overloaded: 503, request_timeout: 408 };

/** Refuses every call but those of the platform's own account. */
const admitCall = async (
  answerCall: AnswerCall,
  system: Pick<System, "config" | "log">,
  request: BodyRequest,
): Promise<number> => {
  const { req } = request;
  if (req.method === "GET" || req.method === "HEAD") return pathOf(req) === "/health" ? 200 : 404;
  if (req.method !== "POST") return 405;
  const refusal = pushRefusal(req.headers.authorization, system.config);
  if (refusal !== null) {
    system.log.error("push_refused", { because: refusal });
    return 403;
  }
  return answerCall(request);
};

const takePush = async (onPush: OnPush, system: Pick<System, "log">, request: BodyRequest): Promise<number> => {
  const body = await readBody(request).catch(() => undefined);
  // The connection broke; the queue sends the message again.
  if (body === undefined) return 400;
  // A push that is too large for the queue, or unreadable JSON, is malformed.
  return body.ok
    ? answerPush(onPush, system, body.value)
    : (TEMPORARY_STATUS[body.problem.code] ?? answerPush(onPush, system, Buffer.alloc(0)));
};

const pathOf = (req: IncomingMessage): string => splitTarget(sentParts(req).url).pathname;
