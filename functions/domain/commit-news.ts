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
 * Commits writes together with notices of the news that they cause, as the last writes, and tells the news in this
 * order once the commit is done. Throws `Unavailable` only if the commit itself fails.
 */
export const commitNews = async (
  deps: NewsDeps,
  writes: readonly Write[],
  news: readonly News[],
): Promise<CommitOutcome> => {
  const drafts = news.map((one) => draftNotice(deps, one));
  const outcome = await deps.records.commit([...writes, ...drafts.map(({ write }) => write)]);
  if (!outcome.done) return outcome;
  for (const [at, draft] of drafts.entries())
    await deps.tell(writtenNotice(draft, outcome.versions.slice(0, writes.length + at + 1)));
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
): Promise<CommitOutcome> => commitNews(deps, writes, event === null ? [] : [{ kind: "event", event }]);
