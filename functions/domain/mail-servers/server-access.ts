import type { Principal } from "../access/records.ts";
import { sameMailbox } from "../address.ts";
import type { Problem } from "../problem.ts";
import { isId } from "../randomness.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MailServer } from "./mail-server.ts";
import { allServers, serversOfAddress } from "./own-servers.ts";

type Server = Versioned<MailServer>;

/** People who run all mail servers. */
export const mayAdminister = (principal: Principal): boolean =>
  principal.kind === "operator" || principal.kind === "setup";

/** Is it a member's own server: is its username their address? */
export const isOwn = (principal: Principal, server: Pick<MailServer, "username">): boolean =>
  principal.kind === "member" && sameMailbox(principal.email, server.username);

/** Which servers somebody sends through and sees the messages of: the one table of it. */
type Reach =
  | { readonly kind: "all" }
  /** A key's list, which may name servers that are gone. */
  | { readonly kind: "listed"; readonly ids: readonly string[] }
  /** Those whose username is a member's own address. */
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
    case "relais":
      return ALL;
  }
};

export const reachesAll = (principal: Principal): boolean => reachOf(principal).kind === "all";

/** Whether a server is among those that somebody sends through and sees the messages of. Pure. */
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
 * As `isInReach`, for a server that may be gone: one that is gone is nobody's own, yet stays in a key's list. Throws
 * `Unavailable`.
 */
export const isIdInReach = async (records: Records, principal: Principal, id: string): Promise<boolean> => {
  const reach = reachOf(principal);
  if (reach.kind !== "own") return reach.kind === "all" || reach.ids.includes(id);
  const server = await records.get("mailServers", id);
  return server !== undefined && isInReach(principal, server);
};

/** The servers that somebody sends through and sees the messages of. Throws `Unavailable`. */
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

/** Ids of the servers whose messages somebody sees; null: of all, deleted ones too. Throws `Unavailable`. */
export const idsInReach = async (records: Records, principal: Principal): Promise<ReadonlySet<string> | null> => {
  const reach = reachOf(principal);
  if (reach.kind === "all") return null;
  return new Set(reach.kind === "listed" ? reach.ids : (await serversInReach(records, principal)).map(({ id }) => id));
};

/**
 * How a server out of reach is refused, there or not: a key hears that its list does not name it, a member nothing of
 * what others have.
 */
export const outOfReach = (principal: Principal): Problem =>
  principal.kind === "key" ? { code: "server_not_allowed" } : { code: "not_found" };

/** Ids come from paths and bodies: what no id can be is not looked up. */
const serverById = async (records: Records, id: string): Promise<Server | undefined> =>
  isId("srv", id) ? records.get("mailServers", id) : undefined;

/** Those of some ids that are there. Throws `Unavailable`. */
export const serversById = async (records: Records, ids: readonly string[]): Promise<readonly Server[]> => {
  const found = await Promise.all([...new Set(ids)].map((id) => serverById(records, id)));
  return found.filter((server) => server !== undefined);
};

/** Whether there is a server with that id, which a body names. Throws `Unavailable`. */
export const serverExists =
  (records: Records) =>
  async (id: string): Promise<boolean> =>
    (await serverById(records, id)) !== undefined;

/**
 * A server as people see it in the console: operators all, members their own. `not_found` where there is none or the
 * person must not know of it. Throws `Unavailable`.
 */
export const visibleServer = async (records: Records, principal: Principal, id: string): Promise<Result<Server>> => {
  const server = await serverById(records, id);
  const visible = server !== undefined && (mayAdminister(principal) || isOwn(principal, server.value));
  return visible ? ok(server) : fail({ code: "not_found" });
};
