import { domainEntry, isConsumerDomain, sameMailbox } from "../address.ts";
import type { Page, Records, Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";

const PAGE = 200;

/** Every mail server, oldest first. Throws `Unavailable`. */
export const allServers = async (records: Records): Promise<readonly Versioned<MailServer>[]> => {
  const found: Versioned<MailServer>[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<MailServer> | "bad_cursor" = await records.query("serversByAge", {}, { limit: PAGE, cursor });
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return found;
};

/**
 * The servers whose username is this address, oldest first. A consumer's mailbox has many spellings, which no index finds, so for those all
 * servers are looked through. Throws `Unavailable`.
 */
export const serversOfAddress = async (records: Records, email: string): Promise<readonly Versioned<MailServer>[]> => {
  if (isConsumerDomain(domainEntry(email))) {
    return (await allServers(records)).filter(({ value }) => sameMailbox(value.username, email));
  }
  const page = await records.query("serversByUsername", { username: email }, { limit: PAGE });
  return page === "bad_cursor" ? [] : page.items;
};
