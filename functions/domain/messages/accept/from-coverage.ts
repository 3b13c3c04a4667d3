import { domainEntry } from "../../address.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { traitsOf } from "../../transport.ts";

/** Programs, and mail accepted earlier, still use the addresses that an account had before it was renamed at Google. */
const wasOwn = (server: MailServer, from: string): boolean => grantOf(server)?.formerEmails?.includes(from) ?? false;

/** How a server's `fromFilter` covers a folded address; null if it does not. A domain does not cover its subdomains. */
export const coverage = (server: MailServer, from: string): "exact" | "domain" | null => {
  if (server.username === from || server.fromFilter.includes(from) || wasOwn(server, from)) return "exact";
  return server.fromFilter.includes(domainEntry(from)) ? "domain" : null;
};

/** Checks whether an operator vouches for the addresses in the filter, if the scopes do not let us read Gmail's. */
export const isVouchedFor = (server: Pick<MailServer, "transport" | "sendAsUnchecked">): boolean =>
  traitsOf(server.transport).vouching && server.sendAsUnchecked;

/**
 * Checks whether Gmail keeps this folded From. Gmail silently rewrites any address but the account's own and its
 * send-as addresses (gophish#1311). If the scopes do not allow reading those (`gmail.send` alone), an operator must
 * vouch for it.
 */
export const isKept = (server: MailServer, from: string): boolean =>
  server.username === from || (grantOf(server)?.sendAs?.addresses.includes(from) ?? false) || isVouchedFor(server);

/** Checks that the server's filter covers this folded address and that Gmail keeps it in From. */
export const mayStandInFrom = (server: MailServer, from: string): boolean =>
  coverage(server, from) !== null && isKept(server, from);
