import type { Clock } from "../../clock.ts";
import type { GmailAccount } from "../../google/accounts.ts";
import type { Login } from "../../google/transports.ts";
import type { Log } from "../../log.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";
import { FULL_MAIL } from "../../transport.ts";

/**
 * The account's send-as addresses, which Gmail leaves in From as they are; null if they cannot be read: under `gmail.send` alone, or while the API is
 * off or out of reach. That is no failure of the caller's, because mail from the username itself needs none of it.
 */
export const readSendAs = async (
  deps: { readonly clock: Clock; readonly log: Log; readonly gmailAccount: Pick<GmailAccount, "sendAs"> },
  login: Login,
  scopes: readonly string[],
): Promise<Grant["sendAs"]> => {
  // `settings.sendAs.list` takes full mail.
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

/** As read now, else as it was; with what a later release wrote beside it. */
export const newerSendAs = (before: Grant["sendAs"], read: Grant["sendAs"]): Grant["sendAs"] =>
  read === null ? before : { ...before, ...read };
