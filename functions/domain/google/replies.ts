/** An SMTP reply (RFC 5321 §4.2) with its enhanced status code (RFC 3463), or the HTTP status of the Gmail API. */
export interface SmtpReply {
  readonly code: number;
  readonly enhanced: string | null;
  /** First 500 characters of what the server said. */
  readonly response: string;
}

export type SmtpStage = "dns" | "tls" | "greeting" | "auth" | "mail" | "rcpt" | "data" | "body";

/** A reply as it stood on the line: the enhanced code is what one looks up. */
export const spoken = ({ code, enhanced, response }: SmtpReply): string =>
  [code, enhanced, response].filter((part) => part !== null && part !== "").join(" ");
