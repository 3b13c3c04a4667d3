import type { Login } from "./transports.ts";
export type SentMailLookup = "found" | "not_found" | "forbidden" | "unavailable";

/** The parts of a server's Gmail account that its scopes give access to. */
export interface GmailAccount {
  /** `users.messages.list?q=in:sent rfc822msgid:`. Indexing lags, so `not_found` proves nothing. */
  findSent(login: Login, messageId: string): Promise<SentMailLookup>;
  /** The folded addresses that Gmail accepts in From (`settings.sendAs.list`), including the account's own. */
  sendAs(login: Login): Promise<readonly string[] | "forbidden" | "unavailable">;
}
