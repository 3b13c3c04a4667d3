import { domainToASCII } from "node:url";

/**
 * An address as MAIL FROM and RCPT TO may carry it, its domain in A-labels (RFC 5891). Undefined if it must not reach
 * the wire: white space, control characters and angle brackets could end the path and inject a command or parameter.
 */
export const envelopeAddress = (address: string): string | undefined => {
  if (address.length > 320 || /[\s\p{Cc}\p{Cf}\p{Zl}\p{Zp}<>]/u.test(address)) return undefined;
  const at = address.lastIndexOf("@");
  if (at < 1) return undefined;
  const domain = domainToASCII(address.slice(at + 1));
  return domain === "" ? undefined : `${address.slice(0, at)}@${domain}`;
};

/** Such an address needs SMTPUTF8 (RFC 6531); A-labels alone are not enough. */
export const isInternational = (address: string): boolean => /[^\x20-\x7e]/.test(address);
