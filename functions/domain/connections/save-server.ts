import type { Clock } from "../clock.ts";
import { canSend, type MailServer } from "../mail-servers/mail-server.ts";
import { draftNotice, type News, writtenNotice } from "../notices/notice.ts";
import { type TellDeps, tellNotice } from "../notices/tell.ts";
import type { Publisher } from "../publisher.ts";
import type { Randomness } from "../randomness.ts";
import type { CommitOutcome, Versioned, Write } from "../records.ts";
import { newsOfMove } from "./news-of-move.ts";

export interface NewsDeps extends TellDeps {
  readonly clock: Clock;
  readonly random: Randomness;
}

/** Commits what brings news about together with the news, and tells them once it is done. Throws `Unavailable` by the commit alone. */
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

/**
 * Writes a server whose connection has moved, on condition that nobody wrote it since it was read, tells of the move, and lets its held mail go where it can send
 * again. False: somebody wrote. Throws `Unavailable`.
 */
export const saveServer = async (
  deps: NewsDeps & { readonly publisher: Publisher },
  { id, version, value: before }: Versioned<MailServer>,
  { value, also = [] }: { readonly value: MailServer; readonly also?: readonly Write[] },
): Promise<boolean> => {
  const write = { op: "replace", kind: "mailServers", id, version, value } as const;
  const outcome = await commitNews(deps, [write, ...also], newsOfMove(id, before, value.connection));
  if (outcome.done && canSend(value) && !canSend(before)) {
    await deps.publisher.publish("mail-dispatch", { data: { server: id }, attributes: {} });
  }
  return outcome.done;
};
