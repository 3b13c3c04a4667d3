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

/** Tries again while the account is busy, and rereads the record, since the message may not be claimable any more. */
const claimWhenFree = async (
  deps: DeliveryDeps,
  id: string,
  { fresh, waitUntilMs }: { readonly fresh: boolean; readonly waitUntilMs: number },
): Promise<Claim | undefined | "contended"> => {
  const { clock, random } = deps;
  for (;;) {
    const message = await deps.records.get("messages", id);
    if (message === undefined) return undefined;
    const { value, version } = message;
    if (!isClaimable(value, clock.nowMs())) return undefined;
    if (!isUnderstoodMessage(value)) return leave(deps, id);
    const tried = await tryClaim(deps, { id, value, version }, fresh);
    if (tried.kind === "set_aside") return undefined;
    if (tried.kind === "claimed") return tried.claim;
    if (tried.kind === "lost") return "contended";
    if (clock.nowMs() >= waitUntilMs) throw new Contended("claim a message");
    // The account has too many claims under way, or there is room in a moment.
    const busyMs = clock.lasting(SECOND) * (0.5 + random.fraction());
    if (tried.kind === "soon") await clock.sleep(Math.max(1, tried.atMs - clock.nowMs()));
    else await waitForPlace(deps, value.serverId, Math.max(SHORTEST_LOOK_MS, busyMs));
  }
};

/** Waits until a claim of the account ends in this instance. Those of other instances are looked for after `lookMs`. */
const waitForPlace = async ({ clock, memory }: DeliveryDeps, serverId: string, lookMs: number): Promise<void> => {
  const waiting = new AbortController();
  await Promise.race([memory.ledgers.placeFreed(serverId, waiting.signal), clock.sleep(lookMs, waiting.signal)]);
  waiting.abort("nobody waits any longer");
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
