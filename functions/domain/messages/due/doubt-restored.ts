import { isoTime } from "../../clock.ts";
import { everyPage, listRecords } from "../../every-record.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { changeSettings } from "../../settings/change-settings.ts";
import { commitMove } from "../commit-move.ts";
import { enterUnknown } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import type { Message, Recipient } from "../message.ts";
import { postponed } from "../moves.ts";
import { isFinal, isIn, UNDER_WAY, WAITING } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";

const PAGE = 100;

/** What is kept is younger than the backup is said to be: this is no copy of then, and nothing was changed. */
export interface NotACopy {
  readonly code: "not_a_copy";
  readonly messageId: string;
  readonly updatedAtMs: number;
}

const noteOf = (asOfMs: number): TimelineNote => timelineNote("restored", { asOf: isoTime(asOfMs) });

/** By an earlier run that was cut off. */
const isDoubted = ({ value }: Versioned<Message>, asOfMs: number): boolean => {
  const { noteCode, noteParams } = value.timeline.at(-1) ?? {};
  return isIn(value, "unknown") && noteCode === "restored" && noteParams?.asOf === isoTime(asOfMs);
};

/** The ids of the messages that are not final as the walk begins (all of their bodies would fill the memory). Each is shown to `look` on the way. */
const openMessages = async (
  deps: MoveDeps,
  look: (messages: readonly Versioned<Message>[]) => void,
): Promise<readonly string[]> => {
  const found: string[] = [];
  for (const status of [...WAITING, ...UNDER_WAY]) {
    for await (const page of everyPage(deps.records, "messagesByStatus", { status }, { page: PAGE })) {
      look(page);
      found.push(...page.map(({ id }) => id));
    }
  }
  return found;
};

/** What was said of a recipient up to then says nothing of later tries: if the mail is found, it is the one that this recipient got. */
const unheard = (recipient: Recipient): Recipient =>
  recipient.state === "pending" ? { ...recipient, reply: null } : recipient;

const pause = async (deps: MoveDeps, asOfMs: number): Promise<void> => {
  const change = await changeSettings(
    deps,
    (before) => ok({ ...before, paused: true }),
    () => ({
      actor: "relais",
      action: "settings.update",
      target: "settings",
      detail: { restoredAsOf: isoTime(asOfMs) },
    }),
  );
  if (!change.ok) throw new Error("the settings are those of a later release: restore the store with that release");
};

const doubt = async (deps: MoveDeps, message: Versioned<Message>, asOfMs: number): Promise<boolean> => {
  const { value } = message;
  if (isFinal(value)) return false;
  const server = (await deps.records.get("mailServers", value.serverId))?.value;
  const note = noteOf(asOfMs);
  // Some had it by then: that it lies in the sent mail says nothing of the others.
  const undecidable = value.recipients.some(({ state }) => state === "accepted");
  const recipients = undecidable ? value.recipients : value.recipients.map(unheard);
  const after = enterUnknown(deps, value, { recipients, server, note, undecidable });
  // The index has long caught up with what was sent before the loss: the first look is due with the first tick.
  const soon = after.dueAtMs === null ? after : postponed(after, deps.clock.nowMs());
  return (await commitMove(deps, message, { after: soon })) !== undefined;
};

/**
 * For a store put back from a backup, before anything runs on it: sending is paused, and whatever was not final then becomes `unknown`, since it may have
 * been sent between the backup and its loss; the resolver looks for each in the sent mail. The pause first: from then on nothing is claimed, so a crash in
 * between leaves a store on which this can be run again. Answers how many are in doubt. Throws `Unavailable`.
 */
export const doubtRestored = async (deps: MoveDeps, asOfMs: number): Promise<Result<number, NotACopy>> => {
  const problems: NotACopy[] = [];
  const look = (messages: readonly Versioned<Message>[]): void => {
    const younger = messages.find((message) => message.value.updatedAtMs > asOfMs && !isDoubted(message, asOfMs));
    if (younger === undefined) return;
    problems.push({ code: "not_a_copy", messageId: younger.id, updatedAtMs: younger.value.updatedAtMs });
  };
  const open = await openMessages(deps, look);
  look(await listRecords(deps.records, "messagesNewest", {}, { most: PAGE }));
  const [problem] = problems;
  if (problem !== undefined) return fail(problem);
  await pause(deps, asOfMs);
  let doubted = 0;
  for (const id of open) {
    const message = await deps.records.get("messages", id);
    if (message === undefined || !isUnderstoodMessage(message.value)) continue;
    if (isDoubted(message, asOfMs) || (await doubt(deps, message, asOfMs))) doubted += 1;
  }
  return ok(doubted);
};
