import { changeOnCondition, conditionalWrite, unlessContended } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import type { Randomness } from "../../randomness.ts";
import type { Records, Write } from "../../records.ts";
import type { QuotaLedger } from "../message.ts";
import { applyCorrection, type Correction } from "./apply-correction.ts";
import { EMPTY_LEDGER } from "./room.ts";

/**
 * Reads and writes a server's ledger. A claim counts a message's recipients in the commit that claims the message, and
 * what was not sent is given back afterwards: a crash in between counts a few too many for a day, never too few.
 */

/** The ledger as last read or written; `version` is undefined while none is stored. */
export interface StoredLedger {
  readonly value: QuotaLedger;
  readonly version: string | undefined;
}

export const readLedger = async (records: Records, serverId: string): Promise<StoredLedger> => {
  const kept = await records.get("quotas", serverId);
  return kept === undefined
    ? { value: EMPTY_LEDGER, version: undefined }
    : { ...kept, value: { ...EMPTY_LEDGER, ...kept.value } };
};

/** Takes a ledger from memory, or reads it if `fresh` or unknown, without the claims that have ended here. */
export const recallLedger = async (
  records: Records,
  serverId: string,
  { memory, fresh = false }: { readonly memory: LedgerMemory; readonly fresh?: boolean },
): Promise<StoredLedger> => {
  const known = fresh ? undefined : memory.known(serverId);
  return memory.withoutEnded(serverId, known ?? (await readLedger(records, serverId)));
};

/** Builds the write of a ledger on condition that nobody has written it since it was read. */
export const ledgerWrite = (serverId: string, { version }: StoredLedger, value: QuotaLedger): Write =>
  conditionalWrite("quotas", { id: serverId, version }, value);

/**
 * How many places of an account may look taken although their claims have ended. Each claim counts those that were
 * there before it, so that all instances together leave no more than this, and others find at least five free.
 */
const MOST_LOOK_TAKEN = 3;

const mayLookTaken = ({ live, halvedUntilMs }: QuotaLedger, nowMs: number): boolean =>
  (halvedUntilMs ?? 0) <= nowMs && live.length <= MOST_LOOK_TAKEN;

/** Tells a claim from an earlier one of the same message. */
const nameOf = ({ id, untilMs }: QuotaLedger["live"][number]): string => `${untilMs} ${id}`;

/** The most ledgers that an instance remembers. One that it forgot costs a read. */
const MOST_KNOWN = 1_000;

/**
 * Remembers ledgers as this instance last wrote them, which saves a read per claim. It is safe: if somebody else has
 * written the ledger since, the conditional write fails. Writes of one ledger take turns within the instance, so that
 * its own workers do not contend.
 */
export class LedgerMemory {
  readonly #claimsOfAll: ((serverId: string) => ReadonlySet<string>) | null;
  readonly #known = new Map<string, StoredLedger>();
  readonly #turns = new Map<string, Promise<unknown>>();
  readonly #waiting = new Map<string, readonly (() => void)[]>();
  readonly #ended = new Map<string, ReadonlySet<string>>();

  /**
   * `claimsOfAll` is for an instance that delivers alone: it tells the ids of a server's messages that are claimed.
   * Only their places are taken then, whatever the ledger holds, and the end of a claim needs no write.
   */
  constructor(claimsOfAll: ((serverId: string) => ReadonlySet<string>) | null = null) {
    this.#claimsOfAll = claimsOfAll;
  }

  /** Whether nobody else takes or frees places. */
  get isAlone(): boolean {
    return this.#claimsOfAll !== null;
  }

  known(serverId: string): StoredLedger | undefined {
    return this.#known.get(serverId);
  }

  /** `undefined` forgets a ledger that is out of date. */
  note(serverId: string, ledger: StoredLedger | undefined): void {
    // Delete first: the map then stays in the order of notes, and its first key is the oldest.
    this.#known.delete(serverId);
    if (ledger === undefined) return;
    const [oldest] = this.#known.keys();
    if (this.#known.size >= MOST_KNOWN && oldest !== undefined) this.#forget(oldest);
    this.#known.set(serverId, ledger);
    // A claim that ended while this write was under way may still be in it.
    const ended = this.#ended.get(serverId) ?? new Set();
    const left = ledger.value.live.map(nameOf).filter((name) => ended.has(name));
    if (left.length === 0) this.#ended.delete(serverId);
    else this.#ended.set(serverId, new Set(left));
  }

  /** Claims whose end was left to the next write look taken until their leases end: at most `MOST_LOOK_TAKEN`. */
  #forget(serverId: string): void {
    this.#known.delete(serverId);
    this.#ended.delete(serverId);
  }

