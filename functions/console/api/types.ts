import type { auditView } from "../../domain/access/audit.ts";
import type { keyView, listedKeyView } from "../../domain/access/key-register.ts";
import type { sessionView, signedInView } from "../../domain/access/session-view.ts";
import type { Examination } from "../../domain/doctor/examine.ts";
import type { mailServerView } from "../../domain/mail-servers/mail-server-view.ts";
import type { testReport } from "../../domain/mail-servers/test-report.ts";
import type { messageReceipt, messageView } from "../../domain/messages/views/message-view.ts";
import type { StatsView } from "../../domain/messages/views/stats.ts";
import type { gmailCredentialsView, settingsView } from "../../domain/settings/settings-view.ts";
import type { Transport } from "../../domain/transport.ts";

/**
 * The JSON of the HTTP API as the console reads it. A response has the type of the view that builds it, so the two
 * cannot drift apart; only what the console sends is declared here.
 */

export type { KeyPermission } from "../../domain/access/records.ts";
export type { Disconnected } from "../../domain/connections/endings/disconnect.ts";
export type { SmtpReply } from "../../domain/google/replies.ts";
export type { Limits } from "../../domain/mail-servers/limits.ts";
export type { Usage } from "../../domain/messages/limits/usage.ts";
export type { PublishingStatus } from "../../domain/settings/settings.ts";
export type { Transport } from "../../domain/transport.ts";

export type Session = ReturnType<typeof sessionView>;
export type SignedIn = ReturnType<typeof signedInView>;

export interface Listing<T> {
  readonly items: readonly T[];
  /** The `cursor` of the next page; null on the last page. */
  readonly next: string | null;
}

export type MailServer = ReturnType<typeof mailServerView>;
export type Connection = MailServer["connection"];

/** A mail server to create; the API fills in defaults for what is left out. */
export interface NewMailServer {
  readonly name: string;
  readonly username: string;
  readonly transport: Transport;
  readonly description?: string;
  readonly fromFilter?: readonly string[];
  readonly priority?: number;
  readonly shared?: boolean;
  readonly limits?: Partial<MailServer["limits"]>;
  readonly sendAsUnchecked?: boolean;
}

/** A merge patch (RFC 7396): null resets a value to its default. */
export type MailServerPatch = Partial<Omit<NewMailServer, "priority" | "limits">> & {
  readonly priority?: number | null;
  readonly limits?: Partial<MailServer["limits"]> | null;
  readonly active?: boolean;
};

type MessageReceipt = ReturnType<typeof messageReceipt>;

export type TestReport = ReturnType<typeof testReport>;
export type TestStage = TestReport["stages"][number];

export type GmailCredentials = ReturnType<typeof gmailCredentialsView>;
export type Settings = ReturnType<typeof settingsView>;

export type ApiKey = ReturnType<typeof listedKeyView>;
export type IssuedKey = ReturnType<typeof keyView> & { readonly key: string };

export interface NewApiKey {
  readonly name: string;
  readonly permissions: ApiKey["permissions"];
  readonly servers?: readonly string[];
  readonly expiresAt?: string;
}

export type Stats = StatsView;
export type StatsRow = StatsView["items"][number];

export type AuditEntry = ReturnType<typeof auditView>;

export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  readonly target?: string;
  /** Done at this instant or later, and before that one. */
  readonly after?: string;
  readonly before?: string;
  readonly cursor?: string;
  readonly limit?: number;
}

export type DoctorReport = Examination;
export type DoctorCheck = Examination["checks"][number];

export type Message = ReturnType<typeof messageView>;
export type Attempt = Message["attempts"][number];
export type TimelineEntry = Message["timeline"][number];

/** With `Prefer: wait`: the message once it is final, or the receipt if that takes longer. */
export type SentMessage = MessageReceipt & Partial<Message>;

export interface NewMessage {
  readonly server: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export interface MessageFilter {
  readonly server?: string;
  readonly status?: string;
  /** Matches the start of a recipient's address or of a word in the subject. */
  readonly q?: string;
  readonly messageId?: string;
  /** The id of an API key. */
  readonly key?: string;
  /** Accepted at this instant or later, and before that one. */
  readonly after?: string;
  readonly before?: string;
  readonly [tag: `tag.${string}`]: string;
  /** Only messages of which Gmail refused a recipient. */
  readonly rejected?: "true";
  readonly cursor?: string;
  readonly limit?: number;
}
