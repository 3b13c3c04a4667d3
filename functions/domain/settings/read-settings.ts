import type { Records, Versioned } from "../records.ts";
import type { EnvironmentSettings, Settings, StoredSettings } from "./settings.ts";

export const SETTINGS_ID = "settings";

const EMPTY: StoredSettings = {
  gmailCredentials: null,
  operators: [],
  publishingStatus: "undeclared",
  paused: false,
  alerts: null,
  pins: {},
  operatorSignedInAtMs: null,
};

const withDefaults = (stored: StoredSettings, { members, callers, retentionDays }: EnvironmentSettings): Settings => ({
  members,
  callers,
  retentionDays,
  ...stored,
});

/** The settings before anyone has changed them, with the defaults of the environment. */
export const defaultSettings = (environment: EnvironmentSettings): Settings => withDefaults(EMPTY, environment);

export interface ReadSettings {
  /** The settings in force. */
  readonly value: Settings;
  /** The stored record, which a change must carry over. */
  readonly stored: StoredSettings;
  /** Undefined if nothing is stored yet. */
  readonly version: string | undefined;
}

/** Reads the stored settings and fills in the defaults. */
export const readSettings = async (records: Records, environment: EnvironmentSettings): Promise<ReadSettings> => {
  const found: Versioned<StoredSettings> | undefined = await records.get("settings", SETTINGS_ID);
  // Settings of an earlier release lack `alerts` and `pins`.
  const stored = { ...EMPTY, ...found?.value };
  return { value: withDefaults(stored, environment), stored, version: found?.version };
};

/** Reads only the settings in force. */
export const settingsReader =
  ({ records, environment }: { readonly records: Records; readonly environment: EnvironmentSettings }) =>
  async (): Promise<Settings> =>
    (await readSettings(records, environment)).value;
