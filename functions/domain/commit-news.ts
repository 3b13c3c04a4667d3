import type { Clock } from "./clock.ts";
import { draftNotice, type News, type Notice, writtenNotice } from "./news.ts";
import type { Announcement } from "./publisher.ts";
import type { Randomness } from "./randomness.ts";
import type { CommitOutcome, Records, Versioned, Write } from "./records.ts";

/**
 * Tells log, operators and world of a notice, then deletes it. Never throws: a notice that could not be told stays
 * written, and the next tick tells it.
 */
export type Tell = (notice: Versioned<Notice>) => Promise<void>;

export interface NewsDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly tell: Tell;
}

/**
 * Commits writes together with the news that they bring about, and tells the news once the commit is done; null: there
 * are none. The notice is the last write. Throws `Unavailable` by the commit alone.
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
 * As `commitNews`, for news that are one event. It costs two writes more than a plain commit: for what happens to few
 * messages, or where no push comes again.
 */
export const commitEvent = (
  deps: NewsDeps,
  writes: readonly Write[],
  event: Announcement | null,
): Promise<CommitOutcome> => commitNews(deps, writes, event === null ? null : { kind: "event", event });
