import { changeOnCondition, unlessContended } from "../../change-on-condition.ts";
import { SECOND } from "../../clock.ts";
import { Contended } from "../../problem.ts";
import type { DeliveryDeps } from "../delivery-deps.ts";
import { recallLedger } from "../limits/ledger.ts";
import { isClaimable } from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { claimWith } from "./claim-room.ts";
import type { Claim, Claimable, ClaimOutcome } from "./lease.ts";
import { obstacle, setAside } from "./set-aside.ts";

/** How long a message waits for others of its account (nominal), and the least in real time. */
const WAIT_FOR_TURN_MS = 20 * SECOND;
const SHORTEST_WAIT_MS = 2 * SECOND;
const SHORTEST_LOOK_MS = 20;

/** Tries to claim once. The first time it uses remembered facts; if these refuse the message, the next reads afresh. */
const tryClaim = async (deps: DeliveryDeps, message: Claimable, fresh: boolean): Promise<ClaimOutcome> => {
  const { memory, records } = deps;
  const serverId = message.value.serverId;
  const facts = await (fresh ? memory.readFacts(deps, serverId) : memory.recallFacts(deps, serverId));
  const { server, settings } = facts;
  const found = obstacle(deps, message, facts);
  if (found !== null || server === undefined) {
    if (found === null || !fresh) return { kind: "lost" };
    return { kind: (await setAside(deps, message, found)) ? "set_aside" : "lost" };
  }
  return memory.ledgers.inTurn(serverId, async () => {
    const ledger = await recallLedger(records, serverId, { memory: memory.ledgers, fresh });
    return claimWith(deps, message, { server, settings, ledger, fresh });
  });
};

const leave = ({ log }: DeliveryDeps, id: string): undefined => {
  log.warn("later_record_left", { kind: "messages", id });
};

/** The message, if it may be claimed now. */
const readClaimable = async (deps: DeliveryDeps, id: string): Promise<Claimable | undefined> => {
  const message = await deps.records.get("messages", id);
  if (message === undefined) return undefined;
  const { value, version } = message;
  if (!isClaimable(value, deps.clock.nowMs())) return undefined;
  if (!isUnderstoodMessage(value)) return leave(deps, id);
  return { id, value, version };
};

/** Tries again while the account is busy. */
const claimWhenFree = async (
  deps: DeliveryDeps,
  id: string,
  { fresh, waitUntilMs }: { readonly fresh: boolean; readonly waitUntilMs: number },
): Promise<Claim | undefined | "contended"> => {
  const { clock, random } = deps;
  let message = await readClaimable(deps, id);
  while (message !== undefined) {
    const tried = await tryClaim(deps, message, fresh);
    if (tried.kind === "set_aside") return undefined;
    if (tried.kind === "claimed") return tried.claim;
    if (tried.kind === "lost") return "contended";
    if (clock.nowMs() >= waitUntilMs) throw new Contended("claim a message");
    // The account has too many claims under way, or there is room in a moment.
    const busyMs = clock.lasting(SECOND) * (0.5 + random.fraction());
    if (tried.kind === "soon") await clock.sleep(Math.max(1, tried.atMs - clock.nowMs()));
    // If it has moved since it was read, this claim is lost, and the next try reads it.
    else if (await waitForPlace(deps, message.value.serverId, Math.max(SHORTEST_LOOK_MS, busyMs))) continue;
    message = await readClaimable(deps, id);
  }
  return undefined;
};

/**
 * Waits until a claim of the account ends in this instance, and returns true then. Those of other instances are looked
 * for after `lookMs`.
 */
const waitForPlace = async ({ clock, memory }: DeliveryDeps, serverId: string, lookMs: number): Promise<boolean> => {
  const waiting = new AbortController();
  const freed = memory.ledgers.placeFreed(serverId, waiting.signal).then(() => true);
  const looks = clock.sleep(lookMs, waiting.signal).then(() => false);
  const isFree = await Promise.race([freed, looks]);
  waiting.abort("nobody waits any longer");
  return isFree;
};

/**
 * Claims a message for sending, under a lease. Returns undefined if there is nothing to do, if the message was set
 * aside (held, expired or failed) and announced, or if the account is busy: it then stays queued, and `dispatch-due`
 * publishes it again. Throws `Unavailable`.
 */
export const claimMessage = async (deps: DeliveryDeps, id: string): Promise<Claim | undefined> => {
  const { clock } = deps;
  const waitUntilMs = clock.nowMs() + Math.max(SHORTEST_WAIT_MS, clock.lasting(WAIT_FOR_TURN_MS));
  const work = changeOnCondition<Claim | undefined>(deps, "claim a message", async (lost) => {
    // Remembered facts may be out of date, so the second try follows at once with fresh ones.
    const first = lost === 0 ? await claimWhenFree(deps, id, { fresh: false, waitUntilMs }) : "contended";
    return first === "contended" ? claimWhenFree(deps, id, { fresh: true, waitUntilMs }) : first;
  });
  return unlessContended(work, () => deps.log.warn("claim_contended", { id }));
};
