// placeholder: written by the connections slice
import type { ConnectionReason } from "../mail-servers/mail-server.ts";
import type { Secret } from "../secret.ts";

export type AccessTokenOutcome =
  | { readonly ok: true; readonly token: Secret; readonly expiresAtMs: number; readonly scopes: readonly string[] }
  /** Google refuses the grant for good; the server's record already says `reconnect_required`. */
  | { readonly ok: false; readonly why: "grant_dead"; readonly reason: ConnectionReason }
  /** No grant: never connected, disconnected, or reconnect already required. */
  | { readonly ok: false; readonly why: "not_connected" }
  /** The OAuth client is missing or refused: an operator must act, the grant is not to blame. */
  | { readonly ok: false; readonly why: "client_rejected" }
  | { readonly ok: false; readonly why: "google_unavailable"; readonly retryAfterS: number };

/** The one place that mints access tokens. */
export interface AccessTokens {
  /**
   * A token with over 5 minutes left, from the process, the shared cache, or Google: one grant however many ask.
   * `unlike`: a token that Gmail just refused (401/535): it is not handed out again, one forced refresh is made instead.
   */
  obtain(serverId: string, unlike?: Secret): Promise<AccessTokenOutcome>;
}
