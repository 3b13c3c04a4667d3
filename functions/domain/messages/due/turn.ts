import { MINUTE } from "../../clock.ts";
import { limitsOf } from "../../mail-servers/limits.ts";
import { canSend } from "../../mail-servers/mail-server.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message } from "../message.ts";
import { pendingRecipients } from "../moves.ts";
import { lineMs } from "./release-limited.ts";
import type { Tick } from "./tick.ts";

/**
 * Decides whether a message whose time has come may go: null if so, otherwise when its turn should come. A tick lets no
 * more of a server's messages go than a minute's limit: the others would be published and refused, each of them for a
 * read of the ledger, two writes and an invocation. The first needs no look at the server.
 */
export const waitsUntilMs = async (deps: MoveDeps, message: Message, tick: Tick): Promise<number | null> => {
  const { serverId } = message;
  const recipients = pendingRecipients(message).length;
  const known = tick.pace.get(serverId);
  if (known === undefined) {
    tick.pace.set(serverId, { going: recipients, lined: 0 });
    return null;
  }
  const server = await tick.server(serverId);
  // The worker that claims it sets it aside for such a reason, or fails it.
  if (tick.settings.paused || server === undefined || !canSend(server)) return null;
  const limits = limitsOf(server);
  const parts = tick.part?.of ?? 1;
  if (known.going + recipients <= limits.perMinute / parts) {
    known.going += recipients;
    return null;
  }
  const turnAtMs = tick.startedAtMs + deps.clock.lasting(MINUTE) + lineMs(deps.clock, limits, parts * known.lined);
  known.lined += recipients;
  return turnAtMs;
};
