import type { Unavailable } from "../../problem.ts";
import type { Versioned } from "../../records.ts";
import { commitMove, type Moved } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { giveUp } from "../finish.ts";
import { hold } from "../hold.ts";
import type { NamedLimit } from "../limits/apply-correction.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { Attempt, Message, Recipient } from "../message.ts";
import { announceMove } from "../message-events.ts";
import { moveTo } from "../moves.ts";
import { publishRoom } from "../publish-delivery.ts";
import { isIn } from "../statuses.ts";
import { timelineNote } from "../timeline-notes.ts";
import type { Claim } from "./lease.ts";
import { confirmSent, enterUnknown } from "./resolver.ts";
import { capRetryAfterMs, retryDelayMs, triedLongEnough } from "./retry-policy.ts";
import { type TryResult, type Verdict, verdictOn } from "./verdict.ts";

const attemptOf = (
  nowMs: number,
  outcome: Attempt["outcome"],
  verdict: Exclude<Verdict, { kind: "hold" }>,
): Attempt => ({
  atMs: nowMs,
  outcome,
  smtp: verdict.smtp,
  problem: verdict.problem,
});

/** Ends a message: it is sent if anyone accepted it, and failed otherwise. */
const endMessage = (deps: MoveDeps, claim: Claim, verdict: Exclude<Verdict, { kind: "hold" }>): Message => {
  const nowMs = deps.clock.nowMs();
  const providerId = verdict.providerId ?? claim.message.value.providerId;
  return giveUp(deps.clock, claim.message.value, {
    otherwise: "failed",
    nowMs,
    retentionDays: claim.settings.retentionDays,
    attempt: { atMs: nowMs, smtp: verdict.smtp, problem: verdict.problem },
    facts: { recipients: verdict.recipients, providerId },
  });
};

const deferMessage = (deps: MoveDeps, claim: Claim, verdict: Extract<Verdict, { kind: "again" }>): Message => {
  const message = claim.message.value;
  if (triedLongEnough(message, deps.clock))
    return endMessage(deps, claim, { ...verdict, problem: "attempts_exhausted" });
  const nowMs = deps.clock.nowMs();
  const delayMs = retryDelayMs({
    tries: message.attempts.filter(({ outcome }) => outcome === "deferred").length + 1,
    meaning: verdict.meaning,
    retryAfterMs: verdict.retryAfterMs,
    fraction: deps.random.fraction(),
  });
  return moveTo(
    message,
    { status: "deferred", dueAtMs: nowMs + deps.clock.lasting(delayMs) },
    {
      nowMs,
      attempt: attemptOf(nowMs, "deferred", verdict),
      facts: { recipients: verdict.recipients, providerId: verdict.providerId ?? message.providerId },
    },
  );
};

/** Builds the message as an attempt leaves it. */
const messageAfter = (deps: MoveDeps, claim: Claim, verdict: Verdict): Message => {
  const message = claim.message.value;
  switch (verdict.kind) {
    case "sent":
    case "final":
      return endMessage(deps, claim, verdict);
    case "again":
      return deferMessage(deps, claim, verdict);
    case "hold":
      return hold(deps.clock, message, { ...verdict, because: "reconnect_required" });
    case "unknown":
      return enterUnknown(deps, message, { ...verdict, server: claim.server.value });
  }
};

const WRITE_TRIES = 3;

/** Retries the write a few times, because a hiccup of the store must not turn "sent" into "unknown". */
const saveWithRetries = async (
  deps: MoveDeps,
  before: Versioned<Message>,
  after: Message,
): Promise<Moved<Message> | undefined> => {
  let failure: Unavailable | unknown;
  for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
    try {
      return await commitMove(deps, before, { after, early: true });
    } catch (error) {
      failure = error;
      await deps.clock.sleep(deps.clock.lasting(500 * (tries + 1)));
    }
  }
  throw failure;
};

