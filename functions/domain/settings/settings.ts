import type { AccessEnvironment, AccessLists } from "../access/admission.ts";

declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: always `settings` */
    settings: KeptSettings;
  }
}

export const PUBLISHING_STATUSES = ["internal", "testing", "production", "undeclared"] as const;
export type PublishingStatus = (typeof PUBLISHING_STATUSES)[number];

/** A later release may know others. */
export const isKnownPublishingStatus = (status: string): status is PublishingStatus =>
  PUBLISHING_STATUSES.some((known) => known === status);

/** What operators set, with the first values of section 6's variables where nobody has set another. */
export interface Settings extends AccessLists {
  readonly gmailCredentials: {
    readonly clientId: string;
    /** Version of the secret `client_secret` in the vault. */
    readonly secretVersion: string;
    readonly configuredAtMs: number;
  } | null;
  readonly retentionDays: number;
  readonly publishingStatus: PublishingStatus;
  /** Stops every claim of a message. */
  readonly paused: boolean;
  /** Whom to tell by mail of what only a person can mend, and the server that carries it; null: nobody. */
  readonly alerts: { readonly server: string; readonly to: readonly string[] } | null;
}

/** Those that the environment gives a first value. */
export type FirstValued = "members" | "callers" | "retentionDays";

/**
 * As they are kept; one record. A setting with a first value is absent until it was set here: whatever else is written down (the client, an
 * operator's sign-in, a pause) must not freeze what the environment says of it that day.
 */
export type KeptSettings = Omit<Settings, FirstValued> & Partial<Pick<Settings, FirstValued>>;

/** What the environment fixes or gives as first values (contract, section 6). */
export interface EnvironmentSettings extends AccessEnvironment {
  readonly members: readonly string[];
  readonly callers: readonly string[];
  readonly retentionDays: number;
}
