import * as z from "zod";
import { says } from "../../field-problems.ts";
import { decodedLine, staysOneLine } from "../one-line.ts";
import { bounded, listOf } from "./bounded-input.ts";

const MOST_ATTACHMENTS = 100;
const LONGEST_FILENAME = 255;

/** Bytes that base64 (RFC 4648 §4) stands for; null where the text is none. Linear: one search for a foreign character, no backtracking. */
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

/** A character that the percent-encoding of RFC 2231 hides in a parameter. */
const HIDDEN_CONTROL = /%(?:[01][0-9a-f]|7f)/i;
const hidesControl = (type: string): boolean => type.includes("*") && HIDDEN_CONTROL.test(type);

const inContent = z.never(says("never_fetched")).optional();

const attachment = z.strictObject({
  // First, so that the reason comes before what follows from it: that there is no content.
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
    // A multipart would open a part of its own, whose boundary nobody has set.
    .refine((type) => !type.toLowerCase().startsWith("multipart/"), says("multipart_type"))
    .optional(),
  cid: z
    .string()
    .regex(CONTENT_ID, { error: says("bad_content_id"), abort: true })
    .refine(staysOneLine, says("not_one_line"))
    .optional(),
});

export const attachmentsInput = listOf(bounded(attachment), MOST_ATTACHMENTS);
