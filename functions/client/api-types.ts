import type { programView, sessionView } from "../domain/access/session-view.ts";
import type { mailServerView } from "../domain/mail-servers/mail-server-view.ts";
import type { messageReceipt, messageView } from "../domain/messages/views/message-view.ts";
import type { ProblemCode as ExpectedCode, FieldProblem } from "../domain/problem.ts";

/**
 * The JSON of the HTTP API. Answers have the type of the view that builds them, so the two cannot drift apart. The
 * build writes these types out in full (`infra/build/client-types.ts`), because consumers do not have the domain.
 */

/** The codes of RFC 9457 problems that this release knows. A later release may answer others. */
export type ProblemCode = ExpectedCode | "internal_error";

/** One invalid place in a request: `path` is a JSON Pointer into the body, or `/name` for a query parameter. */
export type InvalidField = FieldProblem;

/** A message as `GET /v1/messages/{id}` shows it. */
export type Message = ReturnType<typeof messageView>;

/** The answer to an accepted message. */
export type MessageReceipt = ReturnType<typeof messageReceipt>;

/** A mail server as `GET /v1/mail-servers` shows it. */
export type MailServer = ReturnType<typeof mailServerView>;

/** What a credential may do. A program's `servers` are ids; none means every one. */
export type Session = ReturnType<typeof programView> | ReturnType<typeof sessionView>;
