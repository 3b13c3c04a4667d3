import type { Unavailable } from "../../problem.ts";
import type { Versioned } from "../../records.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { givenUp } from "../finish.ts";
import { held } from "../hold.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { NamedLimit } from "../limits/limits.ts";
import type { Attempt, Message, Recipient } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo } from "../moves.ts";
import { publishRoom } from "../publish-delivery.ts";
import { isIn } from "../statuses.ts";
import { timelineNote } from "../timeline-notes.ts";
import type { Claim } from "./claim.ts";
import { confirmSent, enterUnknown } from "./resolver.ts";
import { heededMs, retryDelayMs, triedLongEnough } from "./retry-policy.ts";
import { type Judgement, judge, type TryResult } from "./verdict.ts";

type Event = "sent" | "deferred" | "held" | "unknown" | "failed";
interface Settled {
  readonly after: Message;
  readonly event: Event;
}

const attemptOf = (
  nowMs: number,
  outcome: Attempt["outcome"],
  judgement: Exclude<Judgement, { kind: "hold" }>,
): Attempt => ({
  atMs: nowMs,
  outcome,
  smtp: judgement.smtp,
  problem: judgement.problem,
});

/** Sent to those who took it, or failed when nobody did. */
const ended = (deps: MoveDeps, claim: Claim, judgement: Exclude<Judgement, { kind: "hold" }>): Settled => {
  const nowMs = deps.clock.nowMs();
  const providerId = judgement.providerId ?? claim.message.value.providerId;
  const { after, event } = givenUp(deps.clock, claim.message.value, {
    otherwise: "failed",
    nowMs,
    retentionDays: claim.settings.retentionDays,
    attempt: { atMs: nowMs, smtp: judgement.smtp, problem: judgement.problem },
    facts: { recipients: judgement.recipients, providerId },
  });
  return { after, event: event === "sent" ? "sent" : "failed" };
};

const again = (deps: MoveDeps, claim: Claim, judgement: Extract<Judgement, { kind: "again" }>): Settled => {
  const message = claim.message.value;
  if (triedLongEnough(message, deps.clock)) return ended(deps, claim, { ...judgement, problem: "attempts_exhausted" });
  const nowMs = deps.clock.nowMs();
  const delayMs = retryDelayMs({
    tries: message.attempts.filter(({ outcome }) => outcome === "deferred").length + 1,
    verdict: judgement.verdict,
    retryAfterMs: judgement.retryAfterMs,
    fraction: deps.random.fraction(),
  });
  const after = moveTo(
    message,
    { status: "deferred", dueAtMs: nowMs + deps.clock.lasting(delayMs) },
    {
      nowMs,
      attempt: attemptOf(nowMs, "deferred", judgement),
      facts: { recipients: judgement.recipients, providerId: judgement.providerId ?? message.providerId },
    },
  );
  return { after, event: "deferred" };
};

const settled = (deps: MoveDeps, claim: Claim, judgement: Judgement): Settled => {
  const message = claim.message.value;
  switch (judgement.kind) {
    case "sent":
    case "final":
      return ended(deps, claim, judgement);
    case "again":
      return again(deps, claim, judgement);
    case "hold":
      return {
        after: held(deps.clock, message, { ...judgement, because: "reconnect_required" }),
        event: "held",
      };
    case "unknown":
      return {
        after: enterUnknown(deps, message, { ...judgement, server: claim.server.value }),
        event: "unknown",
      };
  }
};

const WRITE_TRIES = 3;

/** A store that hiccups must not turn "sent" into "unknown": the write is tried a few times before the push is given back. */
const saveStubbornly = async (
  deps: MoveDeps,
  before: Versioned<Message>,
  after: Message,
): Promise<Versioned<Message> | undefined> => {
  let failure: Unavailable | unknown;
  for (let tries = 0; tries < WRITE_TRIES; tries += 1) {
    try {
      return await commitMove(deps, before, { after });
    } catch (error) {
      failure = error;
      await deps.clock.sleep(deps.clock.lasting(500 * (tries + 1)));
    }
  }
  throw failure;
};

