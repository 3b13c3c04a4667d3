import * as z from "zod";
import { says } from "../../field-problems.ts";
import { decodedLine, staysOneLine } from "../one-line.ts";
import { bounded, listOf } from "./bounded-input.ts";

const MOST_ATTACHMENTS = 100;
const LONGEST_FILENAME = 255;

/** Counts the bytes in base64 (RFC 4648 §4); null if it is invalid. It is linear: one search, without backtracking. */
export const decodedLength = (base64: string): number | null => {
  if (base64.length % 4 !== 0) return null;
  const foreign = base64.search(/[^A-Za-z0-9+/]/);
  if (foreign === -1) return (base64.length / 4) * 3;
  const padding = base64.length - foreign;
  const padded = padding <= 2 && base64.slice(foreign) === "=".repeat(padding);
  return padded ? (base64.length / 4) * 3 - padding : null;
};

/** RFC 2045 §5.1: type, subtype and parameters. */
const CONTENT_TYPE =
  /^[\w!#$&^.+-]{1,64}\/[\w!#$&^.+-]{1,127}(?: ?; ?[\w!#$&^.+-]{1,64}=(?:[\w!#$&'*^.+-]{1,127}|"[^"\\]{0,127}")){0,5}$/;
const CONTENT_ID = /^[!-;=?-~]{1,255}$/;

/** Matches a control character that the percent-encoding of RFC 2231 hides in a parameter. */
const HIDDEN_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const hidesControl = (type: string): boolean => type.includes("*") && HIDDEN_CONTROL.test(type);

const inContent = z.never(says("never_fetched")).optional();

const attachment = z.strictObject({
  // These come first, so that the reason precedes its consequence: that there is no content.
  path: inContent,
  href: inContent,
  raw: inContent,
  // Programs that know no name send null, or nodemailer's false: as good as absent.
  filename: z
    .union([z.null(), z.literal(false), decodedLine(LONGEST_FILENAME)])
    .transform((name) => name || undefined)
    .optional(),
  content: z.string(says("not_base64")).refine((text) => decodedLength(text) !== null, says("not_base64")),
  contentType: z
    .string()
    .max(255)
    .regex(CONTENT_TYPE, { error: says("not_media_type"), abort: true })
    .refine((type) => staysOneLine(type) && !hidesControl(type), says("not_one_line"))
    // A multipart type would need a boundary, which nothing sets.
    .refine((type) => !type.toLowerCase().startsWith("multipart/"), says("multipart_type"))
    .optional(),
  cid: z
    .string()
    .regex(CONTENT_ID, { error: says("bad_content_id"), abort: true })
    .refine(staysOneLine, says("not_one_line"))
    .optional(),
});

export const attachmentsInput = listOf(bounded(attachment), MOST_ATTACHMENTS);
