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

export interface ChosenServer {
  readonly id: string;
  readonly server: MailServer;
  readonly from: Mailbox;
}

type Server = Versioned<MailServer>;

/** Checks that it is active and was connected once. It may need a reconnect; its mail is then held. */
const isConnected = (server: MailServer): boolean => server.active && grantOf(server) !== null;

/** Prefers a server that can send now, then an exact address to a domain, then the priority, then the oldest. */
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

/** Picks the best server for a folded From (null means the server's own address); undefined if none may send it. */
export const bestServer = (servers: readonly Server[], from: string | null): Server | undefined =>
  servers
    .filter(({ value }) => isConnected(value) && (from === null || mayStandInFrom(value, from)))
    .sort(byRank(from))[0];

/** Finds servers by id, name (in any case) or username. A text that looks like an id is never taken for a name. */
const findServers = async (records: Records, wanted: string): Promise<readonly Server[]> => {
  if (looksLikeId(wanted)) return serversById(records, [wanted]);
  const name = await records.get("serverNames", serverNameId(wanted));
  if (name !== undefined && name.value.freed !== true) return serversById(records, [name.value.serverId]);
  const username = parseAddress(wanted.trim());
  return username === null ? [] : serversOfAddress(records, username);
};

/** Finds the server that a caller gives by id, name or username. Throws `Unavailable`. */
export const findServer = async (records: Records, wanted: string): Promise<Server | undefined> =>
  (await findServers(records, wanted)).toSorted(byUse)[0];

/** Several servers may share a username; connected ones come first. */
const byUse = (a: Server, b: Server): number =>
  Number(isConnected(b.value)) - Number(isConnected(a.value)) || byRank(null)(a, b);

/** An unshared server is chosen only for its own member, unless the caller names it. */
const mayBeChosen = (principal: Principal, server: Server): boolean =>
  isShared(server.value) || isOwn(principal, server.value);

const unknownServer = invalidRequest(fieldProblem("/server", "no_such_server"));

/**
 * A missing server must look like one that is out of reach, so that a restricted key (403) or a member (404) learns
 * nothing about either.
 */
const refusalOf = (principal: Principal): Problem => (reachesAll(principal) ? unknownServer : outOfReach(principal));

const chooseNamed = async (
  records: Records,
  principal: Principal,
  { server, from }: { readonly server: string; readonly from: Mailbox | null },
): Promise<Result<ChosenServer>> => {
  const named = await findServers(records, server);
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

/** `unshared` says that a server which is not shared would do if the caller named it. */
const noServerAvailable = (unshared: boolean): Problem => ({
  code: "server_unavailable",
  detail: detail(unshared ? "none_shared" : "none_connected"),
});

const refuseFrom = (from: string, servers: readonly Server[], unshared: boolean): Problem => {
  const connected = servers.map(({ value }) => value).filter(isConnected);
  return noServerMaySendFrom(from, connected, unshared);
};

/**
 * Chooses the mail server for a message. Refuses with `server_not_allowed` outside a key's servers, `invalid_request`
 * at `/server` if there is none, `not_found` if it is not the member's, `server_unavailable` if it is archived or not
 * connected, and `from_not_allowed` if From is not covered or Gmail would rewrite it. Throws `Unavailable`.
 */
export const chooseServer = async (
  records: Records,
  principal: Principal,
  wanted: { readonly server: string | null; readonly from: Mailbox | null },
): Promise<Result<ChosenServer>> => {
  const { server, from } = wanted;
  if (server !== null) return chooseNamed(records, principal, { server, from });
  const folded = from && foldAddress(from.address);
  const all = await serversInReach(records, principal);
  const servers = all.filter((one) => mayBeChosen(principal, one));
  const best = bestServer(servers, folded);
  if (best !== undefined) {
    return ok({ id: best.id, server: best.value, from: from ?? { name: "", address: best.value.username } });
  }
  const unshared = bestServer(all, folded) !== undefined;
  return fail(from === null ? noServerAvailable(unshared) : refuseFrom(from.address, servers, unshared));
};
