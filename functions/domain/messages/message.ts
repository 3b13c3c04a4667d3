import type { SmtpReply } from "../google/replies.ts";
import type { FieldProblem } from "../problem.ts";
import type { TextParams } from "../text-template.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: `msg_…` */
    messages: Message;
    /** id: `<set>.<index>`, the set named by the message's `body` */
    bodyChunks: BodyChunk;
    /** id: `srv_…` */
    quotas: QuotaLedger;
  }
}

/** A mailbox as it stands in a header. `address` keeps the caller's case in the local part; compare with `foldAddress`. */
export interface Mailbox {
  readonly name: string;
  readonly address: string;
}

/** A calendar event (RFC 5545) that goes out as the last alternative and as an attached file. */
export interface CalendarEvent {
  /** RFC 5546, in capitals. */
  readonly method: string;
  readonly content: string;
  readonly filename: string;
}

/**
 * What a caller gives, after parsing (`message-input.ts`): everything that the MIME message is made from. Kept as JSON until the
 * message is final, then erased. `content` of attachments is base64 as it came.
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
  /** One id or several, with a blank between them. */
  readonly inReplyTo: string | null;
  readonly references: readonly string[];
  readonly listUnsubscribe: { readonly url: string; readonly oneClick: boolean } | null;
}

/**
 * Where the body lies: in the record itself, in `bodyChunks` `<set>.<index>` written before the record, or nowhere any more.
 * `set` is random: two requests with one idempotency key never write over each other's chunks.
 */
export type StoredBody =
  | { readonly kind: "inline"; readonly json: string }
  | { readonly kind: "chunks"; readonly count: number; readonly set: string }
  | { readonly kind: "erased"; readonly atMs: number };

export interface BodyChunk {
  readonly messageId: string;
  readonly index: number;
  readonly text: string;
  readonly createdAtMs: number;
  /**
   * Index field of a set's marker alone (`<set>.marker`, an empty text, `index` the number of chunks): when `dispatch-due` looks whether a message
   * names the set, and again from time to time. Whoever wrote it may have died before the record; and the record may go before the body.
   */
  readonly sweepAtMs?: number;
}

/** The field of the header that names a recipient. */
export type RecipientKind = "to" | "cc" | "bcc";

export interface Recipient {
  readonly address: string;
  /** Absent from records of an earlier release; `recipientKinds` reads it. */
  readonly kind?: RecipientKind;
  readonly state: "pending" | "accepted" | "rejected";
  /** What the server last said of this recipient. */
  readonly reply: SmtpReply | null;
}

/** One try, as `GET /v1/messages/{id}` shows it. `problem` is a code of `problem-texts.ts`. */
export interface Attempt {
  readonly atMs: number;
  readonly outcome: "sent" | "deferred" | "failed" | "unknown" | "held";
  readonly smtp: SmtpReply | null;
  readonly problem: string | null;
}

export type HeldBecause = "limit_reached" | "reconnect_required" | "paused";

/** Where a message stands. `dueAtMs` is when `dispatch-due` looks at it next; null: nothing to do until something happens. */
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
      /** End of the lease. */
      readonly dueAtMs: number;
      /** Grows with every claim: a worker that lost its lease cannot settle. */
      readonly fence: number;
      /** `data`: the mark, written before DATA goes out. With it an expired lease goes to the resolver, without it to another try. */
      readonly phase: "claimed" | "data";
    }
  | { readonly status: "deferred"; readonly dueAtMs: number }
  | {
      readonly status: "unknown";
      /** When the resolver looks next; null: a person must decide. */
      readonly dueAtMs: number | null;
      readonly lookups: number;
      readonly sinceMs: number;
    }
  | {
      readonly status: "sent" | "failed" | "canceled" | "expired";
      /** `failed` only: when the body is erased. */
      readonly dueAtMs: number | null;
      readonly finalAtMs: number;
      /** When the record goes (`retentionDays` after it became final). */
      readonly eraseAtMs?: number;
    };

export type MessageStatus = MessageState["status"];

/** One change of status. Entries written by releases before 0.2 have the English `note` alone. */
export interface TimelineEntry {
  readonly atMs: number;
  readonly status: MessageStatus;
  readonly note: string | null;
  /** A `NoteCode`, of this release or of a later one. */
  readonly noteCode?: string;
  readonly noteParams?: TextParams;
  /** Of a message refused on the topic: what was wrong with it. */
  readonly fields?: readonly FieldProblem[];
}

/** What is known of a message besides its state. */
export interface MessageFacts {
  /** The Message-ID header with its angle brackets, made before anything is sent and kept through every try. */
  readonly messageId: string;
  readonly caller: string;
  readonly serverId: string;
  /** When it was accepted; no two that one instance accepted have the same, so that oldest first is in the order of a batch. */
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly from: string;
  readonly subject: string;
  readonly recipients: readonly Recipient[];
  /** Index field: the recipients' addresses, folded. */
  readonly recipientAddresses: readonly string[];
  /** Index field: what `q` of the list finds the message by. Absent from records of earlier releases, which `q` does not find. */
  readonly searchPrefixes?: readonly string[];
  readonly body: StoredBody;
  /** Decoded attachments plus text and html, bytes. */
  readonly sizeBytes: number;
  readonly tags: Readonly<Record<string, string>>;
  readonly onUnknown: "hold" | "resend";
  readonly expiresAtMs: number | null;
  /** Sum of the tries that count against the 72 hours, and when the first was; null before it. */
  readonly firstTriedAtMs: number | null;
  /** Time spent `held` or `scheduled` since the first try; does not count against the 72 hours. */
  readonly agelessMs: number;
  readonly attempts: readonly Attempt[];
  readonly timeline: readonly TimelineEntry[];
  /** Id at the provider (Gmail API), where one was answered. */
  readonly providerId: string | null;
  /**
   * SHA-256 over the canonical JSON (RFC 8785) of the request, hex, where an idempotency key came with it; else null. The message's own
   * id is then made from (caller, key), so that a key holds exactly as long as the record, with nothing else to write or erase.
   */
  readonly requestSha256: string | null;
  /** Index field; only a final state has it. */
  readonly eraseAtMs?: number;
}

export type Message = MessageFacts & MessageState;

/** What is counted per server: recipients in rolling windows, claims under way, and who waits for room. */
export interface QuotaLedger {
  readonly entries: readonly { readonly atMs: number; readonly recipients: number }[];
  /** Gmail named its daily limit: nothing goes until then. */
  readonly blockedUntilMs: number | null;
  readonly warnedAtMs: number | null;
  /** Claims under way, by message; one counts until `untilMs` at the latest, should its worker have died. */
  readonly live: readonly { readonly id: string; readonly untilMs: number }[];
  /** How often in a row Gmail has refused the account itself, up to the third time; absent: never. */
  readonly refusals?: number;
  /** Gmail spoke of too many logins: half as many claims at once until then. */
  readonly halvedUntilMs: number | null;
  /** When the oldest message that waits for room was made; whatever is younger queues behind it. Null: nobody waits. */
  readonly lineSinceMs: number | null;
  /** Room that released messages have been given and have not claimed yet, by message; from `atMs` on, and for a minute at the longest. */
  readonly promised: readonly { readonly id: string; readonly atMs: number; readonly recipients: number }[];
}
