import type { SmtpReply } from "../../domain/google/replies.ts";
import type { OutgoingMail, SendOutcome } from "../../domain/google/transports.ts";
import { envelopeAddress, isInternational } from "./address.ts";
import type { Extensions } from "./session.ts";

const BAD_ADDRESS: SmtpReply = { code: 553, enhanced: "5.1.3", response: "the address cannot stand in an envelope" };
const NO_SMTPUTF8: SmtpReply = {
  code: 553,
  enhanced: "5.6.7",
  response: "the server does not take addresses that are not ASCII",
};
export const NO_8BITMIME: SmtpReply = {
  code: 554,
  enhanced: "5.6.3",
  response: "the server takes 7-bit octets alone, and this mail must arrive unchanged",
};
const TOO_LARGE: SmtpReply = { code: 552, enhanced: "5.3.4", response: "the message is larger than the server takes" };

type Refused = Extract<SendOutcome, { readonly kind: "refused" }>;

/** The commands that begin a transaction, and the recipients that Relais refuses itself. */
export interface EnvelopeLines {
  readonly mail: string;
  readonly recipients: readonly { readonly address: string; readonly line: string }[];
  readonly refused: Refused["refused"];
}

/** Header fields beyond ASCII need SMTPUTF8 too (RFC 6532); for the body, 8BITMIME is enough. */
const headerIsInternational = (raw: Buffer): boolean => {
  const end = raw.indexOf("\r\n\r\n");
  return raw.subarray(0, end === -1 ? raw.length : end).some((byte) => byte > 0x7e);
};

/** A refusal by Relais itself, before anything is said. */
export const refusedHere = (stage: "mail" | "rcpt", reply: SmtpReply, refused: Refused["refused"] = []): Refused => ({
  kind: "refused",
  stage,
  reply,
  refused,
  retryAfterMs: null,
});

/** Writes the envelope for a server that offers these extensions, or says why it must not have the mail. Pure. */
export const envelopeLines = (
  { envelope }: Pick<OutgoingMail, "envelope">,
  raw: Buffer,
  { keywords, maxBytes }: Extensions,
): EnvelopeLines | Refused => {
  const from = envelopeAddress(envelope.from);
  if (from === undefined) return refusedHere("mail", BAD_ADDRESS);
  if (maxBytes !== null && raw.length > maxBytes) return refusedHere("mail", TOO_LARGE);
  const paths = envelope.to.map((address) => ({ address, path: envelopeAddress(address) }));
  const international =
    [from, ...paths.map(({ path }) => path ?? "")].some(isInternational) || headerIsInternational(raw);
  if (international && !keywords.has("SMTPUTF8")) return { ...refusedHere("mail", NO_SMTPUTF8), lacks: "smtputf8" };
  const refused = paths.flatMap(({ address, path }) => (path === undefined ? [{ address, reply: BAD_ADDRESS }] : []));
  if (refused.length === paths.length) return refusedHere("rcpt", BAD_ADDRESS, refused);
  const parameters = [
    keywords.has("SIZE") ? ` SIZE=${raw.length}` : "",
    keywords.has("8BITMIME") ? " BODY=8BITMIME" : "",
    international ? " SMTPUTF8" : "",
  ];
  return {
    mail: `MAIL FROM:<${from}>${parameters.join("")}`,
    recipients: paths.flatMap(({ address, path }) =>
      path === undefined ? [] : [{ address, line: `RCPT TO:<${path}>` }],
    ),
    refused,
  };
};
