import type { DocumentTry } from "../document-delivery.ts";
import type { SmtpReply } from "../google/replies.ts";
import type { FieldProblem } from "../problem.ts";
import type { TextParams } from "../text-template.ts";
import type { HourCounts } from "./stats/counted.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** The id is `msg_…`. */
    messages: Message;
    /** The id is `<set>.<index>`, with the set from the message's `body`. */
    bodyChunks: BodyChunk;
    /** The id is the server's, `srv_…`. */
    quotas: QuotaLedger;
  }
}

/** A mailbox in a header. `address` keeps the caller's case in the local part; compare it with `foldAddress`. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A calendar event (RFC 5545) that goes out as the last alternative and as an attached file. */
export interface CalendarEvent {
  /** A method of RFC 5546, in capitals. */
  readonly method: string;
  readonly content: string;
  readonly filename: string;
}

/**
 * A caller's content after parsing (`message-input.ts`), from which the MIME message is made. It is stored as JSON
 * until the message is final. The `content` of attachments is base64 as it came.
 */
export interface MessageBody {
  readonly from: Mailbox;
  readonly to: readonly Mailbox[];
  readonly cc: readonly Mailbox[];
  readonly bcc: readonly Mailbox[];
  readonly replyTo: readonly Mailbox[];
  readonly subject: string;
  readonly text: string | null;
  readonly html: string | null;
  readonly attachments: readonly {
    readonly filename: string | null;
    readonly content: string;
    readonly contentType: string | null;
    readonly cid: string | null;
  }[];
  /** Absent in the records of earlier releases. */
  readonly icalEvent?: CalendarEvent | null;
  readonly headers: Readonly<Record<string, string>>;
  /** One or more ids with blanks between them. */
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly listUnsubscribe: { readonly url: string; readonly oneClick: boolean } | null;
}

/** A header field that a mail composed by its caller lacks, and that Relais puts in front of it. */
export type MissingField = "Date" | "Message-ID" | "From";

/**
 * Where the body is stored: in the record itself, in `bodyChunks` `<set>.<index>` written before the record, or nowhere
 * any more. `set` is random, so that two requests with one idempotency key never overwrite each other's chunks. A mail
 * that its caller has composed is stored as its bytes, one character (U+0000 to U+00FF) each.
 */
export type StoredBody =
  | { readonly kind: "inline"; readonly json: string }
  | { readonly kind: "chunks"; readonly count: number; readonly set: string }
  | { readonly kind: "raw"; readonly text: string; readonly missing: readonly MissingField[] }
  | {
      readonly kind: "raw_chunks";
      readonly count: number;
      readonly set: string;
      readonly bytes: number;
      readonly missing: readonly MissingField[];
    }
  | { readonly kind: "erased"; readonly atMs: number };

export type RawBody = Extract<StoredBody, { readonly kind: "raw" | "raw_chunks" }>;
export const isRaw = (body: StoredBody): body is RawBody => body.kind === "raw" || body.kind === "raw_chunks";

/** The caller chose the Message-ID, so that other mail may have it too. */
export const hasIdOfCaller = ({ body, hasOwnMessageId }: Message): boolean =>
  hasOwnMessageId === true || (isRaw(body) && !body.missing.includes("Message-ID"));

/** Whether the body is in the record itself, and so goes with a move of the message. */
export const isInRecord = ({ kind }: StoredBody): boolean => kind === "inline" || kind === "raw";

export type ChunkedBody = Extract<StoredBody, { readonly set: string }>;
export const isInChunks = (body: StoredBody): body is ChunkedBody => "set" in body;

export interface BodyChunk {
  readonly messageId: string;
  readonly index: number;
  readonly text: string;
  readonly createdAtMs: number;
  /**
   * An index field of a set's marker only (`<set>.marker`, with empty text and the number of chunks as `index`): when
   * `dispatch-due` checks whether a message names the set. Its writer may have died before it wrote the record, and the
   * record may be deleted before the body.
   */
  readonly sweepAtMs?: number;
}

/** The header field that names a recipient. */
export type RecipientKind = "to" | "cc" | "bcc";

export interface Recipient {
  readonly address: string;
  /** Absent in the records of earlier releases; read it by `recipientKinds`. */
  readonly kind?: RecipientKind;
  readonly state: "pending" | "accepted" | "rejected";
  /** The server's last reply about this recipient. */
  readonly reply: SmtpReply | null;
}

/** One attempt, as `GET /v1/messages/{id}` shows it. `problem` is a code of `problem-texts.ts`. */
export interface Attempt {
  readonly atMs: number;
  readonly outcome: "sent" | "deferred" | "failed" | "unknown" | "held";
  readonly smtp: SmtpReply | null;
  readonly problem: string | null;
}

/**
 * What a message counts as in the statistics, for a later move to take back: a claim counts as `sent` at once, to so
 * many recipients.
 */
export interface TalliedOutcome {
  readonly as: "sent" | "failed";
  readonly atMs: number;
  readonly recipients: number;
}

export type HeldBecause = "limit_reached" | "reconnect_required" | "paused";

