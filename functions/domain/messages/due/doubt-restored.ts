import { isoTime } from "../../clock.ts";
import { everyPage, listRecords } from "../../every-record.ts";
import type { Versioned } from "../../records.ts";
import { fail, ok, type Result } from "../../result.ts";
import { changeSettings } from "../../settings/change-settings.ts";
import { commitMove } from "../commit-move.ts";
import { enterUnknown } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { hasIdOfCaller, type Message, type Recipient } from "../message.ts";
import { postpone } from "../moves.ts";
import { isFinal, isIn, UNDER_WAY, WAITING } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";

const PAGE = 100;

/** A message is newer than the stated time of the backup, so the store is no copy of that time. Nothing was changed. */
export interface NotACopy {
  readonly code: "not_a_copy";
  readonly messageId: string;
  readonly updatedAtMs: number;
}

const noteOf = (asOfMs: number): TimelineNote => timelineNote("restored", { asOf: isoTime(asOfMs) });

/** Checks whether an earlier run, which was interrupted, has already put the message in doubt. */
const isDoubted = ({ value }: Versioned<Message>, asOfMs: number): boolean => {
  const { noteCode, noteParams } = value.timeline.at(-1) ?? {};
  return isIn(value, "unknown") && noteCode === "restored" && noteParams?.asOf === isoTime(asOfMs);
};

/** Lists the ids of messages that are not final; their bodies would fill the memory. Passes each page to `look`. */
const listOpenMessages = async (
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

/**
 * Clears the reply about a pending recipient, which says nothing about attempts after the backup: if the mail is found
 * in the sent mail, this recipient must count as reached.
 */
const clearReply = (recipient: Recipient): Recipient =>
  recipient.state === "pending" ? { ...recipient, reply: null } : recipient;

const pauseSending = async (deps: MoveDeps, asOfMs: number): Promise<void> => {
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
  // Some recipients had it by then, so finding it in the sent mail would say nothing about the others.
  const reached = value.recipients.some(({ state }) => state === "accepted");
  // Another message with its caller's Message-ID may have been accepted and sent since, and its record is lost.
  const undecidable = reached || hasIdOfCaller(value);
  const recipients = reached ? value.recipients : value.recipients.map(clearReply);
  const after = enterUnknown(deps, value, { recipients, server, note, undecidable });
  // Gmail's index has long caught up with what was sent before the loss, so the first search need not wait.
  const soon = after.dueAtMs === null ? after : postpone(after, deps.clock.nowMs());
  return (await commitMove(deps, message, { after: soon })) !== undefined;
};

/**
 * Prepares a store that was restored from a backup, before anything runs on it: every message that is not final becomes
 * `unknown`, since it may have been sent between the backup and the loss, and the resolver searches the sent mail for
 * it. It pauses sending first, so that nothing is claimed and a crash leaves a store on which it can run again.
 * Returns how many messages are in doubt. Throws `Unavailable`.
 */
export const doubtRestored = async (deps: MoveDeps, asOfMs: number): Promise<Result<number, NotACopy>> => {
  const problems: NotACopy[] = [];
  const look = (messages: readonly Versioned<Message>[]): void => {
    const younger = messages.find((message) => message.value.updatedAtMs > asOfMs && !isDoubted(message, asOfMs));
    if (younger === undefined) return;
    problems.push({ code: "not_a_copy", messageId: younger.id, updatedAtMs: younger.value.updatedAtMs });
  };
  const open = await listOpenMessages(deps, look);
  look(await listRecords(deps.records, "messagesNewest", {}, { most: PAGE }));
  const [problem] = problems;
  if (problem !== undefined) return fail(problem);
  await pauseSending(deps, asOfMs);
  let doubted = 0;
  for (const id of open) {
    const message = await deps.records.get("messages", id);
    if (message === undefined || !isUnderstoodMessage(message.value)) continue;
    if (isDoubted(message, asOfMs) || (await doubt(deps, message, asOfMs))) doubted += 1;
  }
  return ok(doubted);
};
