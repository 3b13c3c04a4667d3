import type { IncomingHttpHeaders } from "node:http";

/** `Sec-Purpose` (fetch.spec.whatwg.org/#sec-purpose-header) and what browsers sent before it, Safari's and Firefox's among them. */
const PURPOSES = ["sec-purpose", "purpose", "x-purpose", "x-moz"] as const;

/** Does a browser load this ahead of its person, who may never come? `prefetch;prerender`, `prefetch;anonymous-client-ip`, `Preview` … */
export const isSpeculative = (headers: IncomingHttpHeaders): boolean =>
  PURPOSES.some((name) => /\b(?:prefetch|prerender|preview)\b/i.test(String(headers[name] ?? "")));
