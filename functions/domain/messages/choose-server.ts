import type { Principal } from "../access/records.ts";
import { fieldProblem } from "../field-problems.ts";
import { canSend, grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import { serverNameId } from "../mail-servers/server-name.ts";
import { invalidRequest, type Problem } from "../problem.ts";
import type { Page, Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { coverage, mayStandInFrom } from "./from-coverage.ts";
import { noServerMaySendFrom, serverMayNotSendFrom } from "./from-refusal.ts";
import { foldAddress } from "./mailbox.ts";
import type { Mailbox } from "./message.ts";

export interface Choice {
  readonly id: string;
  readonly server: MailServer;
  readonly from: Mailbox;
}

type Server = Versioned<MailServer>;

/** Active, and connected once: also while it must be reconnected, when its mail is held. */
const isConnected = (server: MailServer): boolean => server.active && grantOf(server) !== null;

/** Those that can send now before those to be reconnected, an exact address before a domain, then priority, then age. */
const rank = (server: MailServer, from: string | null): readonly number[] => [
  canSend(server) ? 0 : 1,
  from === null || coverage(server, from) === "exact" ? 0 : 1,
  server.priority,
  server.createdAtMs,
];

const byRank =
  (from: string | null) =>
  (a: Server, b: Server): number => {
    const [left, right] = [rank(a.value, from), rank(b.value, from)];
    const differing = left.findIndex((value, at) => value !== right[at]);
    return differing === -1 ? (a.id < b.id ? -1 : 1) : (left[differing] ?? 0) - (right[differing] ?? 0);
  };

/** The best of some servers for a From (folded; null: the server's own address); undefined where none may send it. */
export const bestServer = (servers: readonly Server[], from: string | null): Server | undefined =>
  servers
    .filter(({ value }) => isConnected(value) && (from === null || mayStandInFrom(value, from)))
    .sort(byRank(from))[0];

/** Every server, oldest first. */
const allServers = async (records: Records): Promise<readonly Server[]> => {
  const found: Server[] = [];
  let cursor: string | null = null;
  do {
    const page: Page<MailServer> | "bad_cursor" = await records.query("serversByAge", {}, { limit: 200, cursor });
    if (page === "bad_cursor") break;
    found.push(...page.items);
    cursor = page.next;
  } while (cursor !== null);
  return found;
};

const serversOfMember = async (records: Records, username: string): Promise<readonly Server[]> => {
  const page = await records.query("serversByUsername", { username }, { limit: 200 });
  return page === "bad_cursor" ? [] : page.items;
};

const serversById = async (records: Records, ids: readonly string[]): Promise<readonly Server[]> => {
  const found = await Promise.all([...new Set(ids)].map((id) => records.get("mailServers", id)));
  return found.filter((server) => server !== undefined);
};

/** The servers that a principal may send through. Throws `Unavailable`. */
export const serversOf = (records: Records, principal: Principal): Promise<readonly Server[]> => {
  if (principal.kind === "member") return serversOfMember(records, principal.email);
  return principal.kind === "key" && principal.servers.length > 0
    ? serversById(records, principal.servers)
    : allServers(records);
};

const ID = /^srv_[A-Za-z0-9_-]{1,64}$/;

/** By id, else by name, whatever its case. */
export const findServer = async (records: Records, idOrName: string): Promise<Server | undefined> => {
  const byId = ID.test(idOrName) ? await records.get("mailServers", idOrName) : undefined;
  if (byId !== undefined) return byId;
  const name = await records.get("serverNames", serverNameId(idOrName));
  return name === undefined ? undefined : records.get("mailServers", name.value.serverId);
};

/** Which servers a principal may name; a key's list binds it, a member has their own. */
const mayUse = (principal: Principal, { id, value }: Server): boolean => {
  if (principal.kind === "member") return value.username === principal.email;
  return principal.kind !== "key" || principal.servers.length === 0 || principal.servers.includes(id);
};

const unknownServer = invalidRequest(fieldProblem("/server", "no_such_server"));

/**
 * A server that is not there looks like one that is not theirs: 403 to a restricted key, and 404 to a member (as everywhere), tells them nothing of
 * either.
 */
const refusalOf = (principal: Principal): Problem => {
  if (principal.kind === "member") return { code: "not_found" };
  return principal.kind === "key" && principal.servers.length > 0 ? { code: "server_not_allowed" } : unknownServer;
};

const namedServer = async (
  records: Records,
  principal: Principal,
  { server, from }: { readonly server: string; readonly from: Mailbox | null },
): Promise<Result<Choice>> => {
  const found = await findServer(records, server);
  if (found === undefined || !mayUse(principal, found)) return fail(refusalOf(principal));
  if (!isConnected(found.value)) {
    const detail = found.value.active ? "This mail server is not connected." : "This mail server is archived.";
    return fail({ code: "server_unavailable", detail });
  }
  const folded = from && foldAddress(from.address);
  if (from !== null && folded !== null && !mayStandInFrom(found.value, folded)) {
    return fail(serverMayNotSendFrom(found.value, from.address, folded));
  }
  return ok({ id: found.id, server: found.value, from: from ?? { name: "", address: found.value.username } });
};

/**
 * The mail server for a message. `server_not_allowed` outside a key's servers; `invalid_request` at `/server` for one that is not there;
 * `not_found` to a member for another's; `server_unavailable` for one that is archived or not connected; `from_not_allowed` where From is
 * not covered or would not be kept. Throws `Unavailable`.
 */
export const chooseServer = async (
  records: Records,
  principal: Principal,
  wanted: { readonly server: string | null; readonly from: Mailbox | null },
): Promise<Result<Choice>> => {
  const { server, from } = wanted;
  if (server !== null) return namedServer(records, principal, { server, from });
  const servers = await serversOf(records, principal);
  const best = bestServer(servers, from && foldAddress(from.address));
  if (best !== undefined) {
    return ok({ id: best.id, server: best.value, from: from ?? { name: "", address: best.value.username } });
  }
  const nowhere: Problem = { code: "server_unavailable", detail: "No mail server is connected." };
  const connected = servers.map(({ value }) => value).filter(isConnected);
  return fail(from === null ? nowhere : noServerMaySendFrom(from.address, connected));
};
