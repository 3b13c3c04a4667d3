import type { Alert } from "../domain/alerts/operator-alert.ts";
import type { Build } from "../domain/build.ts";
import type { Clock } from "../domain/clock.ts";
import type { Tell } from "../domain/commit-news.ts";
import type { MailDocuments } from "../domain/documents/mail-documents.ts";
import type { GmailAccount } from "../domain/google/accounts.ts";
import type { SecurityEventTokens } from "../domain/google/security-events.ts";
import type { GoogleOAuth } from "../domain/google/tokens.ts";
import type { MailTransport, OffersSmtpUtf8 } from "../domain/google/transports.ts";
import type { Log } from "../domain/log.ts";
import type { ComposeMime } from "../domain/messages/ports.ts";
import type { Announce, Publisher } from "../domain/publisher.ts";
import type { Randomness } from "../domain/randomness.ts";
import type { RecordChanges } from "../domain/record-changes.ts";
import type { Records } from "../domain/records.ts";
import type { Sealer } from "../domain/sealer.ts";
import type { SecretVault } from "../domain/secret-vault.ts";
import type { EnvironmentSettings } from "../domain/settings/settings.ts";
import type { Transport } from "../domain/transport.ts";
import type { Config } from "./config.ts";

/**
 * Everything that handlers may use. Each port is built once, on first use (`compose.ts`), so a function that never
 * sends never loads a mail library.
 */
export interface System {
  readonly build: Build;
  readonly config: Config;
  readonly environment: EnvironmentSettings;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly records: Records;
  /**
   * Goes on, until a time, with giving shards to records that an earlier release wrote; returns how many. Throws
   * `Unavailable`.
   */
  readonly addShards: (untilMs: number) => Promise<number>;
  /** Whether no other process delivers mail of this store, as with `npm start`, which locks its data directory. */
  readonly deliversAlone: boolean;
  /** What this process itself writes. */
  readonly changes: RecordChanges;
  readonly vault: SecretVault;
  readonly sealer: Sealer;
  /** The application's own documents (Trigger Email). */
  readonly documents: MailDocuments;
  readonly publisher: Publisher;
  readonly announce: Announce;
  readonly alert: Alert;
  readonly tell: Tell;
  readonly oauth: GoogleOAuth;
  readonly securityEventTokens: SecurityEventTokens;
  readonly transports: Readonly<Record<Transport, MailTransport>>;
  readonly gmailAccount: GmailAccount;
  readonly composeMime: ComposeMime;
  readonly offersSmtpUtf8: OffersSmtpUtf8;
}
