import { hasPermission, type Principal } from "../../access/records.ts";
import { listRecords } from "../../every-record.ts";
import { fieldProblem } from "../../field-problems.ts";
import { idsInReach, outOfReach } from "../../mail-servers/server-access.ts";
import { encodeCursor } from "../../page-cursor.ts";
import { invalidRequest } from "../../problem.ts";
import type { QueryArguments, QueryName } from "../../queries.ts";
import type { Page, Records, Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { serverCalled } from "../accept/choose-server.ts";
import type { Message, MessageStatus } from "../message.ts";
import { lookupPrefix, matchesSearch, type SearchTerms } from "./message-search.ts";

export interface MessageFilter {
  /** Id or name of a mail server. */
  readonly server: string | null;
  readonly status: MessageStatus | null;
  /** Folded; of any recipient. */
  readonly to: string | null;
  /** Each starts a recipient's address or a word of the subject; none: not searched. */
  readonly terms: SearchTerms;
  /** Only those of which Gmail refused a recipient. */
  readonly rejected: boolean;
}

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

type Found = Page<Message> | "bad_cursor";

interface Narrowed extends Omit<MessageFilter, "server"> {
  readonly serverId: string | null;
}

type MessageQuery = Extract<QueryName, `messages${string}`>;

/** One query with its arguments: a page of it, and the cursor that leads on after one of its messages. */
interface Source {
  readonly read: (page: PageWanted) => Promise<Found>;
  readonly cursorAfter: (message: Versioned<Message>) => string;
}

const sourceOf = (records: Records, { serverId, status, to, terms }: Narrowed): Source => {
  const ask = <Q extends MessageQuery>(name: Q, args: QueryArguments<Q>): Source => ({
    read: (page) => records.query(name, args, page),
    cursorAfter: ({ id, value }) => encodeCursor(name, args, { orderValue: value.createdAtMs, id }),
  });
  if (terms.length > 0) {
    const searchPrefixes = lookupPrefix(terms);
    return serverId === null
      ? ask("messagesFound", { searchPrefixes })
      : ask("messagesOfServerFound", { serverId, searchPrefixes });
  }
  if (to === null) {
    if (serverId !== null && status !== null) return ask("messagesOfServerByStatus", { serverId, status });
    if (serverId !== null) return ask("messagesOfServer", { serverId });
    return status === null ? ask("messagesNewest", {}) : ask("messagesByStatus", { status });
  }
  const recipientAddresses = to;
  if (serverId !== null && status !== null) {
    return ask("messagesOfServerByStatusTo", { serverId, status, recipientAddresses });
  }
  if (serverId !== null) return ask("messagesOfServerTo", { serverId, recipientAddresses });
  return status === null
    ? ask("messagesTo", { recipientAddresses })
    : ask("messagesByStatusTo", { status, recipientAddresses });
};

/** Records read at once, at least: a short page would find little of what is rare. */
const DEFAULT_PAGE = 50;
/** So many pages are read for somebody who sees few of many messages, or searches for what is rare; then `next` leads on. */
const MOST_PAGES = 20;
/** And so many once something is found: each costs a query, and the console asks again every few seconds. */
const ENOUGH_PAGES = 4;

/** The messages of a source that pass `keep`, up to `limit`. An answer may hold fewer and yet have a `next`. */
const sift = async (
  source: Source,
  keep: (message: Message) => boolean,
  { limit, cursor: start }: PageWanted,
): Promise<Found> => {
  const items: Versioned<Message>[] = [];
  let cursor = start;
  for (let pages = 1; ; pages += 1) {
    const found = await source.read({ limit: Math.max(limit, DEFAULT_PAGE), cursor });
    if (found === "bad_cursor") return found;
    items.push(...found.items.filter(({ value }) => keep(value)));
    const last = items[limit - 1];
    const isMore = items.length > limit || found.next !== null;
    if (last !== undefined) return { items: items.slice(0, limit), next: isMore ? source.cursorAfter(last) : null };
    const most = items.length > 0 ? ENOUGH_PAGES : MOST_PAGES;
    if (found.next === null || pages >= most) return { items, next: found.next };
    cursor = found.next;
  }
};

/** A query finds more than it was asked for: the index of a search knows the start of one term alone and no status, none knows refusals. */
const isFound =
  ({ status, to, terms, rejected }: Narrowed) =>
  (message: Message): boolean =>
    (status === null || message.status === status) &&
    (to === null || message.recipientAddresses.includes(to)) &&
    (!rejected || message.recipients.some(({ state }) => state === "rejected")) &&
    matchesSearch(message, terms);

/** `visible`: the servers whose messages are shown; null: all. */
const list = (
  records: Records,
  filter: Narrowed,
  { visible, page }: { readonly visible: ReadonlySet<string> | null; readonly page: PageWanted },
): Promise<Found> => {
  const source = sourceOf(records, filter);
  if (visible === null && filter.terms.length === 0 && !filter.rejected) return source.read(page);
  const isMatch = isFound(filter);
  return sift(source, (message) => (visible === null || visible.has(message.serverId)) && isMatch(message), page);
};

/** By id or name. The id of a deleted server stands for as long as messages of it are left. */
const serverIdOf = async (records: Records, server: string): Promise<string | undefined> => {
  const found = await serverCalled(records, server);
  if (found !== undefined || !server.startsWith("srv_")) return found?.id;
  const left = await listRecords(records, "messagesOfServer", { serverId: server }, { most: 1 });
  return left.length === 0 ? undefined : server;
};

/**
 * Messages, newest first. `forbidden` to a key without `read`; a filter's server that is not there is `invalid_request` at `/server`, one
 * outside a key's list `server_not_allowed`, another's to a member `not_found`. Throws `Unavailable`.
 */
export const listMessages = async (
  records: Records,
  principal: Principal,
  { filter, page }: { readonly filter: MessageFilter; readonly page: PageWanted },
): Promise<Result<Found>> => {
  if (!hasPermission(principal, "read")) return fail({ code: "forbidden" });
  const visible = await idsInReach(records, principal);
  const { server, ...rest } = filter;
  if (server === null) {
    const [only, ...others] = visible ?? [];
    if (visible !== null && only === undefined) return ok({ items: [], next: null });
    if (only !== undefined && others.length === 0) {
      return ok(await list(records, { ...rest, serverId: only }, { visible: null, page }));
    }
    return ok(await list(records, { ...rest, serverId: null }, { visible, page }));
  }
  const serverId = await serverIdOf(records, server);
  if (visible !== null && (serverId === undefined || !visible.has(serverId))) {
    return fail(outOfReach(principal));
  }
  return serverId === undefined
    ? fail(invalidRequest(fieldProblem("/server", "no_such_server")))
    : ok(await list(records, { ...rest, serverId }, { visible: null, page }));
};
