import { grantOf } from "../../mail-servers/mail-server.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { type GrantsOf, rankOf, WARN_FROM } from "../grant-ledger.ts";
import type { GrantLedger } from "../records.ts";
import { serversOfAccount } from "../servers-of-account.ts";

/**
 * After a grant more: warns the account's servers whose own is among the oldest, since those go first. The newest is in no danger, however many there are.
 * Losing a race leaves the warning to the next connection. Throws `Unavailable`.
 */
export const warnOfCap = async (
  deps: ServerDeps,
  { grants, sub, clientId }: GrantsOf & { readonly grants: GrantLedger["grants"] },
): Promise<void> => {
  if (grants.length < WARN_FROM) return;
  for (const serverId of await serversOfAccount(deps.records, sub)) {
    if (rankOf(grants, serverId) < WARN_FROM) continue;
    const server = await deps.records.get("mailServers", serverId);
    if (server === undefined || grantOf(server.value)?.clientId !== clientId) continue;
    const { connection } = server.value;
    if (connection.state !== "valid") continue;
    const expiring = { state: "expiring", grant: connection.grant, expiresAtMs: null, reason: "token_cap" } as const;
    await saveServer(deps, server, { value: { ...server.value, connection: expiring } });
  }
};

/** As `warnOfCap`, once what became of the consent is written: a failure makes that no worse, and the next consent looks again. */
export const tryWarningOfCap = async (deps: ServerDeps, of: Parameters<typeof warnOfCap>[1]): Promise<void> => {
  try {
    await warnOfCap(deps, of);
  } catch (error) {
    deps.log.error("cap_not_looked_at", {}, error);
  }
};
