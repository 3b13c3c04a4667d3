import { detectExtension, detectMimeType } from "nodemailer/lib/mime-funcs";
import type { MessageBody } from "../../domain/messages/message.ts";

type Attachment = MessageBody["attachments"][number];

export const OCTET_STREAM = "application/octet-stream";

/** Matches what nobody would call a name: blanks, dots, separators. */
const UNUSABLE_NAME = /^[\s.*/\\]*$/;

const usableName = (filename: string | null): string | null =>
  filename === null || UNUSABLE_NAME.test(filename) ? null : filename;

/**
 * Decides the media type once: the caller's, else by the suffix of the file's name. It is never a multipart
 * (nodemailer's table has one for `.gzip`), because such a part would have no boundary.
 */
export const mediaTypeOf = ({ contentType, filename }: Attachment): string => {
  const type = contentType ?? detectMimeType(usableName(filename)?.trim() ?? "bin");
  return /^multipart\//i.test(type) ? OCTET_STREAM : type;
};

/** Types for which nodemailer's table has no suffix, or not the one that people expect. */
const EXTENSIONS: ReadonlyMap<string, string> = new Map([
  [OCTET_STREAM, "bin"],
  ["application/gzip", "gz"],
  ["application/ics", "ics"],
  ["application/pgp-signature", "asc"],
  ["audio/mp4", "m4a"],
  ["audio/mpeg", "mp3"],
  ["image/avif", "avif"],
  ["image/heic", "heic"],
  ["image/jpeg", "jpg"],
  ["text/markdown", "md"],
  ["text/vcard", "vcf"],
]);

const extensionOf = (mediaType: string): string => {
  const type = mediaType.replace(/;.*$/s, "").trim().toLowerCase();
  if (type.startsWith("message/")) return "eml";
  const extension = EXTENSIONS.get(type) ?? detectExtension(type);
  return /^[a-z0-9]+$/.test(extension) ? extension : "bin";
};

/** The given name, else one made from the type, so that no reader shows "noname". `at` counts attachments from 0. */
export const fileNameOf = (filename: string | null, mediaType: string, at: number): string =>
  usableName(filename) ?? `attachment-${at + 1}.${extensionOf(mediaType)}`;
