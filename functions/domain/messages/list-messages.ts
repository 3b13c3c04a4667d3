import type { Principal } from "../access/records.ts";
import { fieldProblem } from "../field-problems.ts";
import { invalidRequest } from "../problem.ts";
import type { Page, Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { findServer, serversOf } from "./choose-server.ts";
import type { Message, MessageStatus } from "./message.ts";
import { mayUseMessages } from "./message-access.ts";

export interface MessageFilter {
  /** Id or name of a mail server. */
  readonly server: string | null;
  readonly status: MessageStatus | null;
  /** Folded; of any recipient. */
  readonly to: string | null;
}

interface PageWanted {
  readonly limit: number;
  readonly cursor: string | null;
}

type Found = Page<Message> | "bad_cursor";

interface Narrowed {
  readonly serverId: string | null;
  readonly status: MessageStatus | null;
  readonly to: string | null;
}

const queryOf = (records: Records, { serverId, status, to }: Narrowed, page: PageWanted): Promise<Found> => {
  const recipientAddresses = to;
  if (serverId === null && status === null && recipientAddresses === null) {
    return records.query("messagesNewest", {}, page);
  }
  if (serverId !== null && status !== null && recipientAddresses !== null) {
    return records.query("messagesOfServerByStatusTo", { serverId, status, recipientAddresses }, page);
  }
  if (serverId !== null && status !== null)
    return records.query("messagesOfServerByStatus", { serverId, status }, page);
  if (serverId !== null && recipientAddresses !== null) {
    return records.query("messagesOfServerTo", { serverId, recipientAddresses }, page);
  }
  if (status !== null && recipientAddresses !== null) {
    return records.query("messagesByStatusTo", { status, recipientAddresses }, page);
  }
  if (serverId !== null) return records.query("messagesOfServer", { serverId }, page);
  if (status !== null) return records.query("messagesByStatus", { status }, page);
  return records.query("messagesTo", { recipientAddresses: recipientAddresses ?? "" }, page);
};

/** So many pages are looked through for someone who sees few of many messages; then `next` leads on. */
const MOST_PAGES = 20;

/** Pages of everything, less what is not for this principal: an answer may hold fewer than `limit` and yet have a `next`. */
const listAmong = async (
  records: Records,
  visible: ReadonlySet<string>,
  { filter, page }: { readonly filter: Narrowed; readonly page: PageWanted },
): Promise<Found> => {
  let cursor = page.cursor;
  for (let pages = 1; ; pages += 1) {
    const found = await queryOf(records, filter, { ...page, cursor });
    if (found === "bad_cursor") return found;
    const items = found.items.filter(({ value }) => visible.has(value.serverId));
    if (items.length > 0 || found.next === null || pages === MOST_PAGES) return { items, next: found.next };
    cursor = found.next;
  }
};

/** Ids of the servers whose messages a principal sees; null: of all, deleted ones too. */
const visibleServers = async (records: Records, principal: Principal): Promise<ReadonlySet<string> | null> => {
  if (principal.kind === "key") return principal.servers.length === 0 ? null : new Set(principal.servers);
  if (principal.kind !== "member") return null;
  return new Set((await serversOf(records, principal)).map(({ id }) => id));
};

/** By id or name. The id of a deleted server stands for as long as messages of it are left. */
const serverIdOf = async (records: Records, server: string): Promise<string | undefined> => {
  const found = await findServer(records, server);
  if (found !== undefined || !server.startsWith("srv_")) return found?.id;
  const left = await records.query("messagesOfServer", { serverId: server }, { limit: 1 });
  return left === "bad_cursor" || left.items.length === 0 ? undefined : server;
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
  if (!mayUseMessages(principal, "read")) return fail({ code: "forbidden" });
  const visible = await visibleServers(records, principal);
  const { status, to } = filter;
  if (filter.server === null) {
    const [only, ...others] = visible ?? [];
    if (visible === null) return ok(await queryOf(records, { serverId: null, status, to }, page));
    if (only === undefined) return ok({ items: [], next: null });
    return ok(
      others.length === 0
        ? await queryOf(records, { serverId: only, status, to }, page)
        : await listAmong(records, visible, { filter: { serverId: null, status, to }, page }),
    );
  }
  const serverId = await serverIdOf(records, filter.server);
  if (visible !== null && (serverId === undefined || !visible.has(serverId))) {
    return fail({ code: principal.kind === "key" ? "server_not_allowed" : "not_found" });
  }
  return serverId === undefined
    ? fail(invalidRequest(fieldProblem("/server", "no_such_server")))
    : ok(await queryOf(records, { serverId, status, to }, page));
};
