import { hasPermission, type Principal } from "../access/records.ts";
import type { Page, Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MailServer } from "./mail-server.ts";
import { reachesAll, serversInReach } from "./server-access.ts";

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

/** Cuts a page from a complete list of servers, oldest first. The cursor is the last id of the page before. */
const pageOf = (found: readonly Versioned<MailServer>[], page: PageWanted): Page<MailServer> | "bad_cursor" => {
  const servers = found.toSorted((a, b) => a.value.createdAtMs - b.value.createdAtMs || (a.id < b.id ? -1 : 1));
  const after = servers.findIndex(({ id }) => id === page.cursor);
  if (page.cursor !== null && after === -1) return "bad_cursor";
  const items = servers.slice(after + 1, after + 1 + page.limit);
  const more = after + 1 + items.length < servers.length;
  return { items, next: more ? (items.at(-1)?.id ?? null) : null };
};

/**
 * Lists the servers that the caller may see, oldest first: all for operators and for callers with an ID token, their
 * own for members, the key's servers for a key with `read`. `forbidden` to anyone else. Throws `Unavailable`.
 */
export const listMailServers = async (
  records: Records,
  principal: Principal,
  page: PageWanted,
): Promise<Result<Page<MailServer> | "bad_cursor">> => {
  const nobody = principal.kind === "topic" || principal.kind === "documents" || principal.kind === "relais";
  if (nobody || !hasPermission(principal, "read")) return fail({ code: "forbidden" });
  return ok(
    reachesAll(principal)
      ? await records.query("serversByAge", {}, page)
      : pageOf(await serversInReach(records, principal), page),
  );
};
