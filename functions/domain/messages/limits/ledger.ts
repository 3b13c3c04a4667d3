import { changeOnCondition, conditionalWrite, unlessContended } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import type { Randomness } from "../../randomness.ts";
import type { Records, Write } from "../../records.ts";
import type { QuotaLedger } from "../message.ts";
import { type Correction, corrected, EMPTY_LEDGER } from "./limits.ts";

/**
 * A server's ledger, kept. A claim counts a message's recipients in the same commit that claims the message; what did not happen is given back
 * afterwards. A crash in between leaves a few counted too many for a day, never too few.
 */

/** As last read or written; `version: undefined` while none is kept. */
export interface KeptLedger {
  readonly value: QuotaLedger;
  readonly version: string | undefined;
}

export const readLedger = async (records: Records, serverId: string): Promise<KeptLedger> => {
  const kept = await records.get("quotas", serverId);
  return kept === undefined
    ? { value: EMPTY_LEDGER, version: undefined }
    : { ...kept, value: { ...EMPTY_LEDGER, ...kept.value } };
};

/** The write of a ledger on condition that nobody wrote it since it was read. */
export const ledgerWrite = (serverId: string, { version }: KeptLedger, value: QuotaLedger): Write =>
  conditionalWrite("quotas", { id: serverId, version }, value);

/**
 * Ledgers as one instance last wrote them. Worth a read a claim, and safe: a ledger that somebody else has written since fails the write's condition.
 * Within the instance the writes of one ledger take turns, so that its own workers do not make each other's fail.
 */
export class LedgerMemory {
  readonly #known = new Map<string, KeptLedger>();
  readonly #turns = new Map<string, Promise<unknown>>();

  known(serverId: string): KeptLedger | undefined {
    return this.#known.get(serverId);
  }

  /** `undefined`: what was known is out of date. */
  note(serverId: string, ledger: KeptLedger | undefined): void {
    if (ledger === undefined) this.#known.delete(serverId);
    else this.#known.set(serverId, ledger);
  }

  async inTurn<T>(serverId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(serverId) ?? Promise.resolve();
    const mine = before.then(work, work);
    // Whoever comes next waits for the end of this, however it ends.
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
 * Changes a ledger, however often others come first; undefined: it did not come to it, or there was nothing to change (`change` answered null).
 * Throws `Unavailable`.
 */
export const changeLedger = (
  deps: LedgerDeps,
  at: { readonly serverId: string; readonly memory?: LedgerMemory },
  change: (ledger: QuotaLedger) => QuotaLedger | null,
): Promise<QuotaLedger | undefined> => {
  const { serverId, memory = new LedgerMemory() } = at;
  const attempt = async (): Promise<QuotaLedger | undefined | "contended"> => {
    const kept = memory.known(serverId) ?? (await readLedger(deps.records, serverId));
    const value = change(kept.value);
    if (value === null) return undefined;
    const outcome = await deps.records.commit([ledgerWrite(serverId, kept, value)]);
    memory.note(serverId, outcome.done ? { value, version: outcome.versions[0] ?? "" } : undefined);
    return outcome.done ? value : "contended";
  };
  return memory.inTurn(serverId, () => unlessContended(changeOnCondition(deps, "change a ledger", attempt)));
};

/** So often in a row Gmail may refuse an account before it is for good and no passing mood. */
const REFUSALS = 3;

/** Gmail has refused the account itself. True: for the third time in a row, upon which the count begins anew. Throws `Unavailable`. */
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

/**
 * After a try. Gives up silently after some lost races, and then counts too many rather than too few. True: room was given back, and others wait for it.
 * Throws `Unavailable`.
 */
export const correctLedger = async (
  deps: LedgerDeps,
  at: { readonly serverId: string; readonly memory?: LedgerMemory },
  correction: Correction,
): Promise<boolean> => {
  const after = await changeLedger(deps, at, (ledger) => corrected(deps.clock, ledger, correction));
  return after !== undefined && after.lineSinceMs !== null && correction.unsent > 0 && correction.limit === null;
};
