import { conditionalWrite } from "../../change-on-condition.ts";
import { type Clock, HOUR } from "../../clock.ts";
import { everyPage } from "../../every-record.ts";
import type { Versioned, Write } from "../../records.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { forEachInBatches } from "../in-batches.ts";
import type { QuotaLedger } from "../message.ts";
import type { HourCounts } from "./counted.ts";
import { addUp, tallyWrites } from "./tally.ts";

/**
 * The claims of a server are counted in its ledger, which a claim writes anyway, and move from there to the tallies
 * about once an hour: an ordinary mail costs no write of its own to count.
 */

/** How long counts stay in the ledger, from the first of them. Nominal. */
const IN_LEDGER_MS = HOUR;

/** The ledger without counts. */
const withoutTally = (ledger: QuotaLedger): QuotaLedger => {
  const { tally: _, tallyDueAtMs: __, ...rest } = ledger;
  return rest;
};

/** Counts a claim in the ledger. What is due moves out with it, as `moved`, into the same commit. Pure. */
export const tallyInLedger = (
  clock: Pick<Clock, "nowMs" | "lasting">,
  ledger: QuotaLedger,
  claim: HourCounts,
): { readonly after: QuotaLedger; readonly moved: readonly HourCounts[] } => {
  const tally = addUp([...(ledger.tally ?? []), claim]);
  const tallyDueAtMs = ledger.tallyDueAtMs ?? clock.nowMs() + clock.lasting(IN_LEDGER_MS);
  return tallyDueAtMs > clock.nowMs()
    ? { after: { ...ledger, tally, tallyDueAtMs }, moved: [] }
    : { after: withoutTally(ledger), moved: tally };
};

type FlushDeps = Pick<MoveDeps, "records" | "clock" | "random">;

const flush = async (deps: FlushDeps, { id, version, value }: Versioned<QuotaLedger>): Promise<void> => {
  const ledger = conditionalWrite("quotas", { id, version }, withoutTally(value));
  // If the ledger has been written in the meantime, the next tick takes it.
  await deps.records.commit([ledger, ...tallyWrites(deps, id, value.tally ?? [])]);
};

const PAGE = 50;

/** Moves counts that are due from the ledgers of servers that claim nothing at present. Throws `Unavailable`. */
export const flushDueTallies = async (deps: FlushDeps, endsAtMs: number): Promise<void> => {
  const upTo = deps.clock.nowMs();
  for await (const page of everyPage(deps.records, "talliesDue", { upTo }, { page: PAGE })) {
    await forEachInBatches(page, (ledger) => flush(deps, ledger));
    if (deps.clock.nowMs() >= endsAtMs) return;
  }
};

/** The writes that delete a server's ledger, on condition that it is as it was read, and keep its counts. */
export const closeLedger = async (deps: FlushDeps, serverId: string): Promise<readonly Write[]> => {
  const ledger = await deps.records.get("quotas", serverId);
  if (ledger === undefined) return [];
  const { version, value } = ledger;
  const remove = { op: "delete", kind: "quotas", id: serverId, version } as const;
  return [remove, ...tallyWrites(deps, serverId, value.tally ?? [])];
};
