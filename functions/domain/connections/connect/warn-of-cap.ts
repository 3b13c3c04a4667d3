import { grantOf } from "../../mail-servers/mail-server.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { type GrantsOf, rankOf, WARN_FROM } from "../grant-ledger.ts";
import type { GrantLedger } from "../records.ts";
import { serversOfAccount } from "../servers-of-account.ts";

/**
 * Once a grant has been added, warns those servers of the account whose grants are among the oldest, since Google drops
 * those first; the newest grant is never in danger. A lost race leaves the warning to the next connection.
 * Throws `Unavailable`.
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

/** The outcome of the consent is already stored, so a failure here does it no harm; the next consent checks again. */
export const tryWarningOfCap = async (deps: ServerDeps, of: Parameters<typeof warnOfCap>[1]): Promise<void> => {
  try {
    await warnOfCap(deps, of);
  } catch (error) {
    deps.log.error("cap_not_looked_at", {}, error);
  }
};
