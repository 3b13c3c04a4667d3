import type { MailServer } from "../mail-servers/mail-server.ts";
import type { Versioned } from "../records.ts";
import type { EnvironmentSettings, Settings } from "../settings/settings.ts";
import type { Situation } from "./texts.ts";

/** What the doctor looks at. */
export interface Facts {
  readonly settings: Settings;
  readonly environment: EnvironmentSettings;
  readonly servers: readonly Versioned<MailServer>[];
  /** When Google's last security event for the present client came; null: never. */
  readonly securityEventAtMs: number | null;
  /** Google refuses the present client, in its own word; null: it does not, or that was before it was last saved. */
  readonly rejected: string | null;
}

/** How a check came out. */
export interface Outcome {
  readonly ok: boolean;
  readonly situation: Situation;
  /** What the texts of the situation name. */
  readonly values?: Readonly<Record<string, string>>;
}

export const activeServers = ({ servers }: Facts) => servers.filter(({ value }) => value.active);
