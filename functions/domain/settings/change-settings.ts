import { isDeepStrictEqual } from "node:util";
import type { AuditedAction } from "../access/audit.ts";
import { auditWrite } from "../access/audit.ts";
import { changeOnCondition, conditionalWrite } from "../change-on-condition.ts";
import type { Clock } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import { firstSettings, type ReadSettings, readSettings, SETTINGS_ID } from "./read-settings.ts";
import type { EnvironmentSettings, FirstValued, KeptSettings, Settings } from "./settings.ts";

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

/** What is written down after a change: of the settings with a first value those that were set before or are now set to another. */
const toKeep = ({ kept, value: before }: ReadSettings, after: Settings, first: Settings): KeptSettings => {
  const { members, callers, retentionDays, ...others } = after;
  const isSet = (name: FirstValued): boolean =>
    isDeepStrictEqual(after[name], before[name]) ? name in kept : !isDeepStrictEqual(after[name], first[name]);
  return {
    ...others,
    ...(isSet("members") && { members }),
    ...(isSet("callers") && { callers }),
    ...(isSet("retentionDays") && { retentionDays }),
  };
};

/**
 * Reads, changes and writes the settings on condition that nobody else did meanwhile, and tells the audit in the same commit. `change` may be
 * called more than once and answers a problem to stop, or the very settings it was given to leave them. `newer_version` for settings that only a later
 * release may change. Throws `Contended`, `Unavailable`.
 */
export const changeSettings = async (
  deps: SettingsDeps,
  change: (before: Settings) => Result<Settings>,
  deed: (change: SettingsChange) => AuditedAction,
): Promise<Result<SettingsChange>> =>
  changeOnCondition<Result<SettingsChange>>(deps, "change the settings", async () => {
    const read = await readSettings(deps.records, deps.environment);
    const { value: before, version } = read;
    if (isOfLaterVersion("settings", read.kept)) return fail({ code: "newer_version" });
    const changed = change(before);
    if (!changed.ok) return changed;
    const outcome = { before, after: changed.value };
    if (changed.value === before) return ok(outcome);
    const value = toKeep(read, changed.value, firstSettings(deps.environment));
    const commit = await deps.records.commit([
      conditionalWrite("settings", { id: SETTINGS_ID, version }, value),
      auditWrite(deps, deed(outcome)),
    ]);
    return commit.done ? ok(outcome) : "contended";
  });
