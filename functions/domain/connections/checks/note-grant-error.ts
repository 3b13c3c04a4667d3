import { changeOnCondition } from "../../change-on-condition.ts";
import { type ServerDeps, saveServer } from "../../mail-servers/save-server.ts";
import { isUnderstoodServer, withConnection } from "../../mail-servers/understood.ts";
import type { ClientTrouble } from "../tokens/client-trouble.ts";
import { firstRetryAtMs, refusalCheckAtMs } from "./next-check.ts";

/**
 * Puts a server with a living but unusable grant into `error`, which is reported once and holds its mail.
 * `client_changed`: the grant belongs to a different OAuth client than the configured one. It lasts until a check finds
 * that client configured again or the account is reconnected. `client_rejected`: Google refuses the client. It lasts
 * until Google issues a token, which checks ask for. `account_mismatch`: Google's token is for another account. It
 * lasts until one for the right account comes. Returns false if the server is gone or already cannot send for another
 * reason. Throws `Contended`, `Unavailable`.
 */
export const noteGrantError = (deps: ServerDeps, serverId: string, reason: GrantTrouble): Promise<boolean> =>
  takeOutOfUse(deps, serverId, { reason });

/** Why a living grant yields no usable token. */
export type GrantTrouble = ClientTrouble | "account_mismatch";

/**
 * Gmail refuses the account. `beyondProbe` is Gmail's answer where Test connection does not look; null if a test sees
 * the refusal too.
 */
export const noteRefusal = (
  deps: ServerDeps,
  serverId: string,
  { beyondProbe }: { readonly beyondProbe: string | null },
): Promise<boolean> =>
  takeOutOfUse(deps, serverId, { reason: "gmail_refused", ...(beyondProbe !== null && { beyondProbe }) });

interface Cause {
  readonly reason: "gmail_refused" | GrantTrouble;
  readonly beyondProbe?: string;
}

/** Returns when a check asks whether the problem is over; null leaves it to the next check that is due. */
const askAgainAtMs = (deps: ServerDeps, { reason, beyondProbe }: Cause): number | null => {
  if (reason === "client_rejected") return firstRetryAtMs(deps);
  return reason === "gmail_refused" && beyondProbe === undefined ? refusalCheckAtMs(deps) : null;
};

const takeOutOfUse = async (deps: ServerDeps, serverId: string, cause: Cause): Promise<boolean> =>
  changeOnCondition<boolean>(deps, "put a mail server out of use", async () => {
    const server = await deps.records.get("mailServers", serverId);
    const connection = server?.value.connection;
    if (server === undefined || (connection?.state !== "valid" && connection?.state !== "expiring")) return false;
    if (!isUnderstoodServer(server.value)) return false;
    const { value: before } = server;
    const now = { state: "error", grant: connection.grant, ...cause, sinceMs: deps.clock.nowMs() } as const;
    const askAtMs = askAgainAtMs(deps, cause);
    const nextCheckAtMs =
      askAtMs === null ? before.nextCheckAtMs : Math.min(before.nextCheckAtMs ?? Number.POSITIVE_INFINITY, askAtMs);
    const value = { ...withConnection(before, now), nextCheckAtMs };
    return (await saveServer(deps, server, { value })).done || "contended";
  });
