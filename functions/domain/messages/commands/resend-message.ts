import * as z from "zod";
import { hasPermission, isPerson, type Principal, principalName } from "../../access/records.ts";
import { parseWith } from "../../field-problems.ts";
import { invalidRequest, type Problem } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { type Acceptance, type AcceptDeps, acceptMessage } from "../accept/accept.ts";
import { findAccepted, identify } from "../accept/idempotency.ts";
import { HTTP_SIZE_LIMIT, mailboxesInput } from "../accept/message-input.ts";
import { RAW_SIZE_LIMIT } from "../accept/raw-input.ts";
import { readBody, readRaw } from "../body-store.ts";
import { isRaw, type Mailbox, type Message, type MessageBody } from "../message.ts";
import { visibleMessage } from "../message-access.ts";
import { keepsBody, takesCommand } from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { wrongStatus } from "./caller-move.ts";

export const resendInput = z.strictObject({ to: mailboxesInput });

/** The content as a request states it: what is null there is left out here. */
const contentOf = ({ from, to: _to, cc: _cc, bcc: _bcc, ...body }: MessageBody) => {
  const present = Object.entries(body).filter(([, value]) => value !== null);
  const attachments = body.attachments.map((attachment) =>
    Object.fromEntries(Object.entries(attachment).filter(([, value]) => value !== null)),
  );
  return { from, ...Object.fromEntries(present), attachments };
};

/**
 * The new message as a request. Of one that Relais composes, only To changes, and nobody else gets a copy. A mail that
 * its caller has composed stays as it is, since changing a byte could break its signature: only the envelope changes.
 */
const requestOf = async (
  { records }: AcceptDeps,
  { serverId, body, tags, onUnknown }: Message,
  to: readonly Mailbox[],
): Promise<object | null> => {
  const shared = { server: serverId, tags, onUnknown };
  if (isRaw(body)) return { ...shared, raw: await readRaw({ records }, body, Buffer.alloc(0)), envelope: { to } };
  const content = await readBody({ records }, { body });
  return content === null ? null : { ...shared, ...contentOf(content), to };
};

/** Names the member of this request. */
const atTo = (problem: Problem): Problem =>
  problem.code === "invalid_request"
    ? invalidRequest(...problem.fields.map((field) => ({ ...field, path: field.path.replace(/^\/envelope/, "") })))
    : problem;

const refusalOf = (principal: Principal, message: Message): Problem | null => {
  // A program could otherwise have what others have sent through its servers mailed to itself, and read it.
  if (!isPerson(principal) && message.caller !== principalName(principal)) return { code: "forbidden" };
  if (!takesCommand(message, "resend")) return wrongStatus(message.status, "resend");
  if (!isUnderstoodMessage(message)) return { code: "newer_version" };
  return keepsBody(message) ? null : { code: "body_erased" };
};

/**
 * Sends the content of a failed message to other addresses, as a new message with an id of its own, through the same
 * mail server; the failed one stays as it is. Refuses with `invalid_request` if `body` is not `{to}`, with what
 * `visibleMessage` and `acceptMessage` refuse, `forbidden` to a program that did not send the message, `wrong_status`,
 * `newer_version`, and `body_erased` seven days after it failed. Throws `Unavailable`.
 */
export const resendMessage = async (
  deps: AcceptDeps,
  principal: Principal,
  wanted: { readonly id: string; readonly body: unknown; readonly idempotencyKey: string | null },
): Promise<Result<Acceptance>> => {
  const { id, idempotencyKey } = wanted;
  if (!hasPermission(principal, "send")) return fail({ code: "forbidden" });
  const parsed = parseWith(resendInput, wanted.body);
  if (!parsed.ok) return parsed;
  const { to } = parsed.value;
  const found = await visibleMessage(deps.records, principal, id);
  if (!found.ok) return found;
  const asked = { resend: id, to };
  // A repetition gets its answer even if the body has been erased since.
  const before = await findAccepted(
    deps.records,
    identify(deps.random, { principal, key: idempotencyKey, json: asked }),
  );
  if (before !== undefined) return before.ok ? ok({ kind: "accepted", message: before.value, replayed: true }) : before;
  const refusal = refusalOf(principal, found.value.value);
  if (refusal !== null) return fail(refusal);
  const json = await requestOf(deps, found.value.value, to);
  if (json === null) return fail({ code: "body_erased" });
  const limits = { sizeLimit: HTTP_SIZE_LIMIT, rawSizeLimit: RAW_SIZE_LIMIT };
  const accepted = await acceptMessage(deps, { principal, json, asked, resentFrom: id, idempotencyKey, ...limits });
  return accepted.ok ? accepted : fail(atTo(accepted.problem));
};
