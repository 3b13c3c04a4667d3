import type { SmtpReply } from "../../domain/google/replies.ts";
import type { Login } from "../../domain/google/transports.ts";
import { type ParsedReply, withoutLines } from "./reply-parser.ts";
import type { Answer, SmtpStream } from "./stream.ts";

/**
 * The initial client response of XOAUTH2 (developers.google.com/gmail/imap/xoauth2-protocol). Undefined if a control
 * character in the name or token could end one field and begin another.
 */
const initialResponse = (login: Login): string | undefined => {
  const token = login.accessToken.reveal();
  if (/\p{Cc}/u.test(login.username) || !/^[\x21-\x7e]+$/.test(token)) return undefined;
  return Buffer.from(`user=${login.username}\x01auth=Bearer ${token}\x01\x01`, "utf8").toString("base64");
};

/** The status in Gmail's challenge, which is base64 JSON: `{"status":"400","schemes":"Bearer","scope":"…"}`. */
const challengeStatus = (challenge: ParsedReply): string | null => {
  try {
    const said: unknown = JSON.parse(Buffer.from(challenge.lines.join(""), "base64").toString("utf8"));
    if (typeof said !== "object" || said === null || !("status" in said)) return null;
    return /^\d{3}$/.test(String(said.status)) ? String(said.status) : null;
  } catch {
    return null;
  }
};

const MALFORMED: SmtpReply = { code: 535, enhanced: "5.7.8", response: "the credentials cannot be put into XOAUTH2" };

export type AuthOutcome =
  | { readonly kind: "authenticated" }
  | { readonly kind: "refused"; readonly reply: SmtpReply }
  | { readonly kind: "lost"; readonly reason: string };

/** Only 235 is success. Gmail answers a bad token with 334 and a challenge, and refuses (535) after an empty line. */
export const authenticate = async (stream: SmtpStream, login: Login, timeoutMs: number): Promise<AuthOutcome> => {
  const response = initialResponse(login);
  if (response === undefined) return { kind: "refused", reply: MALFORMED };
  const first: Answer = await stream.command(`AUTH XOAUTH2 ${response}`, timeoutMs);
  if (first.kind === "lost") return first;
  if (first.reply.code === 235) return { kind: "authenticated" };
  if (first.reply.code !== 334) return { kind: "refused", reply: withoutLines(first.reply) };
  const status = challengeStatus(first.reply);
  const second = await stream.command("", timeoutMs);
  if (second.kind === "lost") return second;
  const { code, enhanced, response: said } = second.reply;
  if (code < 400) return { kind: "lost", reason: `unexpected reply ${code} to a refused login` };
  const why = status === null ? said : `${said} (XOAUTH2 status ${status})`;
  return { kind: "refused", reply: { code, enhanced, response: why.slice(0, 500) } };
};
