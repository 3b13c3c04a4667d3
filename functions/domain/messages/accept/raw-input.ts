import * as z from "zod";
import { detail } from "../../detail-texts.ts";
import { fieldProblem, fieldProblems, says } from "../../field-problems.ts";
import { invalidRequest } from "../../problem.ts";
import { fail, ok, type Result } from "../../result.ts";
import { sha256Hex } from "../../sha256.ts";
import { distinctAddresses, foldAddress } from "../mailbox.ts";
import type { Mailbox, MessageBody } from "../message.ts";
import { bounded } from "./bounded-input.ts";
import {
  contentMembers,
  type MessageLimits,
  MOST_RECIPIENTS,
  mailboxesInput,
  placeProblems,
  type SharedInput,
  sharedInput,
  sharedMembers,
} from "./message-input.ts";
import { envelopeInHeader, type RawMail, readRawMail } from "./raw-mail.ts";

/** The most bytes of a composed mail over HTTP. On the topic it is `TOPIC_SIZE_LIMIT`. */
export const RAW_SIZE_LIMIT = 33_000_000;

/** A request with a mail that its caller has composed. */
export interface RawInput extends SharedInput {
  readonly raw: RawMail;
  /** The bytes as they came. */
  readonly given: Buffer;
  /** The addresses of the request's own envelope; null if it has none. */
  readonly envelope: readonly string[] | null;
  /** What the record shows of it. */
  readonly shown: Pick<MessageBody, "subject" | "to" | "cc" | "bcc">;
}

/** Either alphabet of RFC 4648, with or without padding. It is linear: one search, without backtracking. */
const isBase64 = (text: string): boolean => {
  const foreign = text.search(/[^A-Za-z0-9+/_-]/);
  const end = foreign === -1 ? text.length : foreign;
  const padding = text.slice(end);
  return (
    end % 4 !== 1 &&
    (padding === "" || (padding === "=".repeat(padding.length) && padding.length === (4 - (end % 4)) % 4))
  );
};

/** The mail: as bytes from a body that is the mail itself, or in base64 within JSON. */
const rawInput = z.unknown().transform((value, ctx): Buffer => {
  if (Buffer.isBuffer(value)) return value;
  if (typeof value === "string" && isBase64(value)) return Buffer.from(value, "base64");
  ctx.issues.push({ code: "custom", input: value, message: says("raw_not_base64") });
  return z.NEVER;
});

/** The JSON of a mail that its caller has composed. */
export const rawSchema = bounded(
  z.strictObject({ raw: rawInput, envelope: z.strictObject({ to: mailboxesInput }).optional(), ...sharedMembers }),
);
type RawMembers = z.output<typeof rawSchema>;

/** Whether a request holds a mail that its caller has composed. */
export const holdsRaw = (json: unknown): json is object =>
  typeof json === "object" && json !== null && Object.hasOwn(json, "raw");

const mailboxes = (addresses: readonly string[]): readonly Mailbox[] =>
  addresses.map((address) => ({ name: "", address }));

/** The envelope as given, or else To, Cc and Bcc of the mail. */
const recipientsOf = ({ envelope }: RawMembers, raw: RawMail): Result<readonly string[]> => {
  const recipients = envelope === undefined ? envelopeInHeader(raw) : distinctAddresses(envelope.to);
  if (recipients === null) return fail(invalidRequest(fieldProblem("/raw", "raw_unreadable_recipients")));
  if (recipients.length === 0) return fail(invalidRequest(fieldProblem("/envelope/to", "no_recipient")));
  return recipients.length > MOST_RECIPIENTS
    ? fail(invalidRequest(fieldProblem("/envelope/to", "too_many_recipients", { most: MOST_RECIPIENTS })))
    : ok(recipients);
};

/** Those of the envelope that To and Cc do not show are blind copies. */
const shownOf = ({ subject, shown: { to, cc } }: RawMail, recipients: readonly string[]): RawInput["shown"] => {
  const seen = new Set([...to.addresses, ...cc.addresses].map(foldAddress));
  return {
    subject,
    to: mailboxes(to.addresses),
    cc: mailboxes(cc.addresses),
    bcc: mailboxes(recipients.filter((address) => !seen.has(foldAddress(address)))),
  };
};

const inputOf = (members: RawMembers, sizeLimit: number): Result<RawInput> => {
  const sizeBytes = members.raw.length;
  if (sizeBytes > sizeLimit) {
    return fail({ code: "message_too_large", detail: detail("raw_too_large", { bytes: sizeBytes, most: sizeLimit }) });
  }
  const raw = readRawMail(members.raw);
  if (!raw.ok) return raw;
  const recipients = recipientsOf(members, raw.value);
  if (!recipients.ok) return recipients;
  return ok({
    ...sharedInput(members),
    from: raw.value.from,
    raw: raw.value,
    given: members.raw,
    envelope: members.envelope === undefined ? null : recipients.value,
    shown: shownOf(raw.value, recipients.value),
    recipients: recipients.value,
    sizeBytes,
  });
};

/**
 * Parses a request that holds a composed mail (`raw`), which excludes the members that describe content. Refuses like
 * `parseMessage`, and must not depend on the time either.
 */
export const parseRawMessage = (json: object, { sizeLimit, at = [] }: MessageLimits): Result<RawInput> => {
  const described = Object.keys(json).filter((name) => Object.hasOwn(contentMembers, name));
  if (described.length > 0) {
    const problems = described.map((name) => fieldProblem(`/${name}`, "not_with_raw"));
    return fail(placeProblems(invalidRequest(...problems), at));
  }
  const parsed = rawSchema.safeParse(json, { reportInput: true });
  if (!parsed.success) return fail(invalidRequest(...fieldProblems(parsed.error, at)));
  const input = inputOf(parsed.data, sizeLimit);
  return input.ok ? input : fail(placeProblems(input.problem, at));
};

/**
 * The request as a JSON value, from which its idempotency hash is made. It is the same however the bytes came: as the
 * body, or in either base64.
 */
export const rawRequestValue = (json: object, { given, envelope }: RawInput): unknown => {
  const others = Object.entries(json).filter(([name]) => name !== "raw" && name !== "envelope");
  return { ...Object.fromEntries(others), raw: sha256Hex(given), ...(envelope === null ? {} : { envelope }) };
};
