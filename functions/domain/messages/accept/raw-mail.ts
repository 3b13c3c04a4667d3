import { detail } from "../../detail-texts.ts";
import { fieldProblem } from "../../field-problems.ts";
import { type FieldProblem, invalidRequest, type Problem } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { distinctAddresses, foldAddress } from "../mailbox.ts";
import type { Mailbox, MissingField } from "../message.ts";
import { LONGEST_LINE } from "../one-line.ts";
import { decodeWords } from "./encoded-words.ts";
import { HEADERS_LIMIT, LONGEST_HEADER } from "./header-size.ts";
import { GMAIL_SIZE_LIMIT } from "./outgoing-size.ts";
import { fieldAddresses } from "./raw-addresses.ts";
import { cleanMail } from "./raw-bytes.ts";
import { fieldsNamed, fieldValue, type RawField, type ScannedMail, scanMail } from "./raw-scan.ts";

/** A mail that its caller has composed, after parsing. */
export interface RawMail {
  /** As it is stored and sent, except for the fields that are missing. */
  readonly bytes: Buffer;
  /** The fields that Relais puts in front when the mail leaves. */
  readonly missing: readonly MissingField[];
  readonly from: Mailbox | null;
  /** With its brackets; null if Relais makes one. */
  readonly messageId: string | null;
  /** As people read it. */
  readonly subject: string;
  /** The addresses in To and Cc, and in the Bcc that was taken out. */
  readonly shown: ShownRecipients;
  readonly bcc: RecipientField;
  /** Its header has octets beyond ASCII (RFC 6532). */
  readonly headerIsUtf8: boolean;
}

export interface RecipientField {
  readonly addresses: readonly string[];
  /** Whether every entry was understood. */
  readonly complete: boolean;
}

/** Whom To and Cc name. The Gmail API sends to all of them. */
export interface ShownRecipients {
  readonly to: RecipientField;
  readonly cc: RecipientField;
}

const recipientsIn = (bytes: Buffer, scanned: ScannedMail, name: string): RecipientField => {
  const read = fieldsNamed(scanned, name).map((field) => fieldAddresses(fieldValue(bytes, field)));
  return { addresses: read.flatMap(({ addresses }) => addresses), complete: read.every(({ complete }) => complete) };
};

export const shownRecipients = (bytes: Buffer, scanned: ScannedMail): ShownRecipients => ({
  to: recipientsIn(bytes, scanned, "to"),
  cc: recipientsIn(bytes, scanned, "cc"),
});

/** The one author of the mail; null if it has no From. Of several, nobody knows whom Gmail would judge. */
const authorOf = (bytes: Buffer, scanned: ScannedMail): Mailbox | null | FieldProblem => {
  const [field, ...more] = fieldsNamed(scanned, "from");
  if (field === undefined) return null;
  const { addresses, complete } = fieldAddresses(fieldValue(bytes, field));
  const [address, ...others] = addresses;
  if (more.length > 0 || others.length > 0) return fieldProblem("/raw", "raw_several_authors");
  return complete && address !== undefined ? { name: "", address } : fieldProblem("/raw", "raw_unreadable_from");
};

/** The mail's own id, which is opaque. Without the blanks of a fold, and with its brackets if it has some. */
const idOf = (bytes: Buffer, scanned: ScannedMail): string | null | FieldProblem => {
  const [field, ...more] = fieldsNamed(scanned, "message-id");
  if (field === undefined) return null;
  const id = fieldValue(bytes, field);
  const fits = more.length === 0 && id !== "" && id.length <= LONGEST_LINE;
  return fits ? id : fieldProblem("/raw", "raw_bad_message_id", { most: LONGEST_LINE });
};

/** For people only, so what cannot be decoded is shown as it stands. */
const subjectOf = (bytes: Buffer, scanned: ScannedMail): string => {
  const [field] = fieldsNamed(scanned, "subject");
  const value = field === undefined ? "" : fieldValue(bytes, field);
  return (decodeWords(value) ?? value)
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ")
    .slice(0, LONGEST_LINE)
    .toWellFormed();
};

