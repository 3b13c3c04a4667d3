import { type Clock, DAY } from "../../clock.ts";
import { everyPage } from "../../every-record.ts";
import type { Log } from "../../log.ts";
import type { Publisher } from "../../publisher.ts";
import type { Records } from "../../records.ts";
import { askForCheck } from "./ask-for-check.ts";
import { checkGivenUpSoon } from "./check-all-soon.ts";

interface DueDeps {
  readonly records: Records;
  readonly publisher: Publisher;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Asks for a check of each server that is due, with one message each. A server stays due until its check has set the
 * next time, so the next tick completes an interrupted one, and asking twice is harmless. Throws `Unavailable`.
 */
const askForDueChecks = async ({ records, publisher, clock, log }: DueDeps): Promise<void> => {
  const upTo = clock.nowMs();
  let count = 0;
  // Each page is published in parallel, because a tick with many servers would otherwise outlast the function.
  for await (const page of everyPage(records, "serversDueForCheck", { upTo }, { page: 100 })) {
    await Promise.all(page.map(({ id }) => askForCheck({ publisher }, id, "due")));
    count += page.length;
  }
  if (count > 0) log.info("checks_due", { count });
};

/** The search for given-up grants reads every server, and only an earlier release leaves such grants. Nominal. */
const FIND_GIVEN_UP_EVERY_MS = DAY;

/**
 * Returns the tick of the checks. It is created once per instance and asks for every check that is due. Throws
 * `Unavailable`.
 */
export const dueChecks = (deps: DueDeps): (() => Promise<void>) => {
  let findGivenUpAtMs = 0;
  return async () => {
    if (deps.clock.nowMs() >= findGivenUpAtMs) {
      const count = await checkGivenUpSoon(deps);
      findGivenUpAtMs = deps.clock.nowMs() + deps.clock.lasting(FIND_GIVEN_UP_EVERY_MS);
      if (count > 0) deps.log.info("given_up_grants_asked", { count });
    }
    await askForDueChecks(deps);
  };
};
