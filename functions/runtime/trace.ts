import type { IncomingHttpHeaders } from "node:http";
import { newId, type Randomness } from "../domain/randomness.ts";

export interface Trace {
  /** Shown to the caller in answers and headers, and written on every log line. */
  readonly requestId: string;
  /** The platform's trace id (32 hex digits) if there is one; Cloud Logging groups lines by it. */
  readonly traceId: string | null;
}

const TRACEPARENT = /^[\da-f]{2}-([\da-f]{32})-[\da-f]{16}-[\da-f]{2}$/;
const CLOUD_TRACE = /^([\da-f]{32})(?:\/|$)/;

/** An attribute of a message on a topic, as CloudEvents and OpenTelemetry name it. */
const ATTRIBUTE = "traceparent";

/** The attributes that carry a request's trace to whoever receives the message; none without a trace. */
export const traceAttributes = (trace: Trace | undefined): Readonly<Record<string, string>> =>
  trace?.traceId ? { [ATTRIBUTE]: `00-${trace.traceId}-${NO_SPAN}-01` } : {};

/** The format demands a span's id other than zero, and Relais makes no spans of its own. */
const NO_SPAN = "0000000000000001";

/** The trace of the request that published a message; undefined if it carries none. */
export const carriedTrace = (attributes: Readonly<Record<string, string>>): Trace | undefined => {
  const traceId = TRACEPARENT.exec(attributes[ATTRIBUTE] ?? "")?.[1];
  return traceId === undefined ? undefined : { requestId: traceId, traceId };
};

/** Identifies the request: by W3C `traceparent`, else Google's `X-Cloud-Trace-Context`, else an id of our own. */
export const requestTrace = (headers: IncomingHttpHeaders, random: Randomness): Trace => {
  const cloud = headers["x-cloud-trace-context"];
  const traceId =
    TRACEPARENT.exec(String(headers.traceparent ?? ""))?.[1] ?? CLOUD_TRACE.exec(String(cloud ?? ""))?.[1] ?? null;
  return { requestId: traceId ?? newId(random, "req"), traceId };
};
