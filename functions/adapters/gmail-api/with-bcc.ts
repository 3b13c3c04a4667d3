import type { OutgoingMail } from "../../domain/google/transports.ts";
import { envelopeAddress } from "../gmail-smtp/address.ts";

const HEADER_END = "\r\n\r\n";
const ADDRESS_FIELD = /^(?:to|cc):/i;
const QUOTED_STRING = /"(?:\\.|[^"\\])*"/g;

/** The addresses in To and Cc. One in a display name does not count, or its owner would get nothing. */
const shownAddresses = (header: string): ReadonlySet<string> => {
  const values = header
    .split(/\r\n(?![ \t])/)
    .filter((field) => ADDRESS_FIELD.test(field))
    .map((field) => field.slice(field.indexOf(":") + 1).replace(QUOTED_STRING, ""));
  const addresses = values.flatMap((value) => value.split(",")).map((entry) => /<([^<>]*)>/.exec(entry)?.[1] ?? entry);
  return new Set(addresses.map((address) => address.trim().toLowerCase()));
};

/**
 * The Gmail API has no envelope: it sends to everyone in To, Cc and Bcc, and removes Bcc before delivery. So the
 * recipients that no field shows go into a Bcc field. Undefined if one of them cannot stand in a header. (Excluding a
 * shown recipient is impossible, but never needed: the API accepts or refuses a message as a whole.)
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
