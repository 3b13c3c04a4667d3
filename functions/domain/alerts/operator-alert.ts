import type { ConnectionReason } from "../connection-states.ts";
import type { NamedGrant } from "../news.ts";

/**
 * The server that an alert is about, with its grant, so that no mail about the grant's end goes through its account.
 */
export interface AlertedServer {
  readonly id: string;
  readonly name: string;
  readonly grant: NamedGrant;
  readonly reason: ConnectionReason;
}

/** A problem that only a person can fix. */
export type OperatorAlert =
  | { readonly kind: "reconnect_required"; readonly server: AlertedServer; readonly sinceMs: number }
  | {
      readonly kind: "expiring";
      readonly server: AlertedServer;
      /** Null if the end is near but not at a known time. */
      readonly expiresAtMs: number | null;
      readonly warning: "first" | "last";
    }
  /** The grant is valid, but mail cannot be sent. */
  | { readonly kind: "error"; readonly server: AlertedServer; readonly sinceMs: number }
  /** Google rejects the OAuth client itself. */
  | { readonly kind: "client_rejected"; readonly clientId: string; readonly error: string };

/**
 * Sends operators an alert by mail, if they chose a mail server for it, once per event however often it is called.
 * Logs why an alert cannot be sent. Throws `Unavailable` if it was not sent yet.
 */
export type Alert = (alert: OperatorAlert) => Promise<void>;
