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

/** A server in error needs something else than a reconnect: its reason says what. */
const unservingProblem = (server: MailServer): string => {
  const { connection } = server;
  if (!isUnderstoodServer(server)) return "newer_version";
  if (connection.state === "error") return connection.reason;
  return connection.state === "not_connected" ? "not_connected" : "reconnect_required";
};

/** Why it must not be tried now: the message as it then stands. Null: nothing is in the way. */
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
  // It was a verified address when the message was accepted, and the account may be another since: Gmail would rewrite it without a word.
  return isKept(server.value, foldAddress(value.from)) ? null : failed("sender_refused");
};

/** Writes down that a message must not be tried now, and tells of it. False: somebody wrote in between. */
export const setAside = async (deps: MoveDeps, before: Versioned<Message>, after: Message): Promise<boolean> => {
  const saved = await commitMove(deps, before, { after });
  if (saved !== undefined) await announceMove(deps, saved);
  return saved !== undefined;
};
