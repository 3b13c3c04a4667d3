import { fail, ok, type Result } from "../domain/result.ts";
import type { Call } from "./http.ts";

/** `application/json`, or with a structured suffix (RFC 6839) such as `application/merge-patch+json`. */
const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json$/;

/**
 * The body as JSON. `unsupported_media_type` (415) for another content type or charset, `invalid_json` (400) where it is not JSON in UTF-8.
 * `emptyMeans`: what no body at all stands for; without it that is `invalid_json`.
 */
export const jsonBody = (
  call: Pick<Call, "headers" | "rawBody">,
  options?: { readonly emptyMeans: unknown },
): Result<unknown> => {
  if (call.rawBody.length === 0 && options !== undefined) return ok(options.emptyMeans);
  const [type = "", ...parameters] = (call.headers["content-type"] ?? "").toLowerCase().split(";");
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("charset="));
  if (!JSON_TYPE.test(type.trim()) || !["utf-8", "utf8", undefined].includes(charset?.slice(8).replaceAll('"', ""))) {
    return fail({ code: "unsupported_media_type" });
  }
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(call.rawBody)));
  } catch {
    return fail({ code: "invalid_json" });
  }
};
