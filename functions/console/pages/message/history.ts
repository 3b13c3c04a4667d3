import type { Attempt, Message, SentMessage, SmtpReply, TimelineEntry } from "../../api/types.ts";

/** One line of what happened to a message: a change of status, or a try to deliver it. */
export type Happening =
  | { readonly kind: "status"; readonly at: string; readonly status: string; readonly entry: TimelineEntry }
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

/** Both records in one order, oldest first; at the same instant a try comes before the status that it led to. */
export const happeningsOf = (message: Message): readonly Happening[] => {
  const attempts: Happening[] = message.attempts.map(attemptOf);
  const statuses: Happening[] = message.timeline.map((entry) => ({
    kind: "status",
    at: entry.at,
    status: entry.status,
    entry,
  }));
  return [...attempts, ...statuses].toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at));
};

/** Why the last try did not do: of a message that failed or waits for the next one. Null where it left, or where nothing was tried. */
export const lastRefusal = (
  message: Pick<Message, "status" | "attempts">,
): Extract<Happening, { readonly kind: "attempt" }> | null => {
  if (message.status !== "failed" && message.status !== "deferred") return null;
  const last = message.attempts.at(-1);
  return last === undefined ? null : attemptOf(last);
};

export interface RefusedRecipient {
  readonly address: string;
  readonly said: string | null;
}

/** Refused recipients, each with what the server last said of it. */
export const refusedOf = ({ rejected, recipients }: Message): readonly RefusedRecipient[] =>
  rejected.map((address) => ({
    address,
    said: recipients.find((recipient) => recipient.address === address)?.reply?.response ?? null,
  }));

/** How many recipients Gmail refused of a message that left for the others; 0 for any other message. */
export const refusedOfSent = ({ status, rejected = [] }: SentMessage): number =>
  status === "sent" ? rejected.length : 0;

export type MessageAct = "cancel" | "retry" | "reschedule" | "resolve";

/** What a person may do with a message in each status (the API refuses the rest with `wrong_status`). */
const ACTS: Readonly<Record<Message["status"], readonly MessageAct[]>> = {
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

/** Nothing in a status of a later release. */
export const actsFor = ({ status }: Pick<Message, "status">): readonly MessageAct[] =>
  Object.hasOwn(ACTS, status) ? ACTS[status] : [];

/** Nothing more happens to it by itself: no need to ask every other second. */
export const isFinal = (status: Message["status"]): boolean =>
  status === "sent" || status === "failed" || status === "canceled" || status === "expired";
