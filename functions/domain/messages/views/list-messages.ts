import { hasPermission, keyIdOf, type Principal } from "../../access/records.ts";
import { listRecords } from "../../every-record.ts";
import { fieldProblem } from "../../field-problems.ts";
import { idsInReach, outOfReach } from "../../mail-servers/server-access.ts";
import { encodeCursor } from "../../page-cursor.ts";
import { invalidRequest } from "../../problem.ts";
import type { QueryArguments, QueryName } from "../../queries.ts";
import type { Page, Records, Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { findServer } from "../accept/choose-server.ts";
import { foldAddress } from "../mailbox.ts";
import type { Message, MessageStatus } from "../message.ts";
import {
  lookupPrefix,
  matchesSearch,
  messageIdEntry,
  type SearchTerms,
  sameMessageId,
  senderEntry,
  tagEntry,
} from "./message-search.ts";

export interface MessageFilter {
  /** Id or name of a mail server. */
  readonly server: string | null;
  readonly status: MessageStatus | null;
  /** The folded address of any recipient. */
  readonly to: string | null;
  /** Each term must start a recipient's address or a word of the subject. Without terms there is no search. */
  readonly terms: SearchTerms;
  /** Lists only messages of which Gmail refused a recipient. */
  readonly rejected: boolean;
  /** The id of the API key that sent it. */
  readonly key: string | null;
  /** The folded address of the sender. */
  readonly from: string | null;
  /** With or without its angle brackets. */
  readonly messageId: string | null;
  /** Each tag must have this value. */
  readonly tags: Readonly<Record<string, string>>;
  /** Accepted at this time or later. */
  readonly afterMs: number | null;
  /** Accepted before this time. */
  readonly beforeMs: number | null;
}

/** Every message. */
export const NO_FILTER: MessageFilter = {
  server: null,
  status: null,
  to: null,
  terms: [],
  rejected: false,
  key: null,
  from: null,
  messageId: null,
  tags: {},
  afterMs: null,
  beforeMs: null,
};

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

type Found = Page<Message> | "bad_cursor";

interface Narrowed extends Omit<MessageFilter, "server"> {
  readonly serverId: string | null;
}

type MessageQuery = Extract<QueryName, `messages${string}`>;

/** One query with its arguments: it reads a page and makes the cursor that continues after a message. */
interface Source {
  readonly read: (page: PageWanted) => Promise<Found>;
  readonly cursorAfter: (message: Versioned<Message>) => string;
  /** The cursor that starts with the messages accepted before this time. */
  readonly cursorBefore: (beforeMs: number) => string;
}

/** The id of no message, before those of all: in a list by time, newest first, it stands behind all of that time. */
const BEHIND_ALL = "-";

/** A prefix this long is more telling than a tag, as far as one can know. */
const TELLING_PREFIX = 3;

/** The entry of the search index that finds the fewest messages, by guess; undefined if nothing is searched by it. */
const lookupEntry = ({ to, terms, messageId, tags, from }: Narrowed): string | undefined => {
  const typed = terms.length === 0 ? undefined : lookupPrefix(terms);
  const [tag] = Object.entries(tags).map(([name, value]) => tagEntry(name, value));
  if (messageId !== null) return messageIdEntry(messageId);
  if (typed !== undefined && typed.length >= TELLING_PREFIX) return typed;
  // An exact recipient has indexes of its own.
  return to === null ? (tag ?? typed ?? (from === null ? undefined : senderEntry(from))) : undefined;
};

const sourceOf = (records: Records, filter: Narrowed): Source => {
  const ask = <Q extends MessageQuery>(name: Q, args: QueryArguments<Q>): Source => {
    const cursorAt = (orderValue: number, id: string): string => encodeCursor(name, args, { orderValue, id });
    return {
      read: (page) => records.query(name, args, page),
      cursorAfter: ({ id, value }) => cursorAt(value.createdAtMs, id),
      cursorBefore: (beforeMs) => cursorAt(beforeMs, BEHIND_ALL),
    };
  };
  const { serverId, status, to } = filter;
  const searchPrefixes = lookupEntry(filter);
  if (searchPrefixes !== undefined) {
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

/** The least number of records in one read: rare matches would hardly turn up in shorter pages. */
const LEAST_PAGE = 50;
/** The most pages that one request reads while nothing matches; the caller goes on with `next`. */
const MOST_PAGES = 20;
/** The most pages once something matches: each page costs a query, and the console polls every few seconds. */
const ENOUGH_PAGES = 4;

/** Ends a source, which is newest first, with the messages accepted at `afterMs`. */
const endingAt = (source: Source, afterMs: number | null): Source => ({
  ...source,
  read: async (page) => {
    const found = await source.read(page);
    if (found === "bad_cursor" || afterMs === null) return found;
    const items = found.items.filter(({ value }) => value.createdAtMs >= afterMs);
    return { items, next: items.length < found.items.length ? null : found.next };
  },
});

/** Reads up to `limit` messages that pass `keep`. An answer may hold fewer and still have a `next`. */
const filterPages = async (
  source: Source,
  keep: (message: Message) => boolean,
  { limit, cursor: start }: PageWanted,
): Promise<Found> => {
  const items: Versioned<Message>[] = [];
  let cursor = start;
  for (let pages = 1; ; pages += 1) {
    const found = await source.read({ limit: Math.max(limit, LEAST_PAGE), cursor });
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

/**
 * A query may return more than the filter asks for: the search index knows one of the things searched for and no
 * status, and no index knows refused recipients.
 */
const matchesFilter =
  ({ status, to, terms, rejected, key, from, messageId, tags, beforeMs }: Narrowed) =>
  (message: Message): boolean =>
    (status === null || message.status === status) &&
    (to === null || message.recipientAddresses.includes(to)) &&
    (!rejected || message.recipients.some(({ state }) => state === "rejected")) &&
    (key === null || keyIdOf(message.caller) === key) &&
    (from === null || foldAddress(message.from) === from) &&
    (messageId === null || sameMessageId(message.messageId, messageId)) &&
    (beforeMs === null || message.createdAtMs < beforeMs) &&
    Object.entries(tags).every(([name, value]) => Object.hasOwn(message.tags, name) && message.tags[name] === value) &&
    matchesSearch(message, terms);

/** Whether the query returns exactly what the filter asks for. */
const isExact = ({ terms, rejected, key, from, messageId, tags, afterMs, beforeMs }: Narrowed): boolean =>
  terms.length === 0 &&
  !rejected &&
  [key, from, messageId, afterMs, beforeMs].every((value) => value === null) &&
  Object.keys(tags).length === 0;

/** `visible` holds the servers whose messages are shown; null means all. */
const list = (
  records: Records,
  filter: Narrowed,
  { visible, page }: { readonly visible: ReadonlySet<string> | null; readonly page: PageWanted },
): Promise<Found> => {
  const source = sourceOf(records, filter);
  if (visible === null && isExact(filter)) return source.read(page);
  const isMatch = matchesFilter(filter);
  const { afterMs, beforeMs } = filter;
  const cursor = page.cursor ?? (beforeMs === null ? null : source.cursorBefore(beforeMs));
  return filterPages(
    endingAt(source, afterMs),
    (message) => (visible === null || visible.has(message.serverId)) && isMatch(message),
    { ...page, cursor },
  );
};

/** Finds a server by id or name. The id of a deleted server stays valid as long as it has messages. */
const findServerId = async (records: Records, server: string): Promise<string | undefined> => {
  const found = await findServer(records, server);
  if (found !== undefined || !server.startsWith("srv_")) return found?.id;
  const left = await listRecords(records, "messagesOfServer", { serverId: server }, { most: 1 });
  return left.length === 0 ? undefined : server;
};

/**
 * Lists messages, newest first. A key without `read` gets `forbidden`. A filter that names a server gets
 * `invalid_request` at `/server` if there is no such server, `server_not_allowed` if it is outside the key's list, and
 * `not_found` if it is not the member's. Throws `Unavailable`.
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
  const serverId = await findServerId(records, server);
  if (visible !== null && (serverId === undefined || !visible.has(serverId))) {
    return fail(outOfReach(principal));
  }
  return serverId === undefined
    ? fail(invalidRequest(fieldProblem("/server", "no_such_server")))
    : ok(await list(records, { ...rest, serverId }, { visible: null, page }));
};
