import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import type { Versioned } from "../../records.ts";
import { isKept } from "../accept/from-coverage.ts";
import { commitMove } from "../commit-move.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { expire, giveUp } from "../finish.ts";
import { hold } from "../hold.ts";
import { foldAddress } from "../mailbox.ts";
import type { Message } from "../message.ts";
import { announceMove } from "../message-events.ts";
import type { Facts } from "./instance-memory.ts";
import type { Claimable } from "./lease.ts";
import { triedLongEnough } from "./retry-policy.ts";

/** A server in error may need something other than a reconnect; its reason says what. */
const unservingProblem = (server: MailServer): string => {
  const { connection } = server;
  if (!isUnderstoodServer(server)) return "newer_version";
  if (connection.state === "error") return connection.reason;
  return connection.state === "not_connected" ? "not_connected" : "reconnect_required";
};

/** If the message must not be tried now, returns it as it must be stored instead; null if it may be tried. */
export const obstacle = (deps: MoveDeps, message: Claimable, { server, settings }: Facts): Message | null => {
  const nowMs = deps.clock.nowMs();
  const end = { nowMs, retentionDays: settings.retentionDays };
  const { value } = message;
  const failed = (problem: string): Message =>
    giveUp(deps.clock, value, { ...end, otherwise: "failed", attempt: { atMs: nowMs, smtp: null, problem } });
  if (value.expiresAtMs !== null && value.expiresAtMs <= nowMs) return expire(deps.clock, value, end);
  if (triedLongEnough(value, deps.clock)) return failed("attempts_exhausted");
  if (server === undefined) return failed("server_unavailable");
  if (settings.paused || !server.value.active) {
    return hold(deps.clock, value, { because: "paused", problem: "paused" });
  }
  if (!canSend(server.value)) {
    const cause = { because: "reconnect_required", problem: unservingProblem(server.value) } as const;
    return hold(deps.clock, value, cause);
  }
  // From was verified when the message was accepted. If the account has changed since, Gmail would silently rewrite it.
  return isKept(server.value, foldAddress(value.from)) ? null : failed("sender_refused");
};

/** Stores and announces a message that must not be tried now. Returns false if another write came first. */
export const setAside = async (deps: MoveDeps, before: Versioned<Message>, after: Message): Promise<boolean> => {
  const saved = await commitMove(deps, before, { after });
  if (saved !== undefined) await announceMove(deps, saved);
  return saved !== undefined;
};
