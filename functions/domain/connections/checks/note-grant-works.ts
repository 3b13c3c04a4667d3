import { type Connection, isSameGrant } from "../../mail-servers/mail-server.ts";
import { reassessConnection } from "../../mail-servers/reassess-connection.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { withAddress } from "../connect/identity.ts";
import type { RefreshOutcome } from "../tokens/ask-google.ts";
import { hasClientTrouble } from "../tokens/client-trouble.ts";
import { liveConnection } from "./lifetime.ts";
import { mayBeAlive } from "./may-be-alive.ts";

type IssuedToken = Pick<Extract<RefreshOutcome, { readonly kind: "token" }>, "grant" | "app" | "identity">;

/**
 * A token from Google proves that the client works, that a given-up grant lives, or that the account is the right one
 * again.
 */
const disprovedByToken = (connection: Connection, { identity }: IssuedToken): boolean =>
  mayBeAlive(connection) ||
  hasClientTrouble(connection) ||
  (connection.state === "error" && connection.reason === "account_mismatch" && identity.kind === "same");

/**
 * Google has just issued a token for this grant. A server that lacked one serves again, its held mail is sent, and a
 * check of scopes, identity and send-as addresses becomes due. An account renamed at Google gets its new address. A
 * lost race is fine, because the check finds the same. Throws `Unavailable`.
 */
export const noteGrantWorks = async (deps: ServerDeps, serverId: string, issued: IssuedToken): Promise<void> => {
  const server = await deps.records.get("mailServers", serverId);
  if (server === undefined || !isUnderstoodServer(server.value)) return;
  const { connection: before } = server.value;
  if (before.state === "not_connected" || !isSameGrant(before.grant, issued.grant)) return;
  const email = issued.identity.kind === "same" ? issued.identity.identity.email : before.grant.email;
  const grant = withAddress(before.grant, email);
  const disproved = disprovedByToken(before, issued);
  if (grant === before.grant && !disproved) return;
  if (grant !== before.grant) deps.log.warn("account_renamed", { server: serverId });
  const nowMs = deps.clock.nowMs();
  const served = disproved ? liveConnection(deps, grant, issued.app) : { ...before, grant };
  const now = withConnection(server.value, served);
  const connection = reassessConnection(now, nowMs);
  // A mismatch caused by the username remains, whatever token comes.
  const stands = grant === before.grant && connection.state === "error" && before.state === "error";
  if (stands && connection.reason === before.reason) return;
  await saveServer(deps, server, { value: { ...withConnection(now, connection), nextCheckAtMs: nowMs } });
};
