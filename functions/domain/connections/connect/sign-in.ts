import { isDeepStrictEqual } from "node:util";
import { type Account, admit, nearestEntry, pinsAfter } from "../../access/admission.ts";
import { auditWrite } from "../../access/audit.ts";
import { newSession } from "../../access/sessions.ts";
import { changeOnCondition, conditionalWrite } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import type { Log } from "../../log.ts";
import { Unavailable } from "../../problem.ts";
import type { Randomness } from "../../randomness.ts";
import { isOfLaterVersion } from "../../record-version.ts";
import type { Records, Versioned, Write } from "../../records.ts";
import { type ReadSettings, readSettings, SETTINGS_ID } from "../../settings/read-settings.ts";
import type { EnvironmentSettings } from "../../settings/settings.ts";
import type { OAuthState } from "../records.ts";
import { useStateWrite } from "./authorization-state.ts";
import { type CallbackOutcome, type ProvenGrant, refused } from "./callback.ts";

export interface SignInDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly log: Log;
}

/**
 * The sign-in's commit also pins the account that a listed address now stands for and, once, notes that an operator has
 * signed in, which ends the setup token in production. Returns null if there is nothing new to write.
 */
const settingsWrite = (
  deps: SignInDeps,
  { stored, version, value }: ReadSettings,
  { account, operator }: { readonly account: Account; readonly operator: boolean },
): Write | null => {
  const pins = pinsAfter(account, value, deps.environment);
  const first = operator && value.operatorSignedInAtMs === null;
  if (!first && isDeepStrictEqual(pins, value.pins)) return null;
  if (isOfLaterVersion("settings", stored)) {
    throw new Unavailable("note a sign-in in settings that a later release alone may change", { cause: null });
  }
  const signedIn = { ...stored, pins, ...(first && { operatorSignedInAtMs: deps.clock.nowMs() }) };
  return conditionalWrite("settings", { id: SETTINGS_ID, version }, signedIn);
};

/**
 * Uses the state and replaces the browser's session in one commit. Someone who is not admitted leaves a trace only in
 * the log. The tokens are dropped and left to expire: a sign-in asks for no offline access.
 */
export const signIn = async (
  deps: SignInDeps,
  {
    state,
    proven,
    next,
  }: { readonly state: Versioned<OAuthState>; readonly proven: ProvenGrant; readonly next: string },
): Promise<CallbackOutcome> => {
  const account = proven.identity;
  const { email } = account;
  const { sessionId, formers } = proven.browser;
  return changeOnCondition<CallbackOutcome>(deps, "sign a person in", async () => {
    const settings = await readSettings(deps.records, deps.environment);
    const person = admit(account, settings.value, deps.environment);
    if (person === null) {
      const expected = nearestEntry(account, settings.value, deps.environment);
      return refused({ code: "not_admitted", came: email, expected });
    }
    const session = newSession(deps, { kind: "google", ...account }, sessionId, formers);
    const write = settingsWrite(deps, settings, { account, operator: person.kind === "operator" });
    const detail = { role: person.kind };
    const outcome = await deps.records.commit([
      useStateWrite(state, proven.codeSha256),
      ...session.writes,
      auditWrite(deps, { actor: email, action: "session.sign_in", target: email, detail }),
      ...(write === null ? [] : [write]),
    ]);
    if (!outcome.done) return outcome.at === 0 ? refused({ code: "state_invalid" }) : "contended";
    deps.log.info("signed_in", { role: person.kind });
    return { kind: "signed_in", next, session };
  });
};
