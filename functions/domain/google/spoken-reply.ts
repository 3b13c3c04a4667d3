import type { SmtpReply } from "../messages/message.ts";

/** A reply as it stood on the line: the enhanced code is what one looks up. */
export const spoken = ({ code, enhanced, response }: SmtpReply): string =>
  [code, enhanced, response].filter((part) => part !== null && part !== "").join(" ");
