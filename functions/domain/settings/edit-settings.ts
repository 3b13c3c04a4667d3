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
import { peopleProblems } from "./people-problems.ts";
import { firstSettings } from "./read-settings.ts";
import { type EnvironmentSettings, isKnownPublishingStatus, PUBLISHING_STATUSES, type Settings } from "./settings.ts";
import { settingsView } from "./settings-view.ts";

/** The settings as callers write them; a member set to null goes back to its first value (the environment's, where it has one). */
const settingsInput = (environment: EnvironmentSettings) => {
  const first = firstSettings(environment);
  return z.strictObject({
    operators: addressList(1_000).default([...environment.operators]),
    members: addressList(5_000).default([...first.members]),
    callers: addressList(1_000).default([...first.callers]),
    retentionDays: z.int().min(1).max(3_650).default(first.retentionDays),
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

const patched = (before: Settings, patch: unknown, environment: EnvironmentSettings): Result<Settings> => {
  const schema = settingsInput(environment);
  const members = patchMembers(patch);
  if (!members.ok) return members;
  const unknown = unknownNames(members.value, schema.shape);
  if (unknown.length > 0) return fail(invalidRequest(...unknown));
  const view = settingsView(before, environment);
  // A status of a later release is no input that this one takes, and stays as it is where the patch does not name it.
  const foreign = !isKnownPublishingStatus(before.publishingStatus);
  const kept = foreign && !has(patch, "publishingStatus") ? { publishingStatus: before.publishingStatus } : {};
  const input = parseWith(schema, mergePatch(foreign ? { ...view, publishingStatus: "undeclared" } : view, patch));
  if (!input.ok) return input;
  const { operators } = input.value;
  if (operators.length === 0 && view.operators.length > 0 && environment.operators.length === 0) {
    // The setup token dies with the first operator's sign-in: nobody could come in again.
    return fail(invalidRequest(fieldProblem("/operators", "no_operator")));
  }
  const gone = environment.operators.filter((fixed) => !operators.includes(fixed));
  if (gone.length > 0)
    return fail({ code: "fixed_by_environment", detail: detail("named_by_environment", { entries: gone.join(", ") }) });
  const own = operators.filter((entry) => !environment.operators.includes(entry));
  const alerts = input.value.alerts === null ? null : { ...before.alerts, ...input.value.alerts };
  const lists = { ...before, ...input.value, ...kept, alerts, operators: own };
  const after: Settings = { ...lists, pins: livePins(before.pins, lists, environment) };
  return ok(isDeepStrictEqual(after, before) ? before : after);
};

/** The server that alerts are to go through must be there; it may be connected later. */
const checkAlertServer = async ({ records }: SettingsDeps, patch: unknown): Promise<Problem | null> => {
  const named = z.object({ alerts: z.object({ server: z.string() }) }).safeParse(patch);
  if (!named.success) return null;
  const { server } = named.data.alerts;
  const found = isId("srv", server) ? await records.get("mailServers", server) : undefined;
  return found === undefined ? invalidRequest(fieldProblem("/alerts/server", "no_such_server")) : null;
};

/** So many people's sessions are looked for at once. */
const AT_ONCE = 20;

/**
 * An entry that is put back later must not bring back the sessions of the account that it meant before. A session that another entry, a domain,
 * lets in goes on.
 */
const endSessionsOfRemoved = async (deps: SettingsDeps, before: Settings, after: Settings): Promise<void> => {
  const stillIn = ({ actor }: Session) => admitActor(actor, after, deps.environment) !== null;
  const listed = exactMailboxes(after, deps.environment);
  const gone = [...exactMailboxes(before, deps.environment)].filter((mailbox) => !listed.has(mailbox));
  for (let at = 0; at < gone.length; at += AT_ONCE) {
    const lot = gone.slice(at, at + AT_ONCE);
    await Promise.all(lot.map((email) => endSessionsOf(deps.records, { email }, stillIn)));
  }
};

export interface EditedSettings {
  readonly settings: ReturnType<typeof settingsView>;
  /** This edit ended a pause: what was held for it may go. */
  readonly resumed: boolean;
  /** It says otherwise of the app: the ends of its grants are to be foretold anew. */
  readonly redeclared: boolean;
}

/**
 * Applies a merge patch (RFC 7396) to the settings. `invalid_request`; `fixed_by_environment` (the detail names them) for operators of
 * `RELAIS_OPERATORS` that the patch would remove. Throws `Contended`, `Unavailable`.
 */
export const editSettings = async (
  deps: SettingsDeps,
  principal: Principal,
  patch: unknown,
): Promise<Result<EditedSettings>> => {
  const astray = await checkAlertServer(deps, patch);
  if (astray !== null) return fail(astray);
  const strangers = await peopleProblems(patch);
  if (strangers.length > 0) return fail(invalidRequest(...strangers));
  const changed = await changeSettings(
    deps,
    (before) => patched(before, patch, deps.environment),
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
  const redeclared = before.publishingStatus !== after.publishingStatus;
  return ok({ settings: settingsView(after, deps.environment), resumed: before.paused && !after.paused, redeclared });
};
