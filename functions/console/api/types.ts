import type { TextParams } from "../../domain/text-template.ts";

/** The JSON of the HTTP API as the console reads it (contract, sections 2 to 5). Times are ISO 8601 in UTC. */

export interface Session {
  /** An address, or `setup-token`. */
  readonly actor: string;
  readonly role: "operator" | "member";
  /** Null without a cookie. */
  readonly csrf: string | null;
  /** To members: whom to ask, by address or `@domain`. */
  readonly operators?: readonly string[];
}

export interface Listing<T> {
  readonly items: readonly T[];
  /** The next page's `cursor`; null at the end. */
  readonly next: string | null;
}

export const CONNECTION_STATES = ["not_connected", "valid", "expiring", "reconnect_required", "error"] as const;
export type ConnectionState = (typeof CONNECTION_STATES)[number];

export interface Connection {
  readonly state: ConnectionState;
  readonly email: string | null;
  readonly scopes: readonly string[];
  readonly connectedAt: string | null;
  readonly lastVerifiedAt: string | null;
  readonly expiresAt: string | null;
  readonly reason: string | null;
  /** What to do, in the language asked for by `Accept-Language`. */
  readonly advice: string | null;
}

export type Transport = "smtp" | "gmail_api";

/** Recipients. */
export interface Limits {
  readonly perMinute: number;
  readonly perDay: number;
}

/** Recipients counted against the limits; `blockedUntil`: Gmail named its own limit. */
export interface Usage {
  readonly lastMinute: number;
  readonly lastDay: number;
  readonly blockedUntil: string | null;
}

export interface MailServer {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly username: string;
  readonly transport: Transport;
  readonly fromFilter: readonly string[];
  readonly priority: number;
  readonly active: boolean;
  /** Absent from the answers of an earlier release: shared. */
  readonly shared?: boolean;
  readonly limits: Limits | null;
  readonly sendAsUnchecked?: boolean;
  readonly connection: Connection;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly etag: string;
}

/** What a new server is made from; what is left out gets the API's default. */
export interface NewMailServer {
  readonly name: string;
  readonly username: string;
  readonly transport: Transport;
  readonly description?: string;
  readonly fromFilter?: readonly string[];
  readonly priority?: number;
  readonly shared?: boolean;
  readonly limits?: Partial<Limits>;
  readonly sendAsUnchecked?: boolean;
}

/** A merge patch (RFC 7396): null takes a value back to its default. */
export type MailServerPatch = Partial<Omit<NewMailServer, "priority" | "limits">> & {
  readonly priority?: number | null;
  readonly limits?: Partial<Limits> | null;
  readonly active?: boolean;
};

export interface TestStage {
  readonly stage: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly problem?: unknown;
}

export interface TestReport {
  readonly ok: boolean;
  readonly stages: readonly TestStage[];
  /** With `sendTo: self`: what was accepted for sending. */
  readonly message?: { readonly id: string; readonly status?: string };
}

export interface Disconnected {
  readonly revoked: boolean;
  readonly sharedWith: readonly string[];
}

export interface GmailCredentials {
  readonly clientId: string | null;
  readonly redirectUri: string;
  readonly configuredAt: string | null;
}

export const PUBLISHING_STATUSES = ["undeclared", "internal", "testing", "production"] as const;
export type PublishingStatus = (typeof PUBLISHING_STATUSES)[number];

export interface Settings {
  readonly operators: readonly string[];
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly retentionDays: number;
  readonly publishingStatus: PublishingStatus;
  readonly paused: boolean;
  readonly alerts: { readonly server: string; readonly to: readonly string[] } | null;
}

export type KeyPermission = "send" | "read";

export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly servers: readonly string[];
  readonly permissions: readonly KeyPermission[];
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly lastUsedAt?: string | null;
}

export interface NewApiKey {
  readonly name: string;
  readonly permissions: readonly KeyPermission[];
  readonly servers?: readonly string[];
  readonly expiresAt?: string;
}

export interface AuditEntry {
  readonly at: string;
  readonly actor: string;
  readonly action: string;
  readonly target: string;
  readonly detail: unknown;
}

export interface DoctorCheck {
  readonly id: string;
  readonly ok: boolean;
  readonly level: "required" | "advice";
  readonly title: string;
  readonly advice: string;
  readonly link?: string;
}

export interface DoctorReport {
  readonly ok: boolean;
  readonly checks: readonly DoctorCheck[];
}

export const MESSAGE_STATUSES = [
  "queued",
  "scheduled",
  "held",
  "sending",
  "deferred",
  "unknown",
  "sent",
  "failed",
  "canceled",
  "expired",
] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

export interface SmtpReply {
  readonly code: number;
  readonly enhanced?: string | null;
  readonly response: string;
}

export interface Attempt {
  readonly at: string;
  readonly outcome: string;
  readonly smtp?: SmtpReply | null;
  readonly problem?: unknown;
}

/** One change of status. `noteCode` is absent from records that an earlier release wrote. */
export interface TimelineEntry {
  readonly at: string;
  readonly status: string;
  /** English, for programs. */
  readonly note?: string | null;
  readonly noteCode?: string;
  readonly noteParams?: TextParams;
  /** Of a message refused on the topic: what was wrong with it. */
  readonly fields?: unknown;
}

/** A message as the API shows it. What a list leaves out is optional here. */
export interface Message {
  readonly id: string;
  readonly messageId: string;
  readonly server: string;
  readonly status: MessageStatus;
  readonly from?: string;
  readonly to?: readonly string[];
  readonly cc?: readonly string[];
  readonly bcc?: readonly string[];
  readonly recipients?: readonly {
    readonly address: string;
    readonly kind: "to" | "cc" | "bcc";
    readonly state: string;
    readonly reply?: SmtpReply;
  }[];
  readonly subject?: string;
  readonly tags?: Readonly<Record<string, string>>;
  readonly createdAt?: string;
  readonly updatedAt?: string;
  readonly scheduledAt?: string | null;
  readonly expiresAt?: string | null;
  readonly sizeBytes?: number;
  readonly heldBecause?: string | null;
  readonly nextAttemptAt?: string | null;
  readonly attempts?: readonly Attempt[];
  readonly accepted?: readonly string[];
  readonly rejected?: readonly string[];
  readonly timeline?: readonly TimelineEntry[];
}

export interface NewMessage {
  readonly server: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MessageFilter {
  readonly server?: string;
  readonly status?: string;
  /** The start of a recipient's address or of a word of the subject. */
  readonly q?: string;
  /** Only those of which Gmail refused a recipient. */
  readonly rejected?: "true";
  readonly cursor?: string;
  readonly limit?: number;
}
