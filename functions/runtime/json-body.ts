import { type Detail, detail } from "../domain/detail-texts.ts";
import type { Problem } from "../domain/problem.ts";
import { fail, ok, type Result } from "../domain/result.ts";
import type { Call } from "./http.ts";
import { parseJson } from "./parse-json.ts";

const failUnsupported = (detail: Detail) => fail<Problem>({ code: "unsupported_media_type", detail });

/** `application/json`, or a type with a structured suffix (RFC 6839) such as `application/merge-patch+json`. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

/** Checks that the headers announce JSON in UTF-8; `unsupported_media_type` otherwise. */
export const checkMediaType = (headers: Call["headers"]): Result<true> => {
  const encoding = headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") return failUnsupported(detail("content_encoding"));
  const [type = "", ...parameters] = (headers["content-type"] ?? "")
    .split(";")
    .map((part) => part.trim().toLowerCase());
  if (!JSON_TYPE.test(type)) return failUnsupported(detail("not_json_type"));
  const charset = parameters.find((parameter) => parameter.startsWith("charset="))?.slice("charset=".length);
  const plain = charset?.replaceAll('"', "");
  // RFC 8259 §8.1: JSON between systems is UTF-8, which includes US-ASCII.
  if (plain !== undefined && !["utf-8", "utf8", "us-ascii"].includes(plain)) return failUnsupported(detail("not_utf8"));
  return ok(true);
};

/**
 * Parses the body as JSON. `unsupported_media_type` (415) for another content type, a charset other than UTF-8, or any
 * content encoding; otherwise like `parseJson`. With `emptyMeans`, an empty body stands for that value and needs no
 * content type.
 */
export const parseJsonBody = (
  call: Pick<Call, "headers" | "rawBody">,
  options?: { readonly emptyMeans: unknown },
): Result<unknown> => {
  if (call.rawBody.length === 0 && options !== undefined) return ok(options.emptyMeans);
  const media = checkMediaType(call.headers);
  return media.ok ? parseJson(call.rawBody) : media;
};
