import type { Identity } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { grantOf } from "../../mail-servers/mail-server.ts";
import { reassessChange } from "../../mail-servers/reassess-connection.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import { withAddress } from "../connect/identity.ts";
import { serversOfAccount } from "../servers-of-account.ts";

interface RenameDeps extends ServerDeps {
  readonly log: Log;
}

/**
 * Passes an account's verified address on to the mail servers that have a grant of it, and has their send-as addresses
 * checked soon. A failure is only logged, because the next refresh finds the same.
 */
export const noteRename = async (deps: RenameDeps, identity: Identity): Promise<void> => {
  try {
    const ids = await serversOfAccount(deps.records, identity.sub);
    await Promise.all(ids.map((id) => renameServer(deps, id, identity)));
  } catch (error) {
    deps.log.error("rename_not_noted", {}, error);
  }
};

/** A lost race is fine, because a check finds the same. */
const renameServer = async (deps: RenameDeps, id: string, { sub, email }: Identity): Promise<void> => {
  const server = await deps.records.get("mailServers", id);
  const grant = server === undefined ? null : grantOf(server.value);
  if (server === undefined || grant === null || grant.sub !== sub || grant.email === email) return;
  const { connection } = server.value;
  if (connection.state === "not_connected") return;
  deps.log.warn("account_renamed", { server: id });
  if (!isUnderstoodServer(server.value)) return;
  const renamed = { ...server.value, connection: { ...connection, grant: withAddress(grant, email) } };
  const nowMs = deps.clock.nowMs();
  const nextCheckAtMs = renamed.nextCheckAtMs === null ? null : nowMs;
  const after = withConnection(renamed, reassessChange(server.value, renamed, nowMs));
  await saveServer(deps, server, { value: { ...after, nextCheckAtMs } });
};
