import type { Principal } from "../access/records.ts";
import { sameMailbox } from "../address.ts";
import type { Records, Versioned } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { MailServer } from "./mail-server.ts";

/** People who run all mail servers. */
export const mayAdminister = (principal: Principal): boolean =>
  principal.kind === "operator" || principal.kind === "setup";

/** Is it a member's own server: is its username their address? */
export const isOwn = (principal: Principal, server: Pick<MailServer, "username">): boolean =>
  principal.kind === "member" && sameMailbox(principal.email, server.username);

/** A member sees the servers whose username is their own address, and no trace of another's. */
export const maySee = (principal: Principal, server: MailServer): boolean =>
  mayAdminister(principal) || isOwn(principal, server);

/** Ids come from paths and bodies: what no id can be is not looked up. */
export const findServer = async (records: Records, id: string): Promise<Versioned<MailServer> | undefined> =>
  /^srv_[\w-]{1,64}$/.test(id) ? records.get("mailServers", id) : undefined;

/** Whether there is a server with that id, which a body names. Throws `Unavailable`. */
export const serverExists =
  (records: Records) =>
  async (id: string): Promise<boolean> =>
    (await findServer(records, id)) !== undefined;

/** The server, or `not_found` where there is none or the person must not know of it. Throws `Unavailable`. */
export const visibleServer = async (
  records: Records,
  principal: Principal,
  id: string,
): Promise<Result<Versioned<MailServer>>> => {
  const server = await findServer(records, id);
  return server !== undefined && maySee(principal, server.value) ? ok(server) : fail({ code: "not_found" });
};
