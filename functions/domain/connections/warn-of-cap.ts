import type { Clock } from "../clock.ts";
import { grantOf, type MailServer } from "../mail-servers/mail-server.ts";
import type { Records } from "../records.ts";
import { type GrantsOf, rankOf, WARN_FROM } from "./grant-ledger.ts";
import type { GrantLedger } from "./records.ts";
import { serversOfAccount } from "./siblings.ts";
import { tellOfMove } from "./tell-of-move.ts";

type Deps = Parameters<typeof tellOfMove>[0] & { readonly clock: Pick<Clock, "nowMs">; readonly records: Records };

/**
 * After a grant more: warns the account's servers whose own is among the oldest, since those go first. The newest is in no danger, however many there are.
 * Losing a race leaves the warning to the next connection. Throws `Unavailable`.
 */
export const warnOfCap = async (
  deps: Deps,
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
    const value: MailServer = { ...server.value, connection: expiring };
    const { version } = server;
    const outcome = await deps.records.commit([{ op: "replace", kind: "mailServers", id: serverId, version, value }]);
    if (outcome.done) await tellOfMove(deps, server, expiring);
  }
};
