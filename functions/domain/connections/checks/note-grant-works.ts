import type { Connection } from "../../mail-servers/mail-server.ts";
import { reassessConnection } from "../../mail-servers/reassess-connection.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { withAddress } from "../connect/identity.ts";
import type { GoogleSaid } from "../tokens/ask-google.ts";
import { hasClientTrouble } from "../tokens/client-trouble.ts";
import { liveConnection } from "./lifetime.ts";
import { mayLiveOn } from "./may-live-on.ts";

type Said = Pick<Extract<GoogleSaid, { readonly kind: "token" }>, "grant" | "app" | "identity">;

/** States that a token from Google disproves: the client serves, a grant that was given up lives, or the account is the right one again. */
const disprovedByToken = (connection: Connection, { identity }: Said): boolean =>
  mayLiveOn(connection) ||
  hasClientTrouble(connection) ||
  (connection.state === "error" && connection.reason === "account_mismatch" && identity.kind === "same");

/**
 * Google has just given a token for this grant. A server that was out of use for want of one serves again, its held mail goes, and a check is due that proves
 * scopes and identity, and reads the send-as addresses. An account that was renamed at Google is noted under its new address. Losing a race is fine: the check
 * finds the same. Throws `Unavailable`.
 */
export const noteGrantWorks = async (deps: ServerDeps, serverId: string, said: Said): Promise<void> => {
  const server = await deps.records.get("mailServers", serverId);
  if (server === undefined || !isUnderstoodServer(server.value)) return;
  const { connection: before } = server.value;
  if (before.state === "not_connected" || before.grant.secretVersion !== said.grant.secretVersion) return;
  const email = said.identity.kind === "same" ? said.identity.identity.email : before.grant.email;
  const grant = withAddress(before.grant, email);
  const disproved = disprovedByToken(before, said);
  if (grant === before.grant && !disproved) return;
  if (grant !== before.grant) deps.log.warn("account_renamed", { server: serverId });
  const nowMs = deps.clock.nowMs();
  const served = disproved ? liveConnection(deps, grant, said.app) : { ...before, grant };
  const now = withConnection(server.value, served);
  const connection = reassessConnection(now, nowMs);
  // A mismatch that comes from the username stands, whatever token comes.
  const stands = grant === before.grant && connection.state === "error" && before.state === "error";
  if (stands && connection.reason === before.reason) return;
  await saveServer(deps, server, { value: { ...withConnection(now, connection), nextCheckAtMs: nowMs } });
};
