import type { Login } from "./transports.ts";
export type SentMailLookup = "found" | "not_found" | "forbidden" | "unavailable";

/** The Gmail account behind a server, as far as its scopes let one look. */
export interface GmailAccount {
  /** `users.messages.list?q=in:sent rfc822msgid:` — indexing lags, so `not_found` is not proof. `forbidden`: the scopes do not allow it. */
  findSent(login: Login, messageId: string): Promise<SentMailLookup>;
  /** The addresses that Gmail leaves in From, folded, the account's own among them (`settings.sendAs.list`). */
  sendAs(login: Login): Promise<readonly string[] | "forbidden" | "unavailable">;
}
