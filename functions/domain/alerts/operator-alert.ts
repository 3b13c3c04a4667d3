import type { ConnectionReason } from "../connection-states.ts";
import type { NamedGrant } from "../news.ts";

/** The server that an alert is about. `grant`: what it lived by, so that no mail about its end goes through the same account. */
export interface AlertedServer {
  readonly id: string;
  readonly name: string;
  readonly grant: NamedGrant;
  readonly reason: ConnectionReason;
}

/** What only a person can mend. */
export type OperatorAlert =
  | { readonly kind: "reconnect_required"; readonly server: AlertedServer; readonly sinceMs: number }
  | {
      readonly kind: "expiring";
      readonly server: AlertedServer;
      /** Null: near, but not by time. */
      readonly expiresAtMs: number | null;
      readonly warning: "first" | "last";
    }
  /** The grant lives, yet does not let mail out. */
  | { readonly kind: "error"; readonly server: AlertedServer; readonly sinceMs: number }
  /** Google refuses the OAuth client itself. */
  | { readonly kind: "client_rejected"; readonly clientId: string; readonly error: string };

/**
 * Tells the operators by mail, if they chose so; why it must not or cannot be is logged. Once, however often it is called for the same thing. Throws `Unavailable`: not told
 * yet.
 */
export type Alert = (alert: OperatorAlert) => Promise<void>;
