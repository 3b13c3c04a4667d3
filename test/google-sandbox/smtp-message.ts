import type { SMTPServerDataStream, SMTPServerError } from "smtp-server";
import type { SandboxAccount } from "./accounts.ts";
import type { Fault } from "./faults.ts";
import type { Parts } from "./parts.ts";

export interface IncomingMail {
  readonly stream: SMTPServerDataStream;
  readonly account: SandboxAccount;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  /** Whether the sandbox is closed, so that it can keep no mail any more. */
  readonly isClosed: () => boolean;
  /** Cuts the connection silently. */
  readonly drop: () => void;
  readonly reply: (error: SMTPServerError | null, accepted?: string) => void;
}

/** Receives a message from 354 to the reply after its last byte, or plays what is scripted for that part. */
export const receiveMail = (parts: Parts, mail: IncomingMail): void => {
  const { stream, account } = mail;
  const email = account.email;
  const truncated = parts.faults.take("smtp_drop", email, ({ when }) => when === "mid_body") !== null;
  const chunks: Buffer[] = [];
  stream.on("data", (chunk: Buffer) => {
    if (truncated) mail.drop();
    chunks.push(chunk);
  });
  stream.on("error", () => {});
  stream.on("end", () => {
    if (truncated) return;
    const slow = parts.faults.take("smtp_slow", email);
    setTimeout(() => conclude(parts, mail, Buffer.concat(chunks)), slow?.ms ?? 0);
  });
};

const conclude = (parts: Parts, mail: IncomingMail, mime: Buffer): void => {
  if (mail.isClosed()) return;
  const { account, envelope } = mail;
  const refusal = refusalOf(parts, mail);
  if (refusal !== null) {
    mail.reply(refusal);
    return;
  }
  if (parts.faults.take("smtp_stall", account.email, (fault) => fault.stage === "body") !== null) return;
  const dropped = parts.faults.take("smtp_drop", account.email, ({ when }) => when === "after_last_byte");
  if (dropped === null || dropped.stored !== false) {
    parts.mailbox.deliver({ account, via: "smtp", to: envelope.to, givenFrom: envelope.from, mime });
  }
  if (dropped === null) mail.reply(null, `2.0.0 OK  ${Math.floor(parts.nowMs() / 1000)} sandbox - gsmtp`);
  else mail.drop();
};

const refusalOf = ({ faults }: Parts, { stream, account }: IncomingMail): SMTPServerError | null => {
  if (stream.sizeExceeded) {
    return smtpError(552, "5.3.4 Your message exceeded Google's message size limits. - gsmtp");
  }
  const scripted = faults.take("smtp_reply", account.email, (fault) => fault.stage === "body");
  if (scripted !== null) return smtpError(scripted.code, replyText(scripted));
  const limit = faults.take("smtp_daily_limit", account.email, (fault) => fault.stage === "body");
  return limit === null ? null : smtpError(550, DAILY_LIMIT);
};

export const DAILY_LIMIT =
  "5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852 - gsmtp";

const smtpError = (code: number, text: string): SMTPServerError =>
  Object.assign(new Error(text), { responseCode: code });

/** Like Gmail's, it always has an enhanced code. */
export const replyText = (reply: Extract<Fault, { fault: "smtp_reply" }>): string =>
  `${reply.enhanced ?? `${Math.floor(reply.code / 100)}.0.0`} ${reply.text ?? "Scripted by the sandbox. - gsmtp"}`;
