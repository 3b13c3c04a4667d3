import { domainEntry, isConsumerDomain, sameMailbox } from "../address.ts";
import { listRecords } from "../every-record.ts";
import type { Records, Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";

/** Lists the mail servers, oldest first. Throws `Unavailable`. */
export const allServers = (
  records: Records,
  limit?: { readonly most: number },
): Promise<readonly Versioned<MailServer>[]> => listRecords(records, "serversByAge", {}, limit);

/**
 * Lists the servers whose username is this address, oldest first. A gmail.com address has many spellings, which no
 * index covers, so all servers are scanned for those. Throws `Unavailable`.
 */
export const serversOfAddress = async (records: Records, email: string): Promise<readonly Versioned<MailServer>[]> => {
  if (isConsumerDomain(domainEntry(email))) {
    return (await allServers(records)).filter(({ value }) => sameMailbox(value.username, email));
  }
  return listRecords(records, "serversByUsername", { username: email });
};
