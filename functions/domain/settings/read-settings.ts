import type { Records, Versioned } from "../records.ts";
import type { EnvironmentSettings, Settings } from "./settings.ts";

export const SETTINGS_ID = "settings";

/** What holds before anything was set: section 6's variables as first values. */
export const firstSettings = (environment: EnvironmentSettings): Settings => ({
  gmailCredentials: null,
  operators: [],
  members: environment.members,
  callers: environment.callers,
  retentionDays: environment.retentionDays,
  publishingStatus: "undeclared",
  paused: false,
  alerts: null,
  operatorSignedInAtMs: null,
});

/** The settings as kept, or the first ones with `version: null` while nothing is kept. */
export const readSettings = async (
  records: Records,
  environment: EnvironmentSettings,
): Promise<{ readonly value: Settings; readonly version: string | null }> => {
  const kept: Versioned<Settings> | undefined = await records.get("settings", SETTINGS_ID);
  if (kept === undefined) return { value: firstSettings(environment), version: null };
  // Settings of an earlier release hold no `alerts`.
  return { value: { ...kept.value, alerts: kept.value.alerts ?? null }, version: kept.version };
};
