import { isDeepStrictEqual } from "node:util";
import type { AuditedAction } from "../access/audit.ts";
import { auditWrite } from "../access/audit.ts";
import { changeOnCondition, conditionalWrite } from "../change-on-condition.ts";
import type { Clock } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { defaultSettings, type ReadSettings, readSettings, SETTINGS_ID } from "./read-settings.ts";
import type { EnvironmentSettings, NameWithDefault, Settings, StoredSettings } from "./settings.ts";

export interface SettingsDeps {
  readonly records: Records;
  readonly clock: Clock;
  readonly random: Randomness;
  readonly environment: EnvironmentSettings;
}

export interface SettingsChange {
  readonly before: Settings;
  readonly after: Settings;
}

/** What a change stores. A setting with a default stays absent unless it was stored before or now differs from it. */
const toStore = ({ stored, value: before }: ReadSettings, after: Settings, defaults: Settings): StoredSettings => {
  const { members, callers, retentionDays, ...others } = after;
  const isSet = (name: NameWithDefault): boolean =>
    isDeepStrictEqual(after[name], before[name]) ? name in stored : !isDeepStrictEqual(after[name], defaults[name]);
  return {
    ...others,
    ...(isSet("members") && { members }),
    ...(isSet("callers") && { callers }),
    ...(isSet("retentionDays") && { retentionDays }),
  };
};

/**
 * Changes the settings and audits the change in the same conditional commit. `change` may be called more than once; it
 * returns a problem to stop, or the same object to leave the settings as they are. `newer_version` if only a later
 * release may change them. Throws `Contended`, `Unavailable`.
 */
export const changeSettings = async (
  deps: SettingsDeps,
  change: (before: Settings) => Result<Settings>,
  audited: (change: SettingsChange) => AuditedAction,
): Promise<Result<SettingsChange>> =>
  changeOnCondition<Result<SettingsChange>>(deps, "change the settings", async () => {
    const read = await readSettings(deps.records, deps.environment);
    const { value: before, version } = read;
    if (isOfLaterVersion("settings", read.stored)) return fail({ code: "newer_version" });
    const changed = change(before);
    if (!changed.ok) return changed;
    const outcome = { before, after: changed.value };
    if (changed.value === before) return ok(outcome);
    const value = toStore(read, changed.value, defaultSettings(deps.environment));
    const commit = await deps.records.commit([
      conditionalWrite("settings", { id: SETTINGS_ID, version }, value),
      auditWrite(deps, audited(outcome)),
    ]);
    return commit.done ? ok(outcome) : "contended";
  });
