import type { Principal } from "../access/records.ts";
import { sameMailbox } from "../address.ts";
import type { Problem } from "../problem.ts";
import { isId } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MailServer } from "./mail-server.ts";
import { allServers, serversOfAddress } from "./own-servers.ts";

type Server = Versioned<MailServer>;

/** Whether the principal may change every mail server. */
export const mayAdminister = (principal: Principal): boolean =>
  principal.kind === "operator" || principal.kind === "setup";

/** Whether the principal is a member and the server's username is their address. */
export const isOwn = (principal: Principal, server: Pick<MailServer, "username">): boolean =>
  principal.kind === "member" && sameMailbox(principal.email, server.username);

/** The servers that a principal may send through and whose messages they see; the only place that decides this. */
type Reach =
  | { readonly kind: "all" }
  /** A key's list, which may contain deleted servers. */
  | { readonly kind: "listed"; readonly ids: readonly string[] }
  /** The servers whose username is a member's address. */
  | { readonly kind: "own"; readonly email: string };

const ALL = { kind: "all" } as const;

const reachOf = (principal: Principal): Reach => {
  switch (principal.kind) {
    case "member":
      return { kind: "own", email: principal.email };
    case "key":
      return principal.servers.length === 0 ? ALL : { kind: "listed", ids: principal.servers };
    case "setup":
    case "operator":
    case "caller":
    case "topic":
    case "documents":
    case "relais":
      return ALL;
  }
};

export const reachesAll = (principal: Principal): boolean => reachOf(principal).kind === "all";

export const isInReach = (principal: Principal, server: Server): boolean => {
  const reach = reachOf(principal);
  switch (reach.kind) {
    case "all":
      return true;
    case "listed":
      return reach.ids.includes(server.id);
    case "own":
      return isOwn(principal, server.value);
  }
};

/**
 * Like `isInReach`, but for a server that may be deleted: it then is no member's own but stays in a key's list. Throws
 * `Unavailable`.
 */
export const isIdInReach = async (records: Records, principal: Principal, id: string): Promise<boolean> => {
  const reach = reachOf(principal);
  if (reach.kind !== "own") return reach.kind === "all" || reach.ids.includes(id);
  const server = await records.get("mailServers", id);
  return server !== undefined && isInReach(principal, server);
};

/** Reads the servers in a principal's reach. Throws `Unavailable`. */
export const serversInReach = (records: Records, principal: Principal): Promise<readonly Server[]> => {
  const reach = reachOf(principal);
  switch (reach.kind) {
    case "all":
      return allServers(records);
    case "listed":
      return serversById(records, reach.ids);
    case "own":
      return serversOfAddress(records, reach.email);
  }
};

/** Ids of the servers in a principal's reach; null for all, including deleted ones. Throws `Unavailable`. */
export const idsInReach = async (records: Records, principal: Principal): Promise<ReadonlySet<string> | null> => {
  const reach = reachOf(principal);
  if (reach.kind === "all") return null;
  return new Set(reach.kind === "listed" ? reach.ids : (await serversInReach(records, principal)).map(({ id }) => id));
};

/**
 * The problem with a server out of reach, whether or not it exists. A key is told that it may not use the server; a
 * member must not learn what others have.
 */
export const outOfReach = (principal: Principal): Problem =>
  principal.kind === "key" ? { code: "server_not_allowed" } : { code: "not_found" };

/** Ids come from paths and bodies, so a malformed one is not looked up. */
const serverById = async (records: Records, id: string): Promise<Server | undefined> =>
  isId("srv", id) ? records.get("mailServers", id) : undefined;

/** Reads the servers with these ids that exist. Throws `Unavailable`. */
export const serversById = async (records: Records, ids: readonly string[]): Promise<readonly Server[]> => {
  const found = await Promise.all([...new Set(ids)].map((id) => serverById(records, id)));
  return found.filter((server) => server !== undefined);
};

/** Whether a server with an id from a request exists. Throws `Unavailable`. */
export const serverExists =
  (records: Records) =>
  async (id: string): Promise<boolean> =>
    (await serverById(records, id)) !== undefined;

/**
 * Reads a server that the person may see in the console: operators see all, members their own. `not_found` if it does
 * not exist or the person must not know of it. Throws `Unavailable`.
 */
export const visibleServer = async (records: Records, principal: Principal, id: string): Promise<Result<Server>> => {
  const server = await serverById(records, id);
  const visible = server !== undefined && (mayAdminister(principal) || isOwn(principal, server.value));
  return visible ? ok(server) : fail({ code: "not_found" });
};
