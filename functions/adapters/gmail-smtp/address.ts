import { domainToASCII } from "node:url";

/**
 * An address as it may stand in MAIL FROM and RCPT TO, its domain in A-labels (RFC 5891), or undefined for one that must not be written to the
 * wire: white space, control characters and angle brackets could end the path and start a command or a parameter of the sender's own.
 */
export const envelopeAddress = (address: string): string | undefined => {
  if (address.length > 320 || /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>]/u.test(address)) return undefined;
  const at = address.lastIndexOf("@");
  if (at < 1) return undefined;
  const domain = domainToASCII(address.slice(at + 1));
  return domain === "" ? undefined : `${address.slice(0, at)}@${domain}`;
};

/** Needs SMTPUTF8 (RFC 6531), which A-labels alone do not avoid. */
export const isInternational = (address: string): boolean => /[^\x20-\x7e]/.test(address);
