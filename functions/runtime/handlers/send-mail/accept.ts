import { hasPermission, type Principal } from "../../../domain/access/records.ts";
import { detail } from "../../../domain/detail-texts.ts";
import { fieldProblem } from "../../../domain/field-problems.ts";
import { type Acceptance, type AcceptDeps, acceptMessage } from "../../../domain/messages/accept/accept.ts";
import { acceptBatch } from "../../../domain/messages/accept/batch.ts";
import { isIdempotencyKey } from "../../../domain/messages/accept/idempotency.ts";
import { HTTP_SIZE_LIMIT } from "../../../domain/messages/accept/message-input.ts";
import { RAW_SIZE_LIMIT } from "../../../domain/messages/accept/raw-input.ts";
import { messageReceipt, messageView } from "../../../domain/messages/views/message-view.ts";
import { preferredWaitS, type WatchDeps, watchMessage } from "../../../domain/messages/views/wait.ts";
import { invalidRequest, type Problem } from "../../../domain/problem.ts";
import { fail, ok, type Result } from "../../../domain/result.ts";
import { answerJson, callerOf } from "../../answers.ts";
import { LARGEST_BODY } from "../../body.ts";
import type { Call, Reply, ReplyHeaders, Route } from "../../http.ts";
import { parseJsonBody } from "../../json-body.ts";
import { unknownParameters } from "../../page-query.ts";
import { problemBody } from "../../problem-json.ts";
import { asParameters, isMail, mailRequest, strayRecipients } from "./mail-request.ts";

/**
 * Nothing was accepted, so nothing will be sent. An unavailable store is reported by the edge, without this promise.
 */
export const notSent = (problem: Problem): Reply => ({ kind: "problem", problem, outcome: "not_sent" });

/** The header `Idempotency-Key`; null if there is none. */
export const idempotencyKey = (call: Call): Result<string | null> => {
  const key = call.headers["idempotency-key"];
  if (key === undefined) return ok(null);
  return isIdempotencyKey(key) ? ok(key) : fail(invalidRequest(fieldProblem("", "bad_idempotency_header")));
};

/** Refuses a key that may not send before its message is read. */
export const forbidsSending = (principal: Principal): Problem | null =>
  hasPermission(principal, "send") ? null : { code: "forbidden" };

/** The request's JSON, if its query is valid too. */
const requestJson = (call: Call): Result<unknown> => {
  const stray = strayRecipients(call);
  if (stray !== null) return fail(stray);
  const unknown = unknownParameters(call.query, []);
  return unknown.length > 0 ? fail(invalidRequest(...unknown)) : parseJsonBody(call);
};

/** The message as JSON, or as a composed mail. */
const requestMessage = (call: Call): Result<unknown> => {
  if (isMail(call)) return mailRequest(call);
  const json = requestJson(call);
  const other = !json.ok && "detail" in json.problem && json.problem.detail?.code === "not_json_type";
  return other ? fail({ code: "unsupported_media_type", detail: detail("not_json_or_mail_type") }) : json;
};

export const dryRunView = (
  call: Call,
  { server, from, problems }: Extract<Acceptance, { readonly kind: "dry_run" }>,
) => ({
  ok: problems.length === 0,
  server,
  from,
  problems: problems.map((problem) => problemBody(problem, call)),
});

/** Waits for up to 50 seconds, so it gets only these parts of the call: the whole call holds the whole body. */
export const answerAccepted = async (
  system: WatchDeps,
  call: Pick<Call, "headers" | "signal">,
  { message, replayed }: Extract<Acceptance, { readonly kind: "accepted" }>,
): Promise<Reply> => {
  const waitS = preferredWaitS(call.headers.prefer);
  const watched =
    waitS === null
      ? { message, ended: false }
      : await watchMessage(system, message, { seconds: waitS, signal: call.signal });
  const headers: ReplyHeaders = {
    Location: `/v1/messages/${message.id}`,
    ...(replayed ? { "Idempotency-Replayed": "true" } : {}),
    ...(waitS === null ? {} : { "Preference-Applied": `wait=${waitS}` }),
  };
  return watched.ended
    ? answerJson(200, messageView(watched.message), headers)
    : answerJson(202, messageReceipt(watched.message), headers);
};

const post = (system: AcceptDeps & WatchDeps) => async (call: Call) => {
  const key = idempotencyKey(call);
  if (!key.ok) return notSent(key.problem);
  const json = requestMessage(call);
  if (!json.ok) return notSent(json.problem);
  const principal = callerOf(call);
  const limits = { sizeLimit: HTTP_SIZE_LIMIT, rawSizeLimit: RAW_SIZE_LIMIT };
  const accepted = await acceptMessage(system, { principal, json: json.value, idempotencyKey: key.value, ...limits });
  if (!accepted.ok) return notSent(isMail(call) ? asParameters(accepted.problem) : accepted.problem);
  if (accepted.value.kind === "dry_run") return answerJson(200, dryRunView(call, accepted.value));
  call.bodyDone();
  return answerAccepted(system, { headers: call.headers, signal: call.signal }, accepted.value);
};

/** One item of a 207: the answer that this message would get alone. */
export const itemView = (call: Call, result: Result<Acceptance>) => {
  if (!result.ok) {
    // `unavailable`: the write may have been done although its answer was lost.
    const body = problemBody(result.problem, call, result.problem.code === "unavailable" ? "unknown" : "not_sent");
    return { status: body.status, body };
  }
  return result.value.kind === "dry_run"
    ? { status: 200, body: dryRunView(call, result.value) }
    : { status: 202, body: messageReceipt(result.value.message) };
};

const postBatch = (system: AcceptDeps) => async (call: Call) => {
  if (call.headers["idempotency-key"] !== undefined) {
    return notSent(invalidRequest(fieldProblem("", "no_key_for_batch")));
  }
  const json = requestJson(call);
  if (!json.ok) return notSent(json.problem);
  const results = await acceptBatch(system, callerOf(call), json.value);
  return results.ok
    ? answerJson(207, { items: results.value.map((result) => itemView(call, result)) })
    : notSent(results.problem);
};

const tooLarge = notSent({ code: "message_too_large" });

const SEND_ROUTE = {
  method: "POST",
  access: "programs",
  bodyLimit: LARGEST_BODY,
  forbids: forbidsSending,
  tooLarge,
} as const;

/** `POST /v1/messages` and `/v1/messages/batch`. */
export const acceptRoutes = (system: AcceptDeps & WatchDeps): readonly Route[] => [
  { ...SEND_ROUTE, path: "/v1/messages", handle: post(system) },
  { ...SEND_ROUTE, path: "/v1/messages/batch", handle: postBatch(system) },
];
