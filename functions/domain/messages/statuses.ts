import type { EventType } from "../publisher.ts";
import type { Message, MessageState, MessageStatus } from "./message.ts";

export type MessageEvent = Extract<EventType, `relais.message.${string}`>;

/** A state with this status. */
export type StateIn<S extends MessageStatus> = MessageState & { readonly status: S };

/** A message in this status, or in one of several. */
export type MessageIn<S extends MessageStatus> = Message & { readonly status: S };

/** Which status may follow which. `STATES.md` says when and by what each move is made; a test compares the two. */
export const NEXT = {
  queued: ["sending", "held", "failed", "expired", "sent", "canceled", "unknown"],
  scheduled: ["scheduled", "queued", "sending", "held", "failed", "expired", "canceled", "unknown"],
  held: ["queued", "expired", "sent", "canceled", "unknown"],
  sending: ["sending", "sent", "deferred", "failed", "held", "unknown", "queued"],
  deferred: ["queued", "sending", "held", "failed", "expired", "sent", "canceled", "unknown"],
  unknown: ["unknown", "sent", "queued", "scheduled", "failed"],
  failed: ["queued"],
  sent: [],
  canceled: [],
  expired: [],
} as const satisfies { readonly [S in MessageStatus]: readonly MessageStatus[] };

/** The statuses from which a message may move to `S`, or to each status in `S`. */
export type StatusBefore<S extends MessageStatus> = {
  [From in MessageStatus]: [S] extends [(typeof NEXT)[From][number]] ? From : never;
}[MessageStatus];

export type MessageCommand = "cancel" | "retry" | "reschedule" | "resolve" | "resend";

interface Meaning {
  /**
   * `waiting` messages are not being handed to Gmail, so they can be canceled. `under_way` ones are, or may have been,
   * so they cannot. Nothing more happens to `final` ones by itself.
   */
  readonly stage: "waiting" | "under_way" | "final";
  /** Whether a message may begin in this status. */
  readonly first: boolean;
  /** Whether a worker that is handed the message's id may claim it: at any time, once it is due, or never. */
  readonly claimable: "always" | "when_due" | "never";
  /** Whether the time spent in it counts against the 72 hours; of `unknown`, only while it is due for another look. */
  readonly ages: "always" | "while_due" | "never";
  /** Whether the message is due when its `expiresAt` passes, at the latest. */
  readonly dueByExpiry: boolean;
  /** Whether `dueAtMs` is the next attempt, as callers understand it. */
  readonly dueIsNextAttempt: boolean;
  /** Whether it ends a wait (`Prefer: wait`): nothing more happens by itself soon. */
  readonly endsWait: boolean;
  /** What becomes of the body once the message is in this status. */
  readonly body: "kept" | "kept_for_retry" | "erased";
  /** What a caller or a person may ask for. */
  readonly commands: readonly MessageCommand[];
  /** The event that announces it; null if there is none. */
  readonly event: MessageEvent | null;
}

/** What each status means. Every list of statuses derives from this table, and every `switch` is exhaustive. */
export const STATUSES = {
  queued: {
    stage: "waiting",
    first: true,
    claimable: "always",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: false,
    body: "kept",
    commands: ["cancel"],
    event: null,
  },
  scheduled: {
    stage: "waiting",
    first: true,
    claimable: "when_due",
    ages: "never",
    dueByExpiry: false,
    dueIsNextAttempt: true,
    endsWait: false,
    body: "kept",
    commands: ["reschedule", "cancel"],
    event: null,
  },
  held: {
    stage: "waiting",
    first: true,
    claimable: "never",
    ages: "never",
    dueByExpiry: true,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "kept",
    commands: ["cancel"],
    event: "relais.message.held.v1",
  },
  sending: {
    stage: "under_way",
    first: false,
    claimable: "never",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: false,
    body: "kept",
    commands: [],
    event: null,
  },
  deferred: {
    stage: "waiting",
    first: false,
    claimable: "when_due",
    ages: "always",
    dueByExpiry: true,
    dueIsNextAttempt: true,
    endsWait: false,
    body: "kept",
    commands: ["cancel"],
    event: "relais.message.deferred.v1",
  },
  unknown: {
    stage: "under_way",
    first: false,
    claimable: "never",
    ages: "while_due",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "kept",
    commands: ["resolve"],
    event: "relais.message.unknown.v1",
  },
  sent: {
    stage: "final",
    first: false,
    claimable: "never",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "erased",
    commands: [],
    event: "relais.message.sent.v1",
  },
  failed: {
    stage: "final",
    first: true,
    claimable: "never",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "kept_for_retry",
    commands: ["retry", "resend"],
    event: "relais.message.failed.v1",
  },
  canceled: {
    stage: "final",
    first: false,
    claimable: "never",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "erased",
    commands: [],
    event: "relais.message.canceled.v1",
  },
  expired: {
    stage: "final",
    first: false,
    claimable: "never",
    ages: "always",
    dueByExpiry: false,
    dueIsNextAttempt: false,
    endsWait: true,
    body: "erased",
    commands: [],
    event: "relais.message.expired.v1",
  },
} as const satisfies { readonly [S in MessageStatus]: Meaning };