/**
 * Settles after the lease was lost: what we know for certain is worth more than what the resolver can find. Returns the
 * message if it was our own write, whose answer was lost.
 */
const settleLate = async (
  deps: DeliveryDeps,
  claim: Claim,
  { result, after }: { readonly result: TryResult; readonly after: Message },
): Promise<Versioned<Message> | undefined> => {
  const now = await deps.records.get("messages", claim.message.id);
  if (now === undefined) return undefined;
  const { value, version } = now;
  // If the claim is the same but its version is newer, the mark was written although the store reported a failure.
  if (isIn(value, "sending") && value.fence === claim.message.value.fence && version !== claim.message.version) {
    await settle(deps, { ...claim, message: { id: now.id, value, version } }, result);
    return undefined;
  }
  if (value.status === after.status && value.updatedAtMs === after.updatedAtMs) return now;
  deps.log.warn("lease_lost", { id: now.id, status: value.status, outcome: after.status });
  if (after.status === "sent" && isIn(value, "unknown")) {
    await confirmSent(
      deps,
      { id: now.id, value, version },
      { recipients: after.recipients, note: timelineNote("late_answer") },
    );
  }
  return undefined;
};

const countAccepted = (recipients: readonly Recipient[]): number =>
  recipients.filter(({ state }) => state === "accepted").length;

/** Counts the recipients that this attempt has reached. */
const newlyAccepted = (claim: Claim, verdict: Exclude<Verdict, { kind: "hold" }>): number =>
  countAccepted(verdict.recipients) - countAccepted(claim.message.value.recipients);

/** Counts the recipients to give back: those counted but not reached. An unknown delivery gives none back. */
const countUnsent = (claim: Claim, verdict: Verdict): number => {
  if (verdict.kind === "hold") return claim.counted.recipients;
  if (verdict.kind === "unknown") return 0;
  return claim.counted.recipients - newlyAccepted(claim, verdict);
};

const limitNamedBy = (meaning: Extract<Verdict, { kind: "again" }>["meaning"]): NamedLimit | null =>
  meaning === "again" || meaning === "account" ? null : meaning;

const endClaim = async (deps: DeliveryDeps, claim: Claim, verdict: Verdict): Promise<void> => {
  const at = { serverId: claim.server.id, memory: deps.memory.ledgers };
  deps.memory.places.forget(claim.server.id, claim.message.id);
  const roomForOthers = await correctLedger(deps, at, {
    id: claim.message.id,
    claimedAtMs: claim.counted.atMs,
    unsent: countUnsent(claim, verdict),
    limit: verdict.kind === "again" ? limitNamedBy(verdict.meaning) : null,
    taken: verdict.kind === "sent" || (verdict.kind === "again" && newlyAccepted(claim, verdict) > 0),
    // Only a Retry-After in Gmail's own reply concerns the ledger; one of Google's token endpoint does not.
    retryAfterMs: verdict.kind === "again" && verdict.smtp !== null ? capRetryAfterMs(verdict.retryAfterMs) : null,
  });
  if (roomForOthers) await publishRoom(deps, claim.server.id);
};

/**
 * Stores the outcome of an attempt if the claim still stands, then ends the claim in the ledger, then announces it. The
 * order matters: the record is the truth, and the ledger errs on the safe side. The claim's place is free before the
 * outcome is durable, since the next claim is durable no sooner. Throws `Unavailable`.
 */
export const settle = async (deps: DeliveryDeps, claim: Claim, result: TryResult): Promise<void> => {
  const verdict = verdictOn(claim.message.value.recipients, result, claim.server.value.transport);
  const after = messageAfter(deps, claim, verdict);
  const moved = await saveWithRetries(deps, claim.message, after);
  const saved = moved ?? (await settleLate(deps, claim, { result, after }));
  if (saved === undefined) return;
  await endClaim(deps, claim, verdict);
  await moved?.durable();
  await announceMove(deps, { id: saved.id, value: after });
};
