import type { OutgoingMail } from "../../domain/google/transports.ts";
import { shownRecipients } from "../../domain/messages/accept/raw-mail.ts";
import { scanMail } from "../../domain/messages/accept/raw-scan.ts";
import { envelopeAddress } from "../gmail-smtp/address.ts";

const HEADER_END = "\r\n\r\n";

/** The addresses in To and Cc. One in a display name does not count, or its owner would get nothing. */
const shownAddresses = (mail: Buffer): ReadonlySet<string> => {
  const end = mail.indexOf(HEADER_END);
  const header = end === -1 ? mail : mail.subarray(0, end + HEADER_END.length);
  const scanned = scanMail(header);
  if (!scanned.ok) return new Set();
  const { to, cc } = shownRecipients(header, scanned.value);
  return new Set([...to.addresses, ...cc.addresses].map((address) => address.toLowerCase()));
};

/**
 * The Gmail API has no envelope: it sends to everyone in To, Cc and Bcc, and removes Bcc before delivery. So the
 * recipients that no field shows go into a Bcc field. Undefined if one of them cannot stand in a header. (Excluding a
 * shown recipient is impossible, but never needed: the API accepts or refuses a message as a whole.)
 */
export const withBcc = (mail: OutgoingMail): Buffer | undefined => {
  const shown = shownAddresses(mail.raw);
  const hidden: string[] = [];
  for (const recipient of mail.envelope.to) {
    const address = envelopeAddress(recipient);
    if (address === undefined) return undefined;
    if (!shown.has(address.toLowerCase())) hidden.push(address);
  }
  if (hidden.length === 0) return mail.raw;
  return Buffer.concat([Buffer.from(`Bcc: ${hidden.join(",\r\n ")}\r\n`, "utf8"), mail.raw]);
};
