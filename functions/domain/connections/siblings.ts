import type { MailServer } from "../mail-servers/mail-server.ts";
import type { Page, Records } from "../records.ts";

const PAGE = 200;

/** Ids of the servers that hold a grant of one Google account (`sub`), the oldest first. Throws `Unavailable`. */
export const serversOfAccount = async (records: Records, sub: string): Promise<readonly string[]> => {
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<MailServer> | "bad_cursor" = await records.query(
      "serversByAccount",
      { accountSub: sub },
      { limit: PAGE, cursor },
    );
    if (page === "bad_cursor") throw new Error("the store refused its own cursor");
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next;
  } while (cursor !== null);
  return ids;
};
