import type { Clock } from "../../clock.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { Login } from "../../google/transports.ts";
import type { Log } from "../../log.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";
import { FULL_MAIL } from "../../transport.ts";

/**
 * Returns the send-as addresses that Gmail leaves unchanged in From, or null if they are unreadable: with `gmail.send`
 * alone, or while the API is off or unreachable. The caller can go on, as mail from the username needs none of them.
 */
export const readSendAs = async (
  deps: { readonly clock: Clock; readonly log: Log; readonly gmailAccount: Pick<GmailAccount, "sendAs"> },
  login: Login,
  scopes: readonly string[],
): Promise<Grant["sendAs"]> => {
  // `settings.sendAs.list` requires the full mail scope.
  if (!scopes.includes(FULL_MAIL)) return null;
  try {
    const addresses = await deps.gmailAccount.sendAs(login);
    if (typeof addresses !== "string") return { addresses, readAtMs: deps.clock.nowMs() };
    deps.log.warn("send_as_unread", { why: addresses });
  } catch (error) {
    deps.log.error("send_as_unread", { why: "error" }, error);
  }
  return null;
};

/** Keeps the previous addresses if none were read, and any fields that a later release has added. */
export const newerSendAs = (before: Grant["sendAs"], read: Grant["sendAs"]): Grant["sendAs"] =>
  read === null ? before : { ...before, ...read };
