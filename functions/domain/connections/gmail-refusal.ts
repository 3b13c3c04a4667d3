import type { NewsDeps } from "../notices/commit-news.ts";
import type { Publisher } from "../publisher.ts";
import { saveServer } from "./save-server.ts";

const TRIES = 8;

/**
 * Gmail refuses to let the account in although its token is fresh: `error` (`gmail_refused`), told once. Its mail is held until a passed Test
 * connection shows that it is over. False: the server cannot send for another reason already, or is gone. Throws `Unavailable`.
 */
export const noteGmailRefusal = async (
  deps: NewsDeps & { readonly publisher: Publisher },
  serverId: string,
): Promise<boolean> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const server = await deps.records.get("mailServers", serverId);
    const connection = server?.value.connection;
    if (server === undefined || (connection?.state !== "valid" && connection?.state !== "expiring")) return false;
    const { grant } = connection;
    const now = { state: "error", grant, reason: "gmail_refused", sinceMs: deps.clock.nowMs() } as const;
    if (await saveServer(deps, server, { value: { ...server.value, connection: now } })) return true;
  }
  throw new Error("a mail server was written to without end");
};
