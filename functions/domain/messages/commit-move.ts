import { conditionalWrite } from "../change-on-condition.ts";
import { commitEvent, type NewsDeps } from "../commit-news.ts";
import type { Log } from "../log.ts";
import type { Announcement } from "../publisher.ts";
import type { Versioned, Write } from "../records.ts";
import { eraseBody } from "./body-store.ts";
import { logMove } from "./log-move.ts";
import { isInChunks, type Message } from "./message.ts";
import { withKinds } from "./recipient-kind.ts";
import { countMove } from "./stats/count-move.ts";
import type { HourCounts } from "./stats/counted.ts";
import { tallyWrites } from "./stats/tally.ts";
import { erasesBody, isFinal } from "./statuses.ts";

export interface CommitDeps extends NewsDeps {
  readonly log: Log;
}

export interface Move<M extends Message> {
  readonly after: M;
  /**
   * An event that is announced even if this process dies after the commit. It costs two more writes, so it is for
   * moves that few messages make, or that no later push announces.
   */
  readonly event?: Announcement | null;
  /** Further writes of the same commit, such as the ledger's and the audit's. */
  readonly also?: readonly Write[];
  /** What else this commit counts for the message's server. */
  readonly counted?: readonly HourCounts[];
  /** The commit may be answered before it is durable (`CommitOptions`); one with an event is not. */
  readonly early?: boolean;
}

export interface Moved<M extends Message> extends Versioned<M> {
  /** The versions of what `also` wrote. */
  readonly also: readonly string[];
  /** Resolves once the move is durable. Throws `Unavailable`. */
  readonly durable: () => Promise<void>;
}

const alreadyDurable = async (): Promise<void> => undefined;

/**
 * Commits a move of a message, counts it and logs it; every move must go through here. Returns undefined if somebody
 * has moved the message since it was read. Afterwards it erases a large body that is no longer needed; a crash in
 * between leaves a message whose erasure is due. Throws `Unavailable`.
 */
export const commitMove = async <M extends Message>(
  deps: CommitDeps,
  before: Versioned<Message>,
  { after, event = null, also = [], counted = [], early = false }: Move<M>,
): Promise<Moved<M> | undefined> => {
  const { message, counts } = countMove(before.value, after);
  const tallies = tallyWrites(deps, message.serverId, [...counts, ...counted]);
  const writes = [conditionalWrite("messages", before, message), ...also, ...tallies];
  const outcome =
    event === null ? await deps.records.commit(writes, { early }) : await commitEvent(deps, writes, event);
  if (!outcome.done) return undefined;
  logMove(deps, { id: before.id, before: before.value.status, after: message });
  const [version = "", ...others] = outcome.versions;
  const { durable = alreadyDurable } = outcome;
  const moved = { id: before.id, value: message, version, also: others.slice(0, also.length), durable };
  if (isInChunks(after.body) && erasesBody(after)) await eraseFinalBody(deps, moved);
  return moved;
};

interface Creation extends Pick<Move<Message>, "also"> {
  readonly id: string;
  readonly value: Message;
  readonly event: Announcement | null;
}

/**
 * Commits a new message, counts it and logs it. Returns undefined if there is one of this id. `event` is announced
 * even if this process dies after the commit. Throws `Unavailable`.
 */
export const commitNew = async (
  deps: CommitDeps,
  { id, value: first, event, also = [] }: Creation,
): Promise<Versioned<Message> | undefined> => {
  const { message: value, counts } = countMove(undefined, first);
  const create = conditionalWrite("messages", { id, version: undefined }, value);
  const outcome = await commitEvent(deps, [create, ...also, ...tallyWrites(deps, value.serverId, counts)], event);
  if (!outcome.done) return undefined;
  logMove(deps, { id, before: null, after: value });
  return { id, value, version: outcome.versions[0] ?? "" };
};

/** Marks the body of a final message as erased. Pure. */
const withoutBody = (message: Message, nowMs: number): Message => {
  if (!isFinal(message)) throw new Error("only a final message loses its body");
  const recipients = withKinds(message, message.recipients);
  return { ...message, recipients, body: { kind: "erased", atMs: nowMs }, dueAtMs: null };
};

/** Deletes the body of a final message, chunks first. A lost race does no harm, since the winner did the same. */
export const eraseFinalBody = async (deps: CommitDeps, final: Versioned<Message>): Promise<void> => {
  await eraseBody(deps, final.value);
  await commitMove(deps, final, { after: withoutBody(final.value, deps.clock.nowMs()) });
};
