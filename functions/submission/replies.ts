import type { LoginFailure } from "./login.ts";
import type { SmtpReply } from "./smtp-reply.ts";
import type { Answer, Refusal } from "./submit.ts";

/** Every reply of the door that is not smtp-server's own (RFC 5321 §4.2.3, RFC 3463, RFC 4954). */

const reply = (code: number, enhanced: string, text: string): SmtpReply => ({ code, enhanced, text });

export const TLS_FIRST = reply(530, "5.7.0", "Must issue a STARTTLS command first");
/** RFC 4954 §6. */
export const ENCRYPTION_REQUIRED = reply(538, "5.7.11", "Encryption required: issue a STARTTLS command first");
/** smtp-server adds code and enhanced code. */
export const LOGIN_REQUIRED_TEXT = "Log in first: the password is a Relais API key";
export const TOO_MANY_CONNECTIONS = reply(421, "4.3.2", "Too many connections, try again in a moment");
export const STOPPING = reply(421, "4.3.2", "Relais is stopping, try again in a moment");
export const TOO_MANY_LOGINS = reply(421, "4.7.0", "Too many failed logins");
export const LOGIN_TOO_SLOW = reply(421, "4.4.2", "No login in time");
export const DATA_TOO_SLOW = reply(421, "4.4.2", "The message did not come whole in time");
export const BAD_RECIPIENT = reply(553, "5.1.3", "Not an address that mail can be sent to");
export const TOO_MANY_RECIPIENTS = reply(452, "4.5.3", "Too many recipients, send the message to the others again");
export const NO_ROOM = reply(452, "4.3.1", "No memory for this message at the moment, try again later");
export const TOO_LARGE = reply(552, "5.3.4", "The message is larger than 33000000 bytes");
export const TOO_MANY_FOR_ITS_SIZE = reply(
  552,
  "5.3.4",
  "A message of this size cannot go to so many recipients: send it to some of them at a time",
);
export const BAD_IDEMPOTENCY_KEY = reply(
  554,
  "5.6.0",
  "Relais-Idempotency-Key must be there once, with 1 to 255 printable ASCII characters",
);

const LOGIN_REPLIES: Readonly<Record<LoginFailure, SmtpReply>> = {
  wrong: reply(535, "5.7.8", "Username or password is wrong: the password is a Relais API key, the username relais"),
  may_not_send: reply(535, "5.7.8", "This API key may not send: make one with the permission to send"),
  out_of_reach: reply(454, "4.7.0", "Relais cannot be reached to check the password, try again later"),
};

export const loginReply = (failure: LoginFailure): SmtpReply => LOGIN_REPLIES[failure];

/** Refusals about who may send as whom, whatever their HTTP status. */
const POLICY = ["from_not_allowed", "server_unavailable", "envelope_unsupported"];

export const TRY_LATER = reply(451, "4.3.0", "Relais cannot take the message now, try again later");

/** The reply to a message that Relais has refused. Codes come before statuses, as they say more. */
const refusalReply = ({ status, code, retryable, reason }: Refusal): SmtpReply => {
  if (code !== null && POLICY.includes(code)) return reply(550, "5.7.1", reason);
  if (status === 401) return reply(535, "5.7.8", "The API key is no longer valid");
  if (status === 403) return reply(550, "5.7.1", reason);
  if (status === 413) return { ...TOO_LARGE, text: reason };
  // No header but the recipients' can be too large.
  if (status === 431) return TOO_MANY_FOR_ITS_SIZE;
  // Any other answer is not about this message: a proxy's, or of a Relais that does not know this request.
  const isFinal = status === 422 || ([400, 409].includes(status) && code !== null && !retryable);
  return isFinal ? reply(554, "5.6.0", reason) : TRY_LATER;
};

/** The reply to a message, by what Relais has answered. 250 means accepted and stored, not delivered. */
export const dataReply = (answer: Answer): SmtpReply => {
  switch (answer.kind) {
    case "accepted":
      return reply(250, "2.0.0", answer.id);
    case "refused":
      return refusalReply(answer);
    case "no_answer":
      return TRY_LATER;
  }
};
