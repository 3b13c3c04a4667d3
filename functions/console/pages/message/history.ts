import type { Attempt, Message, SentMessage, SmtpReply, TimelineEntry } from "../../api/types.ts";
import { messageLook } from "../../widgets/looks.ts";

/** One entry of a message's history: a change of status or a delivery attempt. */
export type HistoryEntry =
  | { readonly kind: "status"; readonly at: string; readonly status: string; readonly change: TimelineEntry }
  | {
      readonly kind: "attempt";
      readonly at: string;
      readonly outcome: Attempt["outcome"];
      readonly reply: SmtpReply | null;
      readonly problem: string | null;
    };

const attemptOf = ({ at, outcome, smtp, problem }: Attempt) =>
  ({
    kind: "attempt",
    at,
    outcome,
    reply: smtp ?? null,
    problem: problem ?? null,
  }) as const;

const isAttempt = (entry: HistoryEntry | undefined) => entry?.kind === "attempt";

/** Whether an attempt beside it says the same: that it began, or what it led to. A note or a problem is kept. */
const isToldByAttempt = (entry: HistoryEntry, before?: HistoryEntry, next?: HistoryEntry): boolean => {
  if (entry.kind === "attempt" || entry.change.note !== null || entry.change.fields !== undefined) return false;
  return entry.status === "sending" ? isAttempt(next) : before?.kind === "attempt" && before.outcome === entry.status;
};

/** Both records in one order, oldest first; an attempt precedes the status it led to at the same instant. */
export const historyOf = (message: Message): readonly HistoryEntry[] => {
  const attempts: HistoryEntry[] = message.attempts.map(attemptOf);
  const statuses: HistoryEntry[] = message.timeline.map((entry) => ({
    kind: "status",
    at: entry.at,
    status: entry.status,
    change: entry,
  }));
  const all = [...attempts, ...statuses].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
  return all.filter((entry, at) => !isToldByAttempt(entry, all[at - 1], all[at + 1]));
};

/** Why the last attempt of a failed or deferred message was refused; null if it was sent or never attempted. */
export const lastRefusal = (
  message: Pick<Message, "status" | "attempts">,
): Extract<HistoryEntry, { readonly kind: "attempt" }> | null => {
  if (!messageLook(message.status).tellsRefusal) return null;
  const last = message.attempts.at(-1);
  return last === undefined ? null : attemptOf(last);
};

/** Gmail said that the address is no good (X.1.X of RFC 3463): trying again helps only if that has changed. */
export const isAddressRefused = (message: Pick<Message, "status" | "attempts">): boolean =>
  lastRefusal(message)?.reply?.enhanced?.startsWith("5.1.") ?? false;

export interface RefusedRecipient {
  readonly address: string;
  readonly said: string | null;
}

/** The refused recipients, each with the server's last reply. */
export const refusedOf = ({ rejected, recipients }: Message): readonly RefusedRecipient[] =>
  rejected.map((address) => ({
    address,
    said: recipients.find((recipient) => recipient.address === address)?.reply?.response ?? null,
  }));

/** When a limit is expected to have room for a message that it holds; null if that is not known or not the cause. */
export const roomAt = ({ heldBecause, timeline }: Message): string | null => {
  const until = heldBecause === "limit_reached" ? timeline.at(-1)?.noteParams?.until : undefined;
  return typeof until === "string" ? until : null;
};

/** How many recipients Gmail refused of a message that was sent to the others; 0 for any other message. */
export const refusedOfSent = ({ status, rejected = [] }: SentMessage): number =>
  status === "sent" ? rejected.length : 0;
