import { isDeepStrictEqual } from "node:util";
import * as z from "zod";
import { admitActor, exactMailboxes, livePins } from "../access/admission.ts";
import { endSessionsOf } from "../access/end-sessions.ts";
import { type Principal, principalName, type Session } from "../access/records.ts";
import { addressesOnly, addressList } from "../address-input.ts";
import { detail } from "../detail-texts.ts";
import { fieldProblem, parseWith } from "../field-problems.ts";
import { mergePatch } from "../merge-patch.ts";
import { changedMembers, patchMembers, unknownNames } from "../patch-members.ts";
import { invalidRequest, type Problem } from "../problem.ts";
import { isId } from "../randomness.ts";
import { fail, ok, type Result } from "../result.ts";
import { changeSettings, type SettingsDeps } from "./change-settings.ts";
import { checkPeople } from "./check-people.ts";
import { defaultSettings } from "./read-settings.ts";
import { type EnvironmentSettings, isKnownPublishingStatus, PUBLISHING_STATUSES, type Settings } from "./settings.ts";
import { changeableView, settingsView } from "./settings-view.ts";

/** The settings as callers write them; null resets a member to its default. */
export const settingsInput = (environment: EnvironmentSettings) => {
  const defaults = defaultSettings(environment);
  return z.strictObject({
    operators: addressList(1_000).default([...environment.operators]),
    members: addressList(5_000).default([...defaults.members]),
    callers: addressList(1_000).default([...defaults.callers]),
    retentionDays: z.int().min(1).max(3_650).default(defaults.retentionDays),
    publishingStatus: z.enum(PUBLISHING_STATUSES).default("undeclared"),
    paused: z.boolean().default(false),
    alerts: z
      .strictObject({ server: z.string(), to: addressesOnly(20) })
      .nullable()
      .default(null),
  });
};

const has = (patch: unknown, name: string): boolean =>
  typeof patch === "object" && patch !== null && Object.hasOwn(patch, name);

const applyPatch = (before: Settings, patch: unknown, environment: EnvironmentSettings): Result<Settings> => {
  const schema = settingsInput(environment);
  const members = patchMembers(patch);
  if (!members.ok) return members;
  const unknown = unknownNames(members.value, schema.shape);
  if (unknown.length > 0) return fail(invalidRequest(...unknown));
  const view = changeableView(before, environment);
  // The schema does not take a later release's status, so it is left out, and put back unless the patch replaces it.
  const isLater = !isKnownPublishingStatus(before.publishingStatus);
  const kept = isLater && !has(patch, "publishingStatus") ? { publishingStatus: before.publishingStatus } : {};
  const input = parseWith(schema, mergePatch(isLater ? { ...view, publishingStatus: "undeclared" } : view, patch));
  if (!input.ok) return input;
  const { operators } = input.value;
  if (operators.length === 0 && view.operators.length > 0 && environment.operators.length === 0) {
    // The first operator's sign-in ends the setup token, so without an operator nobody could sign in again.
    return fail(invalidRequest(fieldProblem("/operators", "no_operator")));
  }
  const removed = environment.operators.filter((fixed) => !operators.includes(fixed));
  if (removed.length > 0) {
    const entries = removed.join(", ");
    return fail({ code: "fixed_by_environment", detail: detail("named_by_environment", { entries }) });
  }
  const own = operators.filter((entry) => !environment.operators.includes(entry));
  const alerts = input.value.alerts === null ? null : { ...before.alerts, ...input.value.alerts };
  const lists = { ...before, ...input.value, ...kept, alerts, operators: own };
  const after: Settings = { ...lists, pins: livePins(before.pins, lists, environment) };
  return ok(isDeepStrictEqual(after, before) ? before : after);
};

/** The server for alerts must exist, but may be connected later. */
const checkAlertServer = async ({ records }: SettingsDeps, patch: unknown): Promise<Problem | null> => {
  const parsed = z.object({ alerts: z.object({ server: z.string() }) }).safeParse(patch);
  if (!parsed.success) return null;
  const { server } = parsed.data.alerts;
  const found = isId("srv", server) ? await records.get("mailServers", server) : undefined;
  return found === undefined ? invalidRequest(fieldProblem("/alerts/server", "no_such_server")) : null;
};

/** How many people's sessions are looked up at once. */
const AT_ONCE = 20;

/**
 * Ends the sessions of removed people: if an address is listed again, sessions of its former account must not revive.
 * A session that another entry, such as a domain, still admits goes on.
 */
const endSessionsOfRemoved = async (deps: SettingsDeps, before: Settings, after: Settings): Promise<void> => {
  const isStillAdmitted = ({ actor }: Session) => admitActor(actor, after, deps.environment) !== null;
  const listed = exactMailboxes(after, deps.environment);
  const removed = [...exactMailboxes(before, deps.environment)].filter((mailbox) => !listed.has(mailbox));
  for (let at = 0; at < removed.length; at += AT_ONCE) {
    const batch = removed.slice(at, at + AT_ONCE);
    await Promise.all(batch.map((email) => endSessionsOf(deps.records, { email }, isStillAdmitted)));
  }
};

export interface EditedSettings {
  readonly settings: ReturnType<typeof settingsView>;
  /** Whether the edit ended a pause, so that held messages can be sent. */
  readonly resumed: boolean;
  /** Whether the edit changed the app's publishing status, so that the ends of its grants must be predicted again. */
  readonly publishingStatusChanged: boolean;
}

/**
 * Applies a merge patch (RFC 7396) to the settings. `invalid_request`; `fixed_by_environment` if it would remove
 * operators of `RELAIS_OPERATORS`, which the detail lists. Throws `Contended`, `Unavailable`.
 */
export const editSettings = async (
  deps: SettingsDeps,
  principal: Principal,
  patch: unknown,
): Promise<Result<EditedSettings>> => {
  const serverProblem = await checkAlertServer(deps, patch);
  if (serverProblem !== null) return fail(serverProblem);
  const peopleProblems = await checkPeople(patch);
  if (peopleProblems.length > 0) return fail(invalidRequest(...peopleProblems));
  const changed = await changeSettings(
    deps,
    (before) => applyPatch(before, patch, deps.environment),
    ({ before, after }) => ({
      actor: principalName(principal),
      action: "settings.update",
      target: "settings",
      detail: { changed: changedMembers(before, after) },
    }),
  );
  if (!changed.ok) return changed;
  const { before, after } = changed.value;
  await endSessionsOfRemoved(deps, before, after);
  return ok({
    settings: settingsView(after, deps.environment),
    resumed: before.paused && !after.paused,
    publishingStatusChanged: before.publishingStatus !== after.publishingStatus,
  });
};
