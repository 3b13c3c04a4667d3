import type { Records, Versioned } from "../records.ts";
import type { EnvironmentSettings, KeptSettings, Settings } from "./settings.ts";

export const SETTINGS_ID = "settings";

const NOTHING_SET: KeptSettings = {
  gmailCredentials: null,
  operators: [],
  publishingStatus: "undeclared",
  paused: false,
  alerts: null,
  pins: {},
  operatorSignedInAtMs: null,
};

const withFirstValues = (kept: KeptSettings, { members, callers, retentionDays }: EnvironmentSettings): Settings => ({
  members,
  callers,
  retentionDays,
  ...kept,
});

/** What holds before anything was set: section 6's variables as first values. */
export const firstSettings = (environment: EnvironmentSettings): Settings => withFirstValues(NOTHING_SET, environment);

export interface ReadSettings {
  /** What holds. */
  readonly value: Settings;
  /** What is written down; to be written again with what changes. */
  readonly kept: KeptSettings;
  /** Undefined: nothing is. */
  readonly version: string | undefined;
}

/** The settings as they hold: as kept, and the first values where nothing else was set. */
export const readSettings = async (records: Records, environment: EnvironmentSettings): Promise<ReadSettings> => {
  const found: Versioned<KeptSettings> | undefined = await records.get("settings", SETTINGS_ID);
  // Settings of an earlier release hold no `alerts` or `pins`.
  const kept = { ...NOTHING_SET, ...found?.value };
  return { value: withFirstValues(kept, environment), kept, version: found?.version };
};

/** `readSettings` for whoever needs no more than what holds. */
export const settingsReader =
  ({ records, environment }: { readonly records: Records; readonly environment: EnvironmentSettings }) =>
  async (): Promise<Settings> =>
    (await readSettings(records, environment)).value;
