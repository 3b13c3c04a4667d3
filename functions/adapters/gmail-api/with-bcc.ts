import type { OutgoingMail } from "../../domain/google/transports.ts";
import { envelopeAddress } from "../gmail-smtp/address.ts";

const HEADER_END = "\r\n\r\n";
const ADDRESS_FIELD = /^(?:to|cc):/i;
const QUOTED_STRING = /"(?:\\.|[^"\\])*"/g;

/** Addresses that really stand in To and Cc; one in a display name does not count, or its owner would get nothing. */
const shownAddresses = (header: string): ReadonlySet<string> => {
  const values = header
    .split(/\r\n(?![ \t])/)
    .filter((field) => ADDRESS_FIELD.test(field))
    .map((field) => field.slice(field.indexOf(":") + 1).replace(QUOTED_STRING, ""));
  const addresses = values.flatMap((value) => value.split(",")).map((entry) => /<([^<>]*)>/.exec(entry)?.[1] ?? entry);
  return new Set(addresses.map((address) => address.trim().toLowerCase()));
};

/**
 * The Gmail API has no envelope: it sends to whoever stands in To, Cc and Bcc, and takes Bcc out before delivery. So the envelope's recipients
 * that no field shows are put into a Bcc field. Undefined: one of them cannot stand in a header.
 * (Sending to fewer than are shown cannot be said this way; it never comes to that, since the API takes or refuses a message whole.)
 */
export const withBcc = (mail: OutgoingMail): Buffer | undefined => {
  const end = mail.raw.indexOf(HEADER_END);
  const shown = shownAddresses(mail.raw.subarray(0, end === -1 ? mail.raw.length : end).toString("utf8"));
  const hidden: string[] = [];
  for (const recipient of mail.envelope.to) {
    const address = envelopeAddress(recipient);
    if (address === undefined) return undefined;
    if (!shown.has(address.toLowerCase())) hidden.push(address);
  }
  if (hidden.length === 0) return mail.raw;
  return Buffer.concat([Buffer.from(`Bcc: ${hidden.join(",\r\n ")}\r\n`, "utf8"), mail.raw]);
};
