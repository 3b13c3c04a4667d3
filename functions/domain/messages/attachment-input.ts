import * as z from "zod";
import { says } from "../field-problems.ts";
import { bounded, listOf } from "./bounded-input.ts";
import { isOneLine } from "./mailbox.ts";

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

const nothingIsFetched = z
  .never({
    error: says("never_fetched"),
  })
  .optional();

const attachment = z.strictObject({
  filename: z.string().max(LONGEST_FILENAME).refine(isOneLine, says("not_one_line")).optional(),
  content: z.string(says("not_base64")).refine((text) => decodedLength(text) !== null, says("not_base64")),
  contentType: z
    .string()
    .max(255)
    .regex(CONTENT_TYPE, says("not_media_type"))
    // A multipart would open a part of its own, whose boundary nobody has set.
    .refine((type) => !type.toLowerCase().startsWith("multipart/"), says("multipart_type"))
    .optional(),
  cid: z.string().regex(CONTENT_ID, says("bad_content_id")).optional(),
  path: nothingIsFetched,
  href: nothingIsFetched,
  raw: nothingIsFetched,
});

export const attachmentsInput = listOf(bounded(attachment), MOST_ATTACHMENTS);
