import type { MessageBody } from "./message.ts";

/**
 * Makes the MIME message: lines of at most 998 octets that end in CRLF, without NUL. It is deterministic, reads no file
 * and fetches nothing. Throws only on defects. With `sevenBit` the body has no octet above 127; otherwise an attached
 * mail may have some.
 */
export type ComposeMime = (mail: {
  readonly body: MessageBody;
  readonly messageId: string;
  readonly date: Date;
  readonly sevenBit?: boolean;
}) => Promise<Buffer>;
