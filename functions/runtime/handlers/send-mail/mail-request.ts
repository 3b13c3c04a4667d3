import { detail } from "../../../domain/detail-texts.ts";
import { fieldProblem } from "../../../domain/field-problems.ts";
import { invalidRequest, type Problem } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import type { Call } from "../../http.ts";
import { timeIn, unknownParameters } from "../../page-query.ts";

/** A request whose body is a composed mail (`message/rfc822`): everything else is in its query and one header. */

const MAIL_TYPE = /^message\/rfc822\s*(?:;|$)/i;
const TAG = "tag.";
const TIMES: readonly string[] = ["scheduledAt", "expiresAt"];
const PARAMETERS = ["server", "scheduledAt", "expiresAt", "onUnknown"] as const;

/** Everything that the query of a composed mail may say, besides `tag.<name>`. */
export const MAIL_PARAMETERS = [...PARAMETERS, "dryRun"] as const;

export const isMail = ({ headers }: Pick<Call, "headers">): boolean =>
  MAIL_TYPE.test(headers["content-type"]?.trim() ?? "");

/** Node decodes headers as Latin-1, but an address beyond ASCII is in UTF-8 (RFC 6531). */
const fromUtf8 = (header: string): string => {
  const decoded = Buffer.from(header, "latin1").toString("utf8");
  return decoded.includes("\uFFFD") ? header : decoded;
};

const RECIPIENTS = "relais-recipients";

const envelopeOf = (header: string | undefined) => {
  if (header === undefined) return {};
  const to = fromUtf8(header).trim();
  return { envelope: { to: to === "" ? [] : to } };
};

const BOOLEANS: ReadonlyMap<string, boolean> = new Map([
  ["true", true],
  ["false", false],
]);

/** Parameters as the members of a JSON request, whose schema checks them. */
const membersOf = (query: URLSearchParams, tags: readonly string[]) => {
  const given = PARAMETERS.flatMap((name) => {
    const value = query.get(name);
    return value === null ? [] : [[name, TIMES.includes(name) ? timeIn(value) : value] as const];
  });
  const dryRun = query.get("dryRun");
  const pairs = tags.map((name) => [name.slice(TAG.length), query.get(name) ?? ""] as const);
  return {
    ...Object.fromEntries(given),
    ...(dryRun === null ? {} : { dryRun: BOOLEANS.get(dryRun) ?? dryRun }),
    ...(tags.length === 0 ? {} : { tags: Object.fromEntries(pairs) }),
  };
};

/** The request as the JSON that says the same, with the bytes as they came. */
export const mailRequest = (call: Pick<Call, "headers" | "query" | "rawBody">): Result<object> => {
  const encoding = call.headers["content-encoding"]?.trim().toLowerCase() ?? "identity";
  if (encoding !== "identity") return fail({ code: "unsupported_media_type", detail: detail("content_encoding") });
  const tags = [...new Set(call.query.keys())].filter((name) => name.startsWith(TAG));
  const unknown = unknownParameters(call.query, [...MAIL_PARAMETERS, ...tags]);
  if (unknown.length > 0) return fail(invalidRequest(...unknown));
  return ok({ raw: call.rawBody, ...envelopeOf(call.headers[RECIPIENTS]), ...membersOf(call.query, tags) });
};

/** Names the parameter where the JSON would have a member: `/tag.kind` for `/tags/kind`. */
export const asParameters = (problem: Problem): Problem =>
  problem.code === "invalid_request"
    ? invalidRequest(...problem.fields.map((field) => ({ ...field, path: field.path.replace(/^\/tags\//, `/${TAG}`) })))
    : problem;

/** An envelope that would be ignored must be refused: the mail would go to everyone in To, Cc and Bcc instead. */
export const strayRecipients = ({ headers }: Pick<Call, "headers">): Problem | null =>
  headers[RECIPIENTS] === undefined ? null : invalidRequest(fieldProblem("", "recipients_of_mail_only"));
