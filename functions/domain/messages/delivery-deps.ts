import type { Clock } from "../clock.ts";
import type { Tell } from "../commit-news.ts";
import type { GmailAccount } from "../google/accounts.ts";
import type { AccessTokens } from "../google/tokens.ts";
import type { MailTransport } from "../google/transports.ts";
import type { Log } from "../log.ts";
import type { Announce, Publisher } from "../publisher.ts";
import type { Randomness } from "../randomness.ts";
import type { Records } from "../records.ts";
import type { EnvironmentSettings } from "../settings/settings.ts";
import type { Transport } from "../transport.ts";
import type { InstanceMemory } from "./deliver/instance-memory.ts";
import type { ComposeMime } from "./ports.ts";

/** The ports for moving messages. */
export interface MoveDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly log: Log;
  readonly records: Records;
  readonly publisher: Publisher;
  readonly announce: Announce;
  readonly tell: Tell;
  readonly environment: EnvironmentSettings;
}

/** The further ports for handing messages to Gmail. */
export interface DeliveryDeps extends MoveDeps {
  readonly transports: Readonly<Record<Transport, MailTransport>>;
  readonly composeMime: ComposeMime;
  readonly gmailAccount: GmailAccount;
  readonly accessTokens: Pick<AccessTokens, "obtain">;
  readonly memory: InstanceMemory;
}
