import PostalMime from "postal-mime";

export interface MailFile {
  readonly name: string | null;
  readonly type: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Without its angle brackets; null if html cannot refer to it. */
  readonly cid: string | null;
}

/** A mail, read for people. */
export interface Mail {
  readonly html: string | null;
  readonly text: string | null;
  readonly source: Uint8Array<ArrayBuffer>;
  readonly files: readonly MailFile[];
}

const bytesOf = (content: ArrayBuffer | Uint8Array | string): Uint8Array<ArrayBuffer> =>
  typeof content === "string" ? new TextEncoder().encode(content) : new Uint8Array(content);

const textOrNull = (text: string | undefined): string | null =>
  text === undefined || text.trim() === "" ? null : text;

/** Reads a mail; null if it is nested or laid out beyond what the parser takes. */
export const readMail = async (source: Uint8Array<ArrayBuffer>): Promise<Mail | null> => {
  try {
    // A mail within the mail is shown as the file that it is.
    const { html, text, attachments } = await PostalMime.parse(source, { forceRfc822Attachments: true });
    const files = attachments.map(({ filename, mimeType, content, contentId }) => ({
      name: filename ?? null,
      type: mimeType,
      bytes: bytesOf(content),
      cid: contentId?.replace(/^<|>$/g, "") ?? null,
    }));
    return { html: textOrNull(html), text: textOrNull(text), source, files };
  } catch {
    return null;
  }
};
