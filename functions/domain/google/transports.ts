import type { Secret } from "../secret.ts";
import type { SmtpReply, SmtpStage } from "./replies.ts";

/** Asks without a login whether the SMTP server offers SMTPUTF8 (RFC 6531). Null if nobody knows. Never throws. */
export type OffersSmtpUtf8 = () => Promise<boolean | null>;

/** A mail ready to send: its envelope (RFC 5321) and its MIME message (RFC 5322, CRLF line ends, no Bcc). */
export interface OutgoingMail {
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly raw: Buffer;
  /**
   * Makes the same mail in 7-bit octets, for a server without 8BITMIME (RFC 6152). Null if its body is gone. Absent if
   * the mail must not be changed, as its caller has composed it. Throws `Unavailable`.
   */
  readonly sevenBit?: () => Promise<Buffer | null>;
}

export interface Login {
  /** The account's address, also the SMTP user. */
  readonly username: string;
  readonly accessToken: Secret;
}

/** The recipients that were refused at RCPT, each with its reply. */
export type RefusedRecipients = readonly { readonly address: string; readonly reply: SmtpReply }[];

export type SendOutcome =
  /** Gmail confirmed the message. `refused` lists recipients refused at RCPT; `providerId` is the Gmail API's id. */
  | {
      readonly kind: "accepted";
      readonly accepted: readonly string[];
      readonly refused: RefusedRecipients;
      readonly reply: SmtpReply;
      readonly providerId: string | null;
    }
  /** Gmail refused, and nothing was sent. If it refused all recipients, `stage` is `rcpt` and `refused` lists them. */
  | {
      readonly kind: "refused";
      readonly stage: SmtpStage;
      readonly reply: SmtpReply;
      readonly refused: RefusedRecipients;
      readonly retryAfterMs: number | null;
      /** The Gmail API's reasons, in lower case. */
      readonly reasons?: readonly string[];
      /** Relais did not try, because EHLO does not offer what the mail needs. */
      readonly lacks?: "smtputf8" | "8bitmime";
    }
  /** The connection broke before the end of the message went out; nothing was sent. */
  | { readonly kind: "not_sent"; readonly stage: SmtpStage; readonly reason: string }
  /** The connection broke after the end of the message (or of the API request) went out; it may have been sent. */
  | {
      readonly kind: "unknown";
      readonly reason: string;
      /** The Gmail API's 5xx response, if there was one. */
      readonly reply?: SmtpReply;
      /** With SMTP: the recipients refused at RCPT before that. */
      readonly refused?: RefusedRecipients;
    }
  /** `beforeData` returned false, because the claim was lost; nothing was sent. */
  | { readonly kind: "abandoned" };

export interface ProbeStage {
  readonly stage: "dns" | "tls" | "auth" | "envelope";
  readonly ok: boolean;
  readonly ms: number;
  /** For `envelope`: whether EHLO offers SMTPUTF8 (RFC 6531). */
  readonly smtpUtf8?: boolean;
  /** The server's refusal; if there is none, `reason` says what broke. */
  readonly reply?: SmtpReply;
  /** For a refused `envelope`: the refused command. */
  readonly at?: "mail" | "rcpt";
  /** The Gmail API's reasons, in lower case. */
  readonly reasons?: readonly string[];
  readonly reason?: string;
}

/**
 * Awaited before the last octet of a message goes out (or the Gmail API's request body), so that the caller can store a
 * mark; false stops the send. By SMTP it gets the recipients refused so far, so that the mark names everyone whom the
 * message may reach. It is called again, before that octet, if it turns out that some of them are refused.
 */
export type BeforeData = (refused?: RefusedRecipients) => Promise<boolean>;

/** Hands mail to Gmail. Failures of Gmail or the network are outcomes and never thrown. */
export interface MailTransport {
  send(mail: OutgoingMail, login: Login, beforeData: BeforeData): Promise<SendOutcome>;
  /**
   * Tests every stage except sending, until the first failure: dns, tls, auth and, by SMTP, envelope (MAIL and RCPT to
   * oneself, then RSET). `thorough`, for an account that Gmail has refused, also asks the Gmail API to send nothing.
   */
  probe(login: Login, how?: { readonly thorough: boolean }): Promise<readonly ProbeStage[]>;
  /** Ends idle sessions and aborts mails under way; one whose end has not gone out yet is `not_sent`. */
  close(): Promise<void>;
}
