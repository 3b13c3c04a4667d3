import type { MailServer } from "../mail-servers/mail-server.ts";
import type { Versioned } from "../records.ts";
import type { EnvironmentSettings, Settings } from "../settings/settings.ts";
import type { Situation } from "./texts.ts";

/** What the checks look at. */
export interface Facts {
  readonly settings: Settings;
  readonly environment: EnvironmentSettings;
  readonly servers: readonly Versioned<MailServer>[];
  /** When Google's last security event for the current client arrived; null if none has. */
  readonly securityEventAtMs: number | null;
  /**
   * Google's error code while it rejects the current client; null if it does not, or has not since the client was
   * saved.
   */
  readonly rejected: string | null;
  /** Where refresh tokens are moving to, or have moved to; null if there is but one place. */
  readonly tokenHome: string | null;
}

/** The result of a check. */
export interface Outcome {
  readonly ok: boolean;
  readonly situation: Situation;
  /** The values for the placeholders in the situation's text. */
  readonly values?: Readonly<Record<string, string>>;
}

export const activeServers = ({ servers }: Facts) => servers.filter(({ value }) => value.active);
