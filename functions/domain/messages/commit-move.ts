import { conditionalWrite } from "../change-on-condition.ts";
import { commitEvent, type NewsDeps } from "../commit-news.ts";
import type { Announcement } from "../publisher.ts";
import type { Versioned, Write } from "../records.ts";
import { eraseBody } from "./body-store.ts";
import type { Message } from "./message.ts";
import { withKinds } from "./recipient-kind.ts";
import { erasesBody, isFinal } from "./statuses.ts";

export interface Move<M extends Message> {
  readonly after: M;
  /**
   * Told to the world even if this process dies after the commit. Two writes more than without: for what happens to few
   * messages, or where no push comes again.
   */
  readonly event?: Announcement | null;
  /** Writes of the same commit: what the move costs, and who made it. */
  readonly also?: readonly Write[];
}

export interface Moved<M extends Message> extends Versioned<M> {
  /** Versions of what `also` wrote. */
  readonly also: readonly string[];
}

/**
 * Writes a move of a message, the one way to do it: on condition that nobody moved the message since it was read;
 * undefined if somebody did. A large body that the move ends is erased then: a crash in between leaves a message whose
 * erasure is due. Throws `Unavailable`.
 */
export const commitMove = async <M extends Message>(
  deps: NewsDeps,
  before: Versioned<Message>,
  { after, event = null, also = [] }: Move<M>,
): Promise<Moved<M> | undefined> => {
  const outcome = await commitEvent(deps, [conditionalWrite("messages", before, after), ...also], event);
  if (!outcome.done) return undefined;
  const [version = "", ...others] = outcome.versions;
  const moved = { id: before.id, value: after, version, also: others.slice(0, also.length) };
  if (after.body.kind === "chunks" && erasesBody(after)) await eraseFinalBody(deps, moved);
  return moved;
};

/** The body is gone from the store; `message` is final. Pure. */
const withoutBody = (message: Message, nowMs: number): Message => {
  if (!isFinal(message)) throw new Error("only a final message loses its body");
  const recipients = withKinds(message, message.recipients);
  return { ...message, recipients, body: { kind: "erased", atMs: nowMs }, dueAtMs: null };
};

/** Deletes the body of a final message, chunks first. Losing a race is fine: the winner did the same. */
export const eraseFinalBody = async (deps: NewsDeps, final: Versioned<Message>): Promise<void> => {
  await eraseBody(deps, final.value);
  await commitMove(deps, final, { after: withoutBody(final.value, deps.clock.nowMs()) });
};