/** Gmail takes longer ones of these alone (support.google.com/a/answer/14016360). */
const UNLIMITED: readonly string[] = ["to", "cc", "references"];
const isTooLong = ({ name, start, end }: RawField): boolean =>
  end - start > LONGEST_HEADER && !UNLIMITED.includes(name);

/** How many addresses a problem names. */
const MOST_NAMED = 5;

/** Room for the fields that Relais may put in front. */
const MOST_IN_FRONT = 2_000;

/** Explains why Gmail would refuse the mail for its size; undefined if it would not. */
const sizeProblem = (bytes: Buffer, { fields, headerEnd, bareLineFeeds }: ScannedMail) => {
  if (headerEnd + MOST_IN_FRONT > HEADERS_LIMIT) {
    return detail("raw_header_too_large", { most: HEADERS_LIMIT - MOST_IN_FRONT });
  }
  const long = fields.find(isTooLong);
  if (long !== undefined) {
    return detail("raw_field_too_large", { name: long.name, bytes: long.end - long.start, most: LONGEST_HEADER });
  }
  const size = bytes.length + bareLineFeeds + MOST_IN_FRONT;
  return size > GMAIL_SIZE_LIMIT ? detail("mail_too_large", { bytes: size, most: GMAIL_SIZE_LIMIT }) : undefined;
};

const isProblem = <T>(value: T | FieldProblem): value is FieldProblem =>
  typeof value === "object" && value !== null && "code" in value;

const isBeyondAscii = (bytes: Buffer): boolean => bytes.some((byte) => byte > 0x7f);

/**
 * Reads a composed mail. Refuses what `scanMail` refuses, several or unreadable authors and an unusable Message-ID with
 * `invalid_request` at `/raw`, and what Gmail would refuse for its size with `message_too_large`.
 */
export const readRawMail = (bytes: Buffer): Result<RawMail> => {
  const scanned = scanMail(bytes);
  if (!scanned.ok) return scanned;
  const tooLarge = sizeProblem(bytes, scanned.value);
  if (tooLarge !== undefined) return fail({ code: "message_too_large", detail: tooLarge });
  const from = authorOf(bytes, scanned.value);
  if (isProblem(from)) return fail(invalidRequest(from));
  const messageId = idOf(bytes, scanned.value);
  if (isProblem(messageId)) return fail(invalidRequest(messageId));
  const date = fieldsNamed(scanned.value, "date").length > 0;
  return ok({
    bytes: cleanMail(bytes, scanned.value),
    missing: [
      ...(date ? [] : (["Date"] as const)),
      ...(messageId === null ? (["Message-ID"] as const) : []),
      ...(from === null ? (["From"] as const) : []),
    ],
    from,
    messageId,
    subject: subjectOf(bytes, scanned.value),
    shown: shownRecipients(bytes, scanned.value),
    bcc: recipientsIn(bytes, scanned.value, "bcc"),
    headerIsUtf8: isBeyondAscii(bytes.subarray(0, scanned.value.headerEnd)),
  });
};

/** Whom To and Cc name beside the envelope, as the problem of a transport that sends to them. */
export const beyondEnvelope = ({ to, cc }: ShownRecipients, envelope: readonly string[]): Problem | undefined => {
  const within = new Set(envelope.map(foldAddress));
  const beyond = [...to.addresses, ...cc.addresses].filter((address) => !within.has(foldAddress(address)));
  if (beyond.length > 0) {
    const addresses = beyond.slice(0, MOST_NAMED).join(", ");
    return { code: "envelope_unsupported", detail: detail("beyond_envelope", { addresses }) };
  }
  return to.complete && cc.complete
    ? undefined
    : { code: "envelope_unsupported", detail: detail("unreadable_recipients") };
};

/** To, Cc and Bcc as the envelope, each address once; null if one of them cannot be read. */
export const envelopeInHeader = ({ shown: { to, cc }, bcc }: RawMail): readonly string[] | null => {
  const fields = [to, cc, bcc];
  if (!fields.every(({ complete }) => complete)) return null;
  return distinctAddresses(fields.flatMap(({ addresses }) => addresses.map((address) => ({ name: "", address }))));
};