/** The columns with one value each. */
type Column = Exclude<keyof Meaning, "commands">;

/** The statuses of which the table says `value` in `column`. */
export type StatusWhere<C extends Column, V extends Meaning[C]> = {
  [S in MessageStatus]: (typeof STATUSES)[S][C] extends V ? S : never;
}[MessageStatus];

/** The statuses in which a message takes this command. */
export type StatusFor<C extends MessageCommand> = {
  [S in MessageStatus]: C extends (typeof STATUSES)[S]["commands"][number] ? S : never;
}[MessageStatus];

export type WaitingStatus = StatusWhere<"stage", "waiting">;
export type UnderWayStatus = StatusWhere<"stage", "under_way">;
export type ClaimableStatus = StatusWhere<"claimable", "always" | "when_due">;
export type FirstStatus = StatusWhere<"first", true>;
export type FinalStatus = StatusWhere<"stage", "final">;

/** Whether this release knows the status: a later one may have written another. */
export const isKnownStatus = (text: string): text is MessageStatus => Object.hasOwn(STATUSES, text);

/** In the order of the table. */
export const MESSAGE_STATUSES: readonly MessageStatus[] = Object.keys(STATUSES).filter(isKnownStatus);

const meaningOf = (status: MessageStatus): Meaning => STATUSES[status];

const isWhere =
  <C extends Column, V extends Meaning[C]>(column: C, value: V) =>
  (status: MessageStatus): status is StatusWhere<C, V> =>
    isKnownStatus(status) && meaningOf(status)[column] === value;

/** Waiting messages can be canceled: nothing was handed to Gmail yet, or Gmail has refused it so far. */
export const WAITING: readonly WaitingStatus[] = MESSAGE_STATUSES.filter(isWhere("stage", "waiting"));
export const UNDER_WAY: readonly UnderWayStatus[] = MESSAGE_STATUSES.filter(isWhere("stage", "under_way"));

export const isFinalStatus = isWhere("stage", "final");

/** A guard for messages in the statuses of which the table says `value` in `column`. */
const isMessageWhere = <C extends Column, V extends Meaning[C]>(column: C, value: V) => {
  const isStatusWhere = isWhere(column, value);
  return (message: Message): message is MessageIn<StatusWhere<C, V>> => isStatusWhere(message.status);
};

export const isFinal = isMessageWhere("stage", "final");
export const erasesBody = isMessageWhere("body", "erased");
/** Whether the content can still be read: a large one is erased a moment after the message's end. */
export const keepsBody = (message: Message): boolean => message.body.kind !== "erased" && !erasesBody(message);
export const endsWait = isMessageWhere("endsWait", true);
export const isDueForAttempt = isMessageWhere("dueIsNextAttempt", true);

export const isIn = <S extends MessageStatus>(message: Message, ...statuses: readonly S[]): message is MessageIn<S> =>
  statuses.some((status) => status === message.status);

const isClaimableAlways = isMessageWhere("claimable", "always");
const isClaimableWhenDue = isMessageWhere("claimable", "when_due");

/**
 * Checks whether a worker may claim the message now. Every other message is final, set aside for later or claimed
 * (`dispatch-due` ends an expired lease), so that a repeated push does nothing.
 */
export const isClaimable = (message: Message, nowMs: number): message is MessageIn<ClaimableStatus> =>
  isClaimableAlways(message) || (isClaimableWhenDue(message) && message.dueAtMs <= nowMs);

/** A status of a later release takes no commands. */
export const commandsFor = (status: MessageStatus): readonly MessageCommand[] =>
  isKnownStatus(status) ? STATUSES[status].commands : [];

export const takesCommand = <C extends MessageCommand>(
  message: Message,
  command: C,
): message is MessageIn<StatusFor<C>> => commandsFor(message.status).includes(command);

/** Whether the table lets a message move from its status to this one. */
export const mayBecome = <S extends MessageStatus>(
  message: Message,
  status: S,
): message is MessageIn<StatusBefore<S>> =>
  isKnownStatus(message.status) && NEXT[message.status].some((next: MessageStatus) => next === status);
