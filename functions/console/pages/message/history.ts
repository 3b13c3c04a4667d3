import type { Attempt, Message, SentMessage, SmtpReply, TimelineEntry } from "../../api/types.ts";

/** One entry of a message's history: a change of status or a delivery attempt. */
export type HistoryEntry =
  | { readonly kind: "status"; readonly at: string; readonly status: string; readonly change: TimelineEntry }
  | {
      readonly kind: "attempt";
      readonly at: string;
      readonly outcome: string;
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

/** Both records in one order, oldest first; an attempt precedes the status it led to at the same instant. */
export const historyOf = (message: Message): readonly HistoryEntry[] => {
  const attempts: HistoryEntry[] = message.attempts.map(attemptOf);
  const statuses: HistoryEntry[] = message.timeline.map((entry) => ({
    kind: "status",
    at: entry.at,
    status: entry.status,
    change: entry,
  }));
  return [...attempts, ...statuses].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
};

/** Why the last attempt of a failed or deferred message was refused; null if it was sent or never attempted. */
export const lastRefusal = (
  message: Pick<Message, "status" | "attempts">,
): Extract<HistoryEntry, { readonly kind: "attempt" }> | null => {
  if (message.status !== "failed" && message.status !== "deferred") return null;
  const last = message.attempts.at(-1);
  return last === undefined ? null : attemptOf(last);
};

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

/** How many recipients Gmail refused of a message that was sent to the others; 0 for any other message. */
export const refusedOfSent = ({ status, rejected = [] }: SentMessage): number =>
  status === "sent" ? rejected.length : 0;

export type MessageAction = "cancel" | "retry" | "reschedule" | "resolve";

/** What a person may do with a message in each status (the API refuses the rest with `wrong_status`). */
const ACTIONS: Readonly<Record<Message["status"], readonly MessageAction[]>> = {
  queued: ["cancel"],
  scheduled: ["reschedule", "cancel"],
  held: ["cancel"],
  sending: [],
  deferred: ["cancel"],
  unknown: ["resolve"],
  sent: [],
  failed: ["retry"],
  canceled: [],
  expired: [],
};

/** Nothing may be done in a status that a later release has added. */
export const actionsFor = ({ status }: Pick<Message, "status">): readonly MessageAction[] =>
  Object.hasOwn(ACTIONS, status) ? ACTIONS[status] : [];

/** The message will not change by itself, so there is no need to poll every other second. */
export const isFinal = (status: Message["status"]): boolean =>
  status === "sent" || status === "failed" || status === "canceled" || status === "expired";
