import type { Principal } from "../access/records.ts";
import type { Page, Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MailServer } from "./mail-server.ts";
import { serversOfAddress } from "./own-servers.ts";
import { mayAdminister } from "./visible-server.ts";

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

/** Servers named by a key. */
const namedServers = async (records: Records, ids: readonly string[]): Promise<readonly Versioned<MailServer>[]> => {
  const found = await Promise.all([...new Set(ids)].map((id) => records.get("mailServers", id)));
  return found.filter((server) => server !== undefined);
};

/** A page of servers that were read whole, oldest first; the cursor is the id that the page before ended with. */
const pageOf = (found: readonly Versioned<MailServer>[], page: PageWanted): Page<MailServer> | "bad_cursor" => {
  const servers = found.toSorted((a, b) => a.value.createdAtMs - b.value.createdAtMs || (a.id < b.id ? -1 : 1));
  const after = servers.findIndex(({ id }) => id === page.cursor);
  if (page.cursor !== null && after === -1) return "bad_cursor";
  const items = servers.slice(after + 1, after + 1 + page.limit);
  const more = after + 1 + items.length < servers.length;
  return { items, next: more ? (items.at(-1)?.id ?? null) : null };
};

/**
 * The servers that someone may see, oldest first: all to operators and to callers named by their ID token, their own to members, those of
 * the key to a key with `read` (an empty list in the key: all). `forbidden` to anyone else. Throws `Unavailable`.
 */
export const listMailServers = async (
  records: Records,
  principal: Principal,
  page: PageWanted,
): Promise<Result<Page<MailServer> | "bad_cursor">> => {
  if (mayAdminister(principal) || principal.kind === "caller") return ok(await records.query("serversByAge", {}, page));
  if (principal.kind === "member") {
    return ok(pageOf(await serversOfAddress(records, principal.email), page));
  }
  if (principal.kind !== "key" || !principal.permissions.includes("read")) return fail({ code: "forbidden" });
  return ok(
    principal.servers.length === 0
      ? await records.query("serversByAge", {}, page)
      : pageOf(await namedServers(records, principal.servers), page),
  );
};