/**
 * Where the lease was lost meanwhile: what we know for certain is still worth more than what the resolver can find out. Answers the message where it
 * turns out to have been our own write, whose answer was lost.
 */
const settleLate = async (
  deps: DeliveryDeps,
  claim: Claim,
  { result, after, event }: Settled & { readonly result: TryResult },
): Promise<Versioned<Message> | undefined> => {
  const now = await deps.records.get("messages", claim.message.id);
  if (now === undefined) return undefined;
  const { value, version } = now;
  // The same claim, one version on: the mark was written although the store said that it failed.
  if (isIn(value, "sending") && value.fence === claim.message.value.fence && version !== claim.message.version) {
    await settle(deps, { ...claim, message: { id: now.id, value, version } }, result);
    return undefined;
  }
  if (value.status === after.status && value.updatedAtMs === after.updatedAtMs) return now;
  deps.log.warn("lease_lost", { message: now.id, status: value.status, outcome: event });
  if (event === "sent" && isIn(value, "unknown")) {
    await confirmSent(
      deps,
      { id: now.id, value, version },
      { recipients: after.recipients, note: timelineNote("late_answer") },
    );
  }
  return undefined;
};

const accepted = (recipients: readonly Recipient[]): number =>
  recipients.filter(({ state }) => state === "accepted").length;

/** Recipients that this try has reached. */
const newlyAccepted = (claim: Claim, judgement: Exclude<Judgement, { kind: "hold" }>): number =>
  accepted(judgement.recipients) - accepted(claim.message.value.recipients);

/** Recipients that were counted and not reached. Of an unknown delivery nothing is given back. */
const unsentOf = (claim: Claim, judgement: Judgement): number => {
  if (judgement.kind === "hold") return claim.counted.recipients;
  if (judgement.kind === "unknown") return 0;
  return claim.counted.recipients - newlyAccepted(claim, judgement);
};

const limitNamedBy = (verdict: Extract<Judgement, { kind: "again" }>["verdict"]): NamedLimit | null =>
  verdict === "again" || verdict === "account" ? null : verdict;

const endClaim = async (deps: DeliveryDeps, claim: Claim, judgement: Judgement): Promise<void> => {
  const at = { serverId: claim.server.id, memory: deps.memory.ledgers };
  const roomForOthers = await correctLedger(deps, at, {
    id: claim.message.id,
    claimedAtMs: claim.counted.atMs,
    unsent: unsentOf(claim, judgement),
    limit: judgement.kind === "again" ? limitNamedBy(judgement.verdict) : null,
    taken: judgement.kind === "sent" || (judgement.kind === "again" && newlyAccepted(claim, judgement) > 0),
    // By Gmail itself, in a reply; what Google's token endpoint says is none of the ledger's.
    retryAfterMs: judgement.kind === "again" && judgement.smtp !== null ? heededMs(judgement.retryAfterMs) : null,
  });
  if (roomForOthers) await publishRoom(deps, claim.server.id);
};

/**
 * Writes down what a try came to, on condition that the claim still stands; then ends it in the ledger, then tells the world.
 * In that order: the record is the truth, the ledger errs to the safe side, an event is only an echo. Throws `Unavailable`.
 */
export const settle = async (deps: DeliveryDeps, claim: Claim, result: TryResult): Promise<void> => {
  const judgement = judge(claim.message.value.recipients, result, claim.server.value.transport);
  const outcome = settled(deps, claim, judgement);
  const saved =
    (await saveStubbornly(deps, claim.message, outcome.after)) ??
    (await settleLate(deps, claim, { ...outcome, result }));
  if (saved === undefined) return;
  await endClaim(deps, claim, judgement);
  await deps.announce(messageEvent(`relais.message.${outcome.event}.v1`, saved.id, outcome.after));
};
