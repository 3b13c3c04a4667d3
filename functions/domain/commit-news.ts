import type { Clock } from "./clock.ts";
import { draftNotice, type News, type Notice, writtenNotice } from "./news.ts";
import type { Announcement } from "./publisher.ts";
import type { Randomness } from "./randomness.ts";
import type { CommitOutcome, Records, Versioned, Write } from "./records.ts";

/**
 * Logs a notice, alerts operators, publishes its event, then deletes it. Never throws: if any of this fails, the notice
 * stays stored and the next tick tries again.
 */
export type Tell = (notice: Versioned<Notice>) => Promise<void>;

export interface NewsDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly tell: Tell;
}

/**
 * Commits writes together with a notice of the news that they cause, as the last write, and tells the news once the
 * commit is done. Null means that there is no news. Throws `Unavailable` only if the commit itself fails.
 */
export const commitNews = async (
  deps: NewsDeps,
  writes: readonly Write[],
  news: News | null,
): Promise<CommitOutcome> => {
  if (news === null) return deps.records.commit(writes);
  const draft = draftNotice(deps, news);
  const outcome = await deps.records.commit([...writes, draft.write]);
  if (outcome.done) await deps.tell(writtenNotice(draft, outcome.versions));
  return outcome;
};

/**
 * Like `commitNews`, for a single event. It costs two more writes than a plain commit, so it serves events that few
 * messages have, or that no redelivered push would repeat.
 */
export const commitEvent = (
  deps: NewsDeps,
  writes: readonly Write[],
  event: Announcement | null,
): Promise<CommitOutcome> => commitNews(deps, writes, event === null ? null : { kind: "event", event });