/** The state of a message. `dueAtMs` is when `dispatch-due` handles it next; null means only an event moves it on. */
export type MessageState =
  | { readonly status: "queued"; readonly dueAtMs: number }
  | { readonly status: "scheduled"; readonly dueAtMs: number; readonly scheduledAtMs: number }
  | {
      readonly status: "held";
      readonly dueAtMs: number | null;
      readonly because: HeldBecause;
      readonly sinceMs: number;
    }
  | {
      readonly status: "sending";
      /** When the lease ends. */
      readonly dueAtMs: number;
      /** Grows with every claim, so that a worker that lost its lease cannot settle. */
      readonly fence: number;
      /** `data` is the mark, written before the mail goes out. An expired lease goes to the resolver with it. */
      readonly phase: "claimed" | "data";
    }
  | { readonly status: "deferred"; readonly dueAtMs: number }
  | {
      readonly status: "unknown";
      /** When the resolver searches next; null if a person must decide. */
      readonly dueAtMs: number | null;
      readonly lookups: number;
      readonly sinceMs: number;
      /** The caller's time, if it was scheduled when the store was restored: it is not sent again before. */
      readonly scheduledAtMs?: number;
    }
  | {
      readonly status: "sent" | "failed" | "canceled" | "expired";
      /** When the body is erased; null once it is. */
      readonly dueAtMs: number | null;
      readonly finalAtMs: number;
      /** When the record is deleted, `retentionDays` after it became final. */
      readonly eraseAtMs?: number;
    };

export type MessageStatus = MessageState["status"];

/** One change of status. Entries of releases before 0.2 have only the English `note`. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly status: MessageStatus;
  readonly note: string | null;
  /** A `NoteCode` of this release or of a later one. */
  readonly noteCode?: string;
  readonly noteParams?: TextParams;
  /** The problems of a message that was refused on the topic. */
  readonly fields?: readonly FieldProblem[];
}

/** The members of a message that do not depend on its state. */
export interface MessageFacts {
  /** The Message-ID header with its angle brackets. It is made at acceptance and kept through every attempt. */
  readonly messageId: string;
  readonly caller: string;
  readonly serverId: string;
  /** When it was accepted. It is unique within an instance, so that sorting by it keeps the order of a batch. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly from: string;
  readonly subject: string;
  readonly recipients: readonly Recipient[];
  /** An index field: the recipients' folded addresses. */
  readonly recipientAddresses: readonly string[];
  /** An index field (`searchEntries`) for the filters of the list. Absent in the records of earlier releases. */
  readonly searchPrefixes?: readonly string[];
  readonly body: StoredBody;
  /** The size of text, html and decoded attachments, in bytes. */
  readonly sizeBytes: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly onUnknown: "hold" | "resend";
  readonly expiresAtMs: number | null;
  /** When the first attempt was, from which the 72 hours count; null before it. */
  readonly firstTriedAtMs: number | null;
  /** The time since the first attempt that does not count against the 72 hours (`ages` in `statuses.ts`). */
  readonly agelessMs: number;
  readonly attempts: readonly Attempt[];
  readonly timeline: readonly TimelineEntry[];
  /** Hashes of the keys under which people have decided about it, so that a repeated request decides nothing. */
  readonly decisions?: readonly string[];
  /** The id that the Gmail API answered, if it did. */
  readonly providerId: string | null;
  /**
   * The SHA-256 (hex) of the request's canonical JSON (RFC 8785); null without an idempotency key. With a key, the
   * message's id is made from (caller, key), so that the key lasts exactly as long as the record.
   */
  readonly requestSha256: string | null;
  /** An index field; only a final state has it. */
  readonly eraseAtMs?: number;
  /** The document of Trigger Email that it was made from; absent if it came in another way. */
  readonly document?: DocumentTry;
  /** Set if the document chose the Message-ID. Of composed mail the body says it. */
  readonly hasOwnMessageId?: true;
  /** Absent if a later move has nothing to take back, as in what an earlier release has claimed or failed. */
  readonly tallied?: TalliedOutcome;
}

export type Message = MessageFacts & MessageState;

/** The counts of one server: recipients in rolling windows, claims under way, and messages that wait for room. */
export interface QuotaLedger {
  readonly entries: readonly { readonly atMs: number; readonly recipients: number }[];
  /** Nothing is sent until then, because Gmail named a limit of its own. */
  readonly blockedUntilMs: number | null;
  readonly warnedAtMs: number | null;
  /** Claims under way, by message. Each counts until `untilMs` at the latest, in case its worker died. */
  readonly live: readonly { readonly id: string; readonly untilMs: number }[];
  /** How often in a row Gmail has refused the account itself, up to the third time; absent if never. */
  readonly refusals?: number;
  /** Only half as many claims run at once until then, because Gmail reported too many logins. */
  readonly halvedUntilMs: number | null;
  /** When the oldest message that waits for room was accepted; younger ones queue behind it. Null if none waits. */
  readonly lineSinceMs: number | null;
  /** Room that is promised to released messages until they claim it, by message: from `atMs`, for at most a minute. */
  readonly promised: readonly { readonly id: string; readonly atMs: number; readonly recipients: number }[];
  /** Claims that are not in the tallies yet; absent if there are none. */
  readonly tally?: readonly HourCounts[];
  /** An index field: when they must move there. */
  readonly tallyDueAtMs?: number;
}
