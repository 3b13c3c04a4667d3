import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Call } from "./http.ts";

/** Nobody nests a message this deep; walking what is nested deeper could exhaust the stack. */
const MAX_DEPTH = 64;

const UNSUPPORTED = (detail: string) => fail<Problem>({ code: "unsupported_media_type", detail });
const INVALID = (detail: string) => fail<Problem>({ code: "invalid_json", detail });

/** `application/json`, or with a structured suffix (RFC 6839) such as `application/merge-patch+json`. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

const checkMediaType = (headers: Call["headers"]): Result<true> => {
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") return UNSUPPORTED("Send the body without Content-Encoding.");
  const [type = "", ...parameters] = (headers["content-type"] ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  if (!JSON_TYPE.test(type)) return UNSUPPORTED("Send the body as application/json.");
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const plain = charset?.replaceAll('"', "");
  // RFC 8259 §8.1: JSON between systems is UTF-8; US-ASCII is a part of it.
  if (plain !== undefined && !["utf-8", "utf8", "us-ascii"].includes(plain))
    return UNSUPPORTED("Send the JSON in UTF-8.");
  return ok(true);
};

const deeperThan = (value: unknown, limit: number): boolean => {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((item) => (typeof item === "object" && item !== null ? Object.values(item) : []));
  }
  return false;
};

/**
 * The body as JSON. `unsupported_media_type` (415) for another content type, charset than UTF-8, or any content encoding;
 * `invalid_json` (400) for what is not JSON, not UTF-8, empty, or nested deeper than 64 levels. A byte order mark is skipped (RFC 8259
 * §8.1 allows it), of duplicate keys the last holds (as JSON.parse does).
 * With `emptyMeans`, an empty body stands for that value and needs no content type.
 */
export const jsonBody = (
  call: Pick<Call, "headers" | "rawBody">,
  options?: { readonly emptyMeans: unknown },
): Result<unknown> => {
  if (call.rawBody.length === 0 && options !== undefined) return ok(options.emptyMeans);
  const media = checkMediaType(call.headers);
  if (!media.ok) return media;
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(call.rawBody));
    return deeperThan(value, MAX_DEPTH) ? INVALID("The JSON is nested too deeply.") : ok(value);
  } catch {
    return INVALID("The body is not JSON.");
  }
};
