import { MINUTE, SECOND } from "../../clock.ts";
import type { MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import type { Settings } from "../../settings/settings.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Attempt, Message } from "../message.ts";
import type { ClaimableStatus, MessageIn } from "../statuses.ts";

/** Longer than the delivering function may run (300 s), so that a lease expires only if its worker is gone. Nominal. */
export const LEASE_MS = 6 * MINUTE;
/** Network timeouts are never scaled below a second each, and the lease must outlast some of them. */
const SHORTEST_LEASE_MS = 5 * SECOND;

export const leaseEndMs = ({ clock }: Pick<MoveDeps, "clock">): number =>
  clock.nowMs() + Math.max(clock.lasting(LEASE_MS), SHORTEST_LEASE_MS);

/** A message that only one worker may send while its lease lasts. */
export interface Claim {
  readonly message: Versioned<Message> & { readonly value: MessageIn<"sending"> };
  readonly server: { readonly id: string; readonly value: MailServer };
  readonly settings: Settings;
  /** What was counted in the ledger, and when. */
  readonly counted: { readonly atMs: number; readonly recipients: number };
}

/** The attempt of a worker that died without a mark. */
export const interruptedAttempt = (nowMs: number): Attempt => ({
  atMs: nowMs,
  outcome: "deferred",
  smtp: null,
  problem: "timed_out",
});

/** A message that a worker may claim by its status. */
export type Claimable = Versioned<MessageIn<ClaimableStatus>>;

/** `lost`: another write came first. `busy`: the account has too many claims. `soon`: there is room at `atMs`. */
export type ClaimOutcome =
  | { readonly kind: "claimed"; readonly claim: Claim }
  | { readonly kind: "set_aside" | "lost" | "busy" }
  | { readonly kind: "soon"; readonly atMs: number };
