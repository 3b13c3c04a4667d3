import { type Clock, DAY } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";

/** A daily check comes 19 to 29 hours after the last proof, so a grant that is unproven for longer is late. Nominal. */
const PROMISED_MS = 1.25 * DAY;
/** A check that comes earlier than the daily one proves a grant that counts by its next one. Nominal. */
const LEAST_MS = 0.75 * DAY;

interface JudgeDeps {
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Says in the log whether Relais knew in time that a grant is alive or dead, once for each grant and day: an objective
 * that counted checks would let one grant that is asked for often make up for another that nobody could ask about.
 * `nextAtMs` is when the check that could not find out is tried again, and null if it has found out.
 */
export const judgeProof = (deps: JudgeDeps, server: Versioned<MailServer>, nextAtMs: number | null): void => {
  const grant = grantOf(server.value);
  if (grant === null) return;
  const nowMs = deps.clock.nowMs();
  const ageMs = nowMs - grant.lastVerifiedAtMs;
  const daysLate = (atMs: number): number =>
    Math.ceil(Math.max(0, atMs - grant.lastVerifiedAtMs - deps.clock.lasting(PROMISED_MS)) / deps.clock.lasting(DAY));
  // A day of lateness ends either before this try, if the try itself came late, or before the next one.
  const dueAtMs = Math.min(server.value.nextCheckAtMs ?? nowMs, nowMs);
  const isLate = daysLate(nextAtMs ?? nowMs) > daysLate(dueAtMs);
  const proof = isLate ? "late" : nextAtMs === null && daysLate(nowMs) === 0 ? "in_time" : null;
  if (proof === null || (proof === "in_time" && ageMs < deps.clock.lasting(LEAST_MS))) return;
  deps.log.info("grant_judged", { server: server.id, proof });
};
