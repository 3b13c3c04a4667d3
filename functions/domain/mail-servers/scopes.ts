import type { Transport } from "../transport.ts";
import type { Grant } from "./mail-server.ts";

const FULL_MAIL = "https://mail.google.com/";
const SEND_ONLY = "https://www.googleapis.com/auth/gmail.send";

/**
 * The scopes of which one must have been granted, the one that Relais asks for first. Gmail's SMTP takes nothing less than full mail
 * (developers.google.com/workspace/gmail/imap/xoauth2-protocol); full mail covers the API's send as well
 * (developers.google.com/workspace/gmail/api/reference/rest/v1/users.messages/send).
 */
const SUFFICIENT: Readonly<Record<Transport, readonly string[]>> = {
  smtp: [FULL_MAIL],
  gmail_api: [SEND_ONLY, FULL_MAIL],
};

/** Do the scopes that Google answered let this transport send? */
export const scopesSuffice = (transport: Transport, scopes: Grant["scopes"]): boolean =>
  SUFFICIENT[transport].some((scope) => scopes.includes(scope));

/** The scope to ask Google for: the least that lets the transport send. */
export const scopeToAskFor = (transport: Transport): string => (transport === "smtp" ? FULL_MAIL : SEND_ONLY);
