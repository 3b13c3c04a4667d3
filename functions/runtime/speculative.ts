import type { IncomingHttpHeaders } from "node:http";

/**
 * `Sec-Purpose` (fetch.spec.whatwg.org/#sec-purpose-header), and what browsers such as Safari and Firefox sent before
 * it.
 */
const PURPOSES = ["sec-purpose", "purpose", "x-purpose", "x-moz"] as const;

/** Whether a browser loads this in advance, for a person who may never open it: `prefetch;prerender`, `Preview` … */
export const isSpeculative = (headers: IncomingHttpHeaders): boolean =>
  PURPOSES.some((name) => /\b(?:prefetch|prerender|preview)\b/i.test(String(headers[name] ?? "")));
