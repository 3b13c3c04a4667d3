import type { Login } from "./transports.ts";

/** A copy by its Message-ID, with or without brackets. */
export interface WantedCopy {
  readonly messageId: string;
  /** The earliest time at which Gmail can have received it; null if no other mail can have its Message-ID. */
  readonly sinceMs: number | null;
}

/** `unsearchable`: no search can name this id, so nobody has looked. `token_refused`: a new access token may do. */
export type SentMailLookup = "found" | "not_found" | "unsearchable" | "forbidden" | "token_refused" | "unavailable";

/** The parts of a server's Gmail account that its scopes give access to. */
export interface GmailAccount {
  /**
   * Searches the sent mail for a copy (`users.messages.list?q=in:sent rfc822msgid:`) that is not older than `sinceMs`,
   * or whose time Gmail does not tell. `forbidden` if it does not answer searches at all.
   * Indexing lags, so `not_found` proves nothing.
   */
  findSent(login: Login, wanted: WantedCopy): Promise<SentMailLookup>;
  /** The folded addresses that Gmail accepts in From (`settings.sendAs.list`), including the account's own. */
  sendAs(login: Login): Promise<readonly string[] | "forbidden" | "unavailable">;
}
