import { domainEntry } from "../../address.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import { traitsOf } from "../../transport.ts";

/** Addresses that the account had before it was renamed at Google: programs, and mail accepted before, still use them. */
const wasOwn = (server: MailServer, from: string): boolean => grantOf(server)?.formerEmails?.includes(from) ?? false;

/** How a server's `fromFilter` covers an address (folded); null: not at all. A domain does not cover its subdomains. */
export const coverage = (server: MailServer, from: string): "exact" | "domain" | null => {
  if (server.username === from || server.fromFilter.includes(from) || wasOwn(server, from)) return "exact";
  return server.fromFilter.includes(domainEntry(from)) ? "domain" : null;
};

/** Has an operator vouched for the addresses in the server's filter, where nobody can read those that Gmail keeps? */
export const isVouchedFor = (server: Pick<MailServer, "transport" | "sendAsUnchecked">): boolean =>
  traitsOf(server.transport).vouching && server.sendAsUnchecked;

/**
 * Does Gmail keep this From (folded)? It rewrites any address but the account's own and its send-as addresses without a word (gophish#1311). If the
 * scopes do not allow those to be read (`gmail.send` alone), an operator must have vouched for it.
 */
export const isKept = (server: MailServer, from: string): boolean =>
  server.username === from || (grantOf(server)?.sendAs?.addresses.includes(from) ?? false) || isVouchedFor(server);

/** May this address (folded) stand in From: covered by the server's filter, and kept by Gmail? */
export const mayStandInFrom = (server: MailServer, from: string): boolean =>
  coverage(server, from) !== null && isKept(server, from);
