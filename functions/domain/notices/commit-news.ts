import type { Alert } from "../alerts/operator-alert.ts";
import type { Clock } from "../clock.ts";
import type { Announcement } from "../publisher.ts";
import type { Randomness } from "../randomness.ts";
import type { CommitOutcome, Write } from "../records.ts";
import { draftNotice, type News, writtenNotice } from "./notice.ts";
import { type TellDeps, tellNotice } from "./tell.ts";

export interface NewsDeps extends TellDeps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/**
 * Commits what brings news about together with the news, and tells them once it is done; null: there are none. The news are the last write. Throws
 * `Unavailable` by the commit alone.
 */
export const commitNews = async (
  deps: NewsDeps,
  writes: readonly Write[],
  news: News | null,
): Promise<CommitOutcome> => {
  if (news === null) return deps.records.commit(writes);
  const draft = draftNotice(deps, news);
  const outcome = await deps.records.commit([...writes, draft.write]);
  if (outcome.done) await tellNotice(deps, writtenNotice(draft, outcome.versions));
  return outcome;
};

export type EventDeps = Omit<NewsDeps, "alert">;

/** An event is all that there is to tell. */
const nobody: Alert = async () => undefined;

/** As `commitNews`, where the news are one event. Two writes more than without: for what happens to few messages, or where no push comes again. */
export const commitEvent = (
  deps: EventDeps,
  writes: readonly Write[],
  event: Announcement | null,
): Promise<CommitOutcome> =>
  commitNews({ ...deps, alert: nobody }, writes, event === null ? null : { kind: "event", event });
