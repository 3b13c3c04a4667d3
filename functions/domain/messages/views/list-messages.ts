import { hasPermission, keyIdOf, type Principal } from "../../access/records.ts";
import { listRecords } from "../../every-record.ts";
import { fieldProblem } from "../../field-problems.ts";
import { type Found, listWithin, type PageWanted, type Period, type Source, sourceOf } from "../../filtered-list.ts";
import { idsInReach, outOfReach } from "../../mail-servers/server-access.ts";
import { invalidRequest } from "../../problem.ts";
import type { QueryArguments, QueryName } from "../../queries.ts";
import type { Records } from "../../records.ts";
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

/** The period is that of the acceptance. */
export interface MessageFilter extends Period {
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

interface Narrowed extends Omit<MessageFilter, "server"> {
  readonly serverId: string | null;
}

type MessageQuery = Extract<QueryName, `messages${string}`>;

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

const messagesIn = (records: Records, filter: Narrowed): Source<Message> => {
  const ask = <Q extends MessageQuery>(name: Q, args: QueryArguments<Q>): Source<Message> =>
    sourceOf(records, name, args);
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

/**
 * A query may return more than the filter asks for: the search index knows one of the things searched for and no
 * status, and no index knows refused recipients.
 */
const matchesFilter =
  ({ status, to, terms, rejected, key, from, messageId, tags }: Narrowed) =>
  (message: Message): boolean =>
    (status === null || message.status === status) &&
    (to === null || message.recipientAddresses.includes(to)) &&
    (!rejected || message.recipients.some(({ state }) => state === "rejected")) &&
    (key === null || keyIdOf(message.caller) === key) &&
    (from === null || foldAddress(message.from) === from) &&
    (messageId === null || sameMessageId(message.messageId, messageId)) &&
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
): Promise<Found<Message>> => {
  const source = messagesIn(records, filter);
  if (visible === null && isExact(filter)) return source.read(page);
  const isMatch = matchesFilter(filter);
  const keep = (message: Message) => (visible === null || visible.has(message.serverId)) && isMatch(message);
  return listWithin(source, { period: filter, keep }, page);
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
): Promise<Result<Found<Message>>> => {
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
