import * as z from "zod";
import { says } from "../field-problems.ts";
import { onOneLine } from "./on-one-line.ts";

/** An attachment as `POST /v1/messages` takes it. */
export interface DocumentAttachment {
  readonly filename?: string;
  /** Base64. */
  readonly content: string;
  readonly contentType?: string;
  readonly cid?: string;
}

/** The encodings that nodemailer passes on to Node (nodejs.org/api/buffer.html#buffers-and-character-encodings). */
const ENCODINGS = [
  "utf8",
  "utf-8",
  "base64",
  "base64url",
  "hex",
  "latin1",
  "binary",
  "ascii",
  "utf16le",
  "ucs2",
] as const;

/** `data:[<type>][;base64],<data>` (RFC 2397). */
const DATA_URI = /^data:([^,]*?)(;base64)?,(.*)$/is;

interface Decoded {
  readonly content: string;
  readonly contentType?: string;
}

/** Escapes stand for bytes of any kind, not for UTF-8 alone, so each byte is looked at as a character of its own. */
const percentDecoded = (text: string): Buffer => {
  const byteAt = (_: string, hex: string): string => String.fromCharCode(Number.parseInt(hex, 16));
  const bytes = Buffer.from(text)
    .toString("latin1")
    .replace(/%([0-9a-f]{2})/gi, byteAt);
  return Buffer.from(bytes, "latin1");
};

/** The bytes in a `data:` URI; null if it is none. Nothing else is ever read from a path or an address. */
const readDataUri = (uri: string): Decoded | null => {
  const [, type = "", base64, data = ""] = DATA_URI.exec(uri) ?? [];
  if (!DATA_URI.test(uri)) return null;
  const bytes = base64 === undefined ? percentDecoded(data) : Buffer.from(data, "base64");
  return {
    content: bytes.toString("base64"),
    ...(type === "" || type.startsWith(";") ? {} : { contentType: type }),
  };
};

const absent = z.union([z.null(), z.undefined()]).transform(() => undefined);
const text = z.union([absent, z.string()]).optional();
const name = z.union([absent, z.literal(false).transform(() => undefined), z.string()]).optional();
const bytes = z.instanceof(Uint8Array);

const shape = z.object({
  filename: name,
  content: z.union([absent, bytes, z.string()]).optional(),
  encoding: z.union([absent, z.string().toLowerCase().pipe(z.enum(ENCODINGS))]).optional(),
  path: text,
  href: text,
  raw: z.union([absent, z.never(says("never_fetched"))]).optional(),
  contentType: text,
  cid: text,
  httpHeaders: z.union([absent, z.record(z.string(), z.string())]).optional(),
});

const inBase64 = ({ content, encoding }: z.output<typeof shape>): string => {
  if (content === undefined) return "";
  return typeof content === "string"
    ? Buffer.from(content, encoding ?? "utf8").toString("base64")
    : Buffer.from(content).toString("base64");
};

/** As nodemailer reads it, except that a file or an address is refused. */
const attachment = shape.transform((given, ctx): DocumentAttachment => {
  const { filename, contentType, cid, path, href } = given;
  const [member, source] = path === undefined ? ["href", href] : ["path", path];
  const read = source === undefined ? { content: inBase64(given) } : readDataUri(source);
  if (read === null) {
    ctx.issues.push({ code: "custom", input: source, path: [member], message: says("never_fetched_document") });
    return z.NEVER;
  }
  const type = contentType ?? ("contentType" in read ? read.contentType : undefined);
  return {
    content: read.content,
    ...(filename === undefined ? {} : { filename: onOneLine(filename) }),
    ...(type === undefined ? {} : { contentType: type }),
    ...(cid === undefined ? {} : { cid }),
  };
});

export const attachmentsInput = z.array(attachment);
