import type { Identity } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { grantOf } from "../../mail-servers/mail-server.ts";
import { reassessConnection } from "../../mail-servers/reassess-connection.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { withAddress } from "../connect/identity.ts";
import { serversOfAccount } from "../servers-of-account.ts";

interface RenameDeps extends ServerDeps {
  readonly log: Log;
}

/**
 * A person has just proven an account at Google. The mail servers that hold a grant of it learn the address that it has now, and are checked soon: that reads
 * the send-as addresses. It is no part of what the person came for, so that its failure is only logged: the next refresh tells the same.
 */
export const noteRename = async (deps: RenameDeps, identity: Identity): Promise<void> => {
  try {
    const ids = await serversOfAccount(deps.records, identity.sub);
    await Promise.all(ids.map((id) => renameServer(deps, id, identity)));
  } catch (error) {
    deps.log.error("rename_not_noted", {}, error);
  }
};

/** Losing a race is fine: a check finds the same. */
const renameServer = async (deps: RenameDeps, id: string, { sub, email }: Identity): Promise<void> => {
  const server = await deps.records.get("mailServers", id);
  const grant = server === undefined ? null : grantOf(server.value);
  if (server === undefined || grant === null || grant.sub !== sub || grant.email === email) return;
  const { connection } = server.value;
  if (connection.state === "not_connected") return;
  deps.log.warn("account_renamed", { server: id });
  if (!isUnderstoodServer(server.value)) return;
  const named = { ...server.value, connection: { ...connection, grant: withAddress(grant, email) } };
  const nowMs = deps.clock.nowMs();
  const nextCheckAtMs = named.nextCheckAtMs === null ? null : nowMs;
  const judged = withConnection(named, reassessConnection(named, nowMs));
  await saveServer(deps, server, { value: { ...judged, nextCheckAtMs } });
};
