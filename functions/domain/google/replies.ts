/** An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 3463), or the HTTP status of the Gmail API. */
export interface SmtpReply {
  readonly code: number;
  readonly enhanced: string | null;
  /** The first 500 characters of the reply's text. */
  readonly response: string;
}

export type SmtpStage = "dns" | "tls" | "greeting" | "auth" | "mail" | "rcpt" | "data" | "body";

/** The reply as one line, with the enhanced code, by which people look it up. */
export const spoken = ({ code, enhanced, response }: SmtpReply): string =>
  [code, enhanced, response].filter((part) => part !== null && part !== "").join(" ");
