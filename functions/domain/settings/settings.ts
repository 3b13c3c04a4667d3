import type { AccessEnvironment, AccessLists } from "../access/admission.ts";
import type { Secret } from "../secret.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: always `settings` */
    settings: StoredSettings;
  }
}

export const PUBLISHING_STATUSES = ["internal", "testing", "production", "undeclared"] as const;
export type PublishingStatus = (typeof PUBLISHING_STATUSES)[number];

/** A later release may have other statuses. */
export const isKnownPublishingStatus = (status: string): status is PublishingStatus =>
  PUBLISHING_STATUSES.some((known) => known === status);

/** The settings in force: what operators have set, and the environment's defaults. */
export interface Settings extends AccessLists {
  readonly gmailCredentials: {
    readonly clientId: string;
    /** The version of `client_secret` in the vault. */
    readonly secretVersion: string;
    readonly configuredAtMs: number;
  } | null;
  readonly retentionDays: number;
  readonly publishingStatus: PublishingStatus;
  /** While true, no message is claimed for sending. */
  readonly paused: boolean;
  /** Who is alerted by mail to what only a person can fix, and by which server; null if nobody is. */
  readonly alerts: { readonly server: string; readonly to: readonly string[] } | null;
}

/** The settings whose default comes from the environment. */
export type NameWithDefault = "members" | "callers" | "retentionDays";

/**
 * The one record of settings. A setting with a default is absent until an operator sets it, so that storing another one
 * does not freeze the environment's value of that day.
 */
export type StoredSettings = Omit<Settings, NameWithDefault> & Partial<Pick<Settings, NameWithDefault>>;

/** What the environment fixes, or gives as defaults. */
export interface EnvironmentSettings extends AccessEnvironment {
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly retentionDays: number;
  /** Where programs reach the SMTP door; null if Relais does not run it itself. */
  readonly smtpDoor: { readonly host: string; readonly port: number } | null;
  /** The local stand-in for Google that `npm start` runs; absent or null with the real Google. */
  readonly sandbox?: Sandbox | null;
}

interface Sandbox {
  /** Where a person reads the mail that it takes. */
  readonly mailboxUrl: string;
  /** Its OAuth client, which is saved without a file. */
  readonly client: { readonly clientId: string; readonly clientSecret: Secret };
}
