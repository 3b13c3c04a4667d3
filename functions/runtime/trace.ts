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

/** Identifies the request: by W3C `traceparent`, else Google's `X-Cloud-Trace-Context`, else an id of our own. */
export const requestTrace = (headers: IncomingHttpHeaders, random: Randomness): Trace => {
  const cloud = headers["x-cloud-trace-context"];
  const traceId =
    TRACEPARENT.exec(String(headers.traceparent ?? ""))?.[1] ?? CLOUD_TRACE.exec(String(cloud ?? ""))?.[1] ?? null;
  return { requestId: traceId ?? newId(random, "req"), traceId };
};
