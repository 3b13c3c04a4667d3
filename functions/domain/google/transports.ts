import type { Secret } from "../secret.ts";
import type { SmtpReply, SmtpStage } from "./replies.ts";
/**
 * Does the SMTP server take addresses beyond ASCII (SMTPUTF8, RFC 6531)? Asked without a login. Null: nobody could say in a few seconds. Never throws.
 */
export type OffersSmtpUtf8 = () => Promise<boolean | null>;

/** What goes over the wire: the envelope (RFC 5321) and the finished MIME message (RFC 5322, CRLF line ends, no Bcc). */
export interface OutgoingMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly raw: Buffer;
  /**
   * Makes the same mail in 7-bit octets, for a server without 8BITMIME (RFC 6152). Null: its body is gone. Throws
   * `Unavailable`.
   */
  readonly sevenBit?: () => Promise<Buffer | null>;
}

export interface Login {
  /** The account's address, also the SMTP user. */
  readonly username: string;
  readonly accessToken: Secret;
}

/** Recipients that were turned down at RCPT, each with what was said of it. */
export type RefusedRecipients = readonly { readonly address: string; readonly reply: SmtpReply }[];

export type SendOutcome =
  /** The end of the message was confirmed. `refused` recipients were turned down at RCPT. `providerId`: the Gmail API's id. */
  | {
      readonly kind: "accepted";
      readonly accepted: readonly string[];
      readonly refused: RefusedRecipients;
      readonly reply: SmtpReply;
      readonly providerId: string | null;
    }
  /** Gmail said no, at a stage; nothing was sent. All recipients refused: stage `rcpt`, with `refused` filled. */
  | {
      readonly kind: "refused";
      readonly stage: SmtpStage;
      readonly reply: SmtpReply;
      readonly refused: RefusedRecipients;
      readonly retryAfterMs: number | null;
      /** What the Gmail API names besides, in lower case. */
      readonly reasons?: readonly string[];
      /** It was not asked at all: its EHLO does not offer what the mail needs. */
      readonly lacks?: "smtputf8";
    }
  /** The conversation broke before the message's end went out; nothing was sent. */
  | { readonly kind: "not_sent"; readonly stage: SmtpStage; readonly reason: string }
  /** It broke after the end went out (or the Gmail API took the whole request): it may have been sent. */
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** The Gmail API's own failure (5xx), where it was that and no loss. */
      readonly reply?: SmtpReply;
      /** Recipients that had been turned down at RCPT before that, by SMTP. */
      readonly refused?: RefusedRecipients;
    }
  /** `beforeData` said no (the claim was lost): the session was reset, nothing was sent. */
  | { readonly kind: "abandoned" };

export interface ProbeStage {
  readonly stage: "dns" | "tls" | "auth" | "envelope";
  readonly ok: boolean;
  readonly ms: number;
  /** Of `envelope`: whether EHLO offers SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8?: boolean;
  /** The reply where the server said no; else `reason` says what broke. */
  readonly reply?: SmtpReply;
  /** Of a refused `envelope`: the command that was refused. */
  readonly at?: "mail" | "rcpt";
  /** With `reply`, of the Gmail API: what it names besides, in lower case. */
  readonly reasons?: readonly string[];
  readonly reason?: string;
}

/**
 * Awaited right before DATA (or before the request body of the Gmail API): the caller's durable mark; false stops the send. By SMTP it is told which
 * recipients were turned down, so that the mark says whom the message is about to reach.
 */
export type BeforeData = (refused?: RefusedRecipients) => Promise<boolean>;

/** Hands mail to Gmail. Never throws for what Gmail or the network does; all of that is in the outcome. */
export interface MailTransport {
  send(mail: OutgoingMail, login: Login, beforeData: BeforeData): Promise<SendOutcome>;
  /**
   * Proves the way without sending: dns, tls, auth and, by SMTP, envelope (MAIL and RCPT to oneself, RSET; never DATA). Ends at the first failure.
   * `thorough`: Gmail has refused the account's mail before, so the Gmail API is also asked to send nothing at all.
   */
  probe(login: Login, how?: { readonly thorough: boolean }): Promise<readonly ProbeStage[]>;
  /** Ends idle sessions, and breaks off mails under way where it can: one whose end has not gone out yet is `not_sent`. */
  close(): Promise<void>;
}