  /**
   * Leaves the end of a claim to the next write of its ledger by this instance, which costs no write of its own.
   * Returns false if it must be written now: too many places would look taken to other instances until then.
   */
  endLater(serverId: string, { id, nowMs }: { readonly id: string; readonly nowMs: number }): boolean {
    if (this.isAlone) return true;
    const known = this.#known.get(serverId)?.value;
    const claim = known?.live.find((one) => one.id === id);
    if (known === undefined || claim === undefined) return false;
    const nextIsHere = (this.#waiting.get(serverId) ?? []).length > 0;
    if (!nextIsHere && !mayLookTaken(known, nowMs)) return false;
    this.#ended.set(serverId, new Set([...(this.#ended.get(serverId) ?? []), nameOf(claim)]));
    return true;
  }

  withoutEnded(serverId: string, ledger: StoredLedger): StoredLedger {
    const ended = this.#ended.get(serverId);
    const claimed = this.#claimsOfAll?.(serverId);
    if (ended === undefined && claimed === undefined) return ledger;
    const live = ledger.value.live.filter((claim) => claimed?.has(claim.id) ?? !ended?.has(nameOf(claim)));
    return { ...ledger, value: { ...ledger.value, live } };
  }

  /** Resolves when a claim of this server ends in this instance, for the longest waiting first; or at the signal. */
  async placeFreed(serverId: string, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#waiting.set(serverId, [...(this.#waiting.get(serverId) ?? []), resolve]);
    const giveUp = (): void => resolve();
    signal.addEventListener("abort", giveUp, { once: true });
    await promise;
    signal.removeEventListener("abort", giveUp);
    this.#setWaiting(
      serverId,
      (this.#waiting.get(serverId) ?? []).filter((one) => one !== resolve),
    );
  }

  /** Wakes one that waits for a place. */
  freed(serverId: string): void {
    const [first, ...others] = this.#waiting.get(serverId) ?? [];
    this.#setWaiting(serverId, others);
    first?.();
  }

  #setWaiting(serverId: string, waiting: readonly (() => void)[]): void {
    if (waiting.length === 0) this.#waiting.delete(serverId);
    else this.#waiting.set(serverId, waiting);
  }

  async inTurn<T>(serverId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(serverId) ?? Promise.resolve();
    const mine = before.then(work, work);
    // The next in turn waits until this one ends, even if it fails.
    const ended = mine.catch(() => undefined);
    this.#turns.set(serverId, ended);
    try {
      return await mine;
    } finally {
      if (this.#turns.get(serverId) === ended) this.#turns.delete(serverId);
    }
  }
}

interface LedgerDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
}

/**
 * Changes a ledger, and tries again if others write first. Returns undefined if contention persists or if `change`
 * returns null because there is nothing to change. Throws `Unavailable`.
 */
export const changeLedger = (
  deps: LedgerDeps,
  at: { readonly serverId: string; readonly memory?: LedgerMemory },
  change: (ledger: QuotaLedger) => QuotaLedger | null,
): Promise<QuotaLedger | undefined> => {
  const { serverId, memory = new LedgerMemory() } = at;
  const attempt = async (): Promise<QuotaLedger | undefined | "contended"> => {
    const kept = await recallLedger(deps.records, serverId, { memory });
    const value = change(kept.value);
    if (value === null) return undefined;
    // A power cut may take it back: the ledger then counts too many, and Gmail names its limit once more.
    const outcome = await deps.records.commit([ledgerWrite(serverId, kept, value)], { early: true });
    memory.note(serverId, outcome.done ? { value, version: outcome.versions[0] ?? "" } : undefined);
    return outcome.done ? value : "contended";
  };
  return memory.inTurn(serverId, () => unlessContended(changeOnCondition(deps, "change a ledger", attempt)));
};

/** The number of refusals in a row after which Gmail's refusal of an account counts as permanent. */
const REFUSALS = 3;

/**
 * Counts that Gmail refused the account itself. Returns true at the third time in a row, and starts from zero again.
 * Throws `Unavailable`.
 */
export const countRefusal = async (
  deps: LedgerDeps,
  at: { readonly serverId: string; readonly memory?: LedgerMemory },
): Promise<boolean> => {
  let refusals = 0;
  await changeLedger(deps, at, (ledger) => {
    refusals = (ledger.refusals ?? 0) + 1;
    return { ...ledger, refusals: refusals % REFUSALS };
  });
  return refusals === REFUSALS;
};

/** Whether a correction frees the claim's place and does nothing else, as after an ordinary mail. */
const onlyFreesPlace = ({ refusals = 0 }: QuotaLedger, correction: Correction): boolean =>
  correction.unsent === 0 && correction.limit === null && (correction.retryAfterMs ?? null) === null && refusals === 0;

const endLater = (
  { clock }: LedgerDeps,
  { serverId, memory }: { readonly serverId: string; readonly memory?: LedgerMemory },
  correction: Correction,
): boolean => {
  const known = memory?.known(serverId);
  if (memory === undefined || known === undefined || !onlyFreesPlace(known.value, correction)) return false;
  return memory.endLater(serverId, { id: correction.id, nowMs: clock.nowMs() });
};

/**
 * Corrects the ledger after an attempt. If there is no more to correct than the claim's place, the next claim of this
 * instance does it. If contention persists it gives up silently, and the ledger counts too many rather than too few.
 * Returns true if room was given back that others wait for. Throws `Unavailable`.
 */
export const correctLedger = async (
  deps: LedgerDeps,
  at: { readonly serverId: string; readonly memory?: LedgerMemory },
  correction: Correction,
): Promise<boolean> => {
  const after = endLater(deps, at, correction)
    ? undefined
    : await changeLedger(deps, at, (ledger) => applyCorrection(deps.clock, ledger, correction));
  at.memory?.freed(at.serverId);
  return after !== undefined && after.lineSinceMs !== null && correction.unsent > 0 && correction.limit === null;
};
