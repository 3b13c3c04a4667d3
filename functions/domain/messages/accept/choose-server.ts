import type { Principal } from "../../access/records.ts";
import { parseAddress } from "../../address.ts";
import { detail } from "../../detail-texts.ts";
import { fieldProblem } from "../../field-problems.ts";
import { canSend, grantOf, isShared, type MailServer } from "../../mail-servers/mail-server.ts";
import { serversOfAddress } from "../../mail-servers/own-servers.ts";
import {
  isInReach,
  isOwn,
  outOfReach,
  reachesAll,
  serversById,
  serversInReach,
} from "../../mail-servers/server-access.ts";
import { looksLikeId, serverNameId } from "../../mail-servers/server-name.ts";
import { invalidRequest, type Problem } from "../../problem.ts";
import type { Records, Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { foldAddress } from "../mailbox.ts";
import type { Mailbox } from "../message.ts";
import { coverage, mayStandInFrom } from "./from-coverage.ts";
import { noServerMaySendFrom, serverMayNotSendFrom } from "./from-refusal.ts";

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

/** By id, else by name, whatever its case, else by username. What looks like an id is never taken for a name. */
const serversNamed = async (records: Records, wanted: string): Promise<readonly Server[]> => {
  if (looksLikeId(wanted)) return serversById(records, [wanted]);
  const name = await records.get("serverNames", serverNameId(wanted));
  if (name !== undefined && name.value.freed !== true) return serversById(records, [name.value.serverId]);
  const username = parseAddress(wanted.trim());
  return username === null ? [] : serversOfAddress(records, username);
};

/** The server that a caller's id, name or username stands for. Throws `Unavailable`. */
export const serverCalled = async (records: Records, wanted: string): Promise<Server | undefined> =>
  (await serversNamed(records, wanted)).toSorted(byUse)[0];

/** Several servers may have one username: those that can be sent through come first. */
const byUse = (a: Server, b: Server): number =>
  Number(isConnected(b.value)) - Number(isConnected(a.value)) || byRank(null)(a, b);

/** Which servers are chosen for a principal that names none: a server that is not shared serves its own member alone. */
const mayBeGiven = (principal: Principal, server: Server): boolean =>
  isShared(server.value) || isOwn(principal, server.value);

const unknownServer = invalidRequest(fieldProblem("/server", "no_such_server"));

/**
 * A server that is not there looks like one that is not theirs: 403 to a restricted key, and 404 to a member (as everywhere), tells them nothing of
 * either.
 */
const refusalOf = (principal: Principal): Problem => (reachesAll(principal) ? unknownServer : outOfReach(principal));

const namedServer = async (
  records: Records,
  principal: Principal,
  { server, from }: { readonly server: string; readonly from: Mailbox | null },
): Promise<Result<Choice>> => {
  const named = await serversNamed(records, server);
  const [found] = named.filter((one) => isInReach(principal, one)).toSorted(byUse);
  if (found === undefined) return fail(refusalOf(principal));
  if (!isConnected(found.value)) {
    const why = detail(found.value.active ? "server_not_connected" : "server_archived");
    return fail({ code: "server_unavailable", detail: why });
  }
  const folded = from && foldAddress(from.address);
  if (from !== null && folded !== null && !mayStandInFrom(found.value, folded)) {
    return fail(serverMayNotSendFrom(found.value, from.address, folded));
  }
  return ok({ id: found.id, server: found.value, from: from ?? { name: "", address: found.value.username } });
};

/** `unshared`: one would do, were it named. */
const nowhere = (unshared: boolean): Problem => ({
  code: "server_unavailable",
  detail: detail(unshared ? "none_shared" : "none_connected"),
});

const refusedFrom = (from: string, servers: readonly Server[], unshared: boolean): Problem => {
  const connected = servers.map(({ value }) => value).filter(isConnected);
  return noServerMaySendFrom(from, connected, unshared);
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
  const folded = from && foldAddress(from.address);
  const all = await serversInReach(records, principal);
  const servers = all.filter((one) => mayBeGiven(principal, one));
  const best = bestServer(servers, folded);
  if (best !== undefined) {
    return ok({ id: best.id, server: best.value, from: from ?? { name: "", address: best.value.username } });
  }
  const unshared = bestServer(all, folded) !== undefined;
  return fail(from === null ? nowhere(unshared) : refusedFrom(from.address, servers, unshared));
};
