import { changeOnCondition } from "../../change-on-condition.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { ClientTrouble } from "../tokens/client-trouble.ts";
import { firstRetryAtMs, refusalCheckAtMs } from "./next-check.ts";

/**
 * A grant that lives does not serve: `error`, told once, and mail is held. `client_changed`: the grant is another client's than the one that Relais
 * speaks to Google as, until that one is saved again, which a check finds, or the account is connected anew. `client_rejected`: Google refuses the
 * client, until it gives a token again, which checks ask for. `account_mismatch`: Google's token is another account's, until one of its own comes. False: the server cannot send for another reason already, or is gone.
 * Throws `Contended`, `Unavailable`.
 */
export const noteGrantError = (deps: ServerDeps, serverId: string, reason: Unserving): Promise<boolean> =>
  unserve(deps, serverId, { reason });

/** Why a grant that lives gives no token that may be used. */
export type Unserving = ClientTrouble | "account_mismatch";

/** Gmail refuses the account. `beyondProbe`: what it said where no Test connection looks; null: a test sees it too. */
export const noteRefusal = (
  deps: ServerDeps,
  serverId: string,
  { beyondProbe }: { readonly beyondProbe: string | null },
): Promise<boolean> =>
  unserve(deps, serverId, { reason: "gmail_refused", ...(beyondProbe !== null && { beyondProbe }) });

interface Why {
  readonly reason: "gmail_refused" | Unserving;
  readonly beyondProbe?: string;
}

/** When a check asks whether it is over; null: whenever the next check is due anyway. */
const askAgainAtMs = (deps: ServerDeps, { reason, beyondProbe }: Why): number | null => {
  if (reason === "client_rejected") return firstRetryAtMs(deps);
  return reason === "gmail_refused" && beyondProbe === undefined ? refusalCheckAtMs(deps) : null;
};

const unserve = async (deps: ServerDeps, serverId: string, why: Why): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "put a mail server out of use", async () => {
    const server = await deps.records.get("mailServers", serverId);
    const connection = server?.value.connection;
    if (server === undefined || (connection?.state !== "valid" && connection?.state !== "expiring")) return false;
    if (!isUnderstoodServer(server.value)) return false;
    const { value: before } = server;
    const now = { state: "error", grant: connection.grant, ...why, sinceMs: deps.clock.nowMs() } as const;
    const askAtMs = askAgainAtMs(deps, why);
    const nextCheckAtMs =
      askAtMs === null ? before.nextCheckAtMs : Math.min(before.nextCheckAtMs ?? Number.POSITIVE_INFINITY, askAtMs);
    const value = { ...withConnection(before, now), nextCheckAtMs };
    return (await saveServer(deps, server, { value })).done || "contended";
  });
