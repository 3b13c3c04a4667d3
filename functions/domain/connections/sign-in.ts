import { admit } from "../access/admission.ts";
import { newSession } from "../access/sessions.ts";
import { auditWrite } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { Randomness } from "../randomness.ts";
import type { Records, Versioned, Write } from "../records.ts";
import { type ReadSettings, readSettings, SETTINGS_ID } from "../settings/read-settings.ts";
import type { EnvironmentSettings } from "../settings/settings.ts";
import { useStateWrite } from "./authorization-state.ts";
import { type ProvenGrant, refused, type Verdict } from "./callback.ts";
import type { OAuthState } from "./records.ts";

export interface SignInDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  readonly environment: EnvironmentSettings;
  readonly log: Log;
}

const TRIES = 8;

/** From the first operator's sign-in on, the setup token is dead in production; noted once, in the commit that signs them in. */
const operatorSignedIn = ({ kept, version }: ReadSettings, nowMs: number): Write => {
  const place = { kind: "settings", id: SETTINGS_ID, value: { ...kept, operatorSignedInAtMs: nowMs } } as const;
  return version === null ? { op: "create", ...place } : { op: "replace", version, ...place };
};

/**
 * Signs a person in: state used, the browser's session replaced, all in one commit. Nobody who is not let in leaves a trace but the log's.
 * The tokens of a sign-in are dropped: no offline access was asked for, and they run out by themselves.
 */
export const signIn = async (
  deps: SignInDeps,
  {
    state,
    proven,
    next,
  }: { readonly state: Versioned<OAuthState>; readonly proven: ProvenGrant; readonly next: string },
): Promise<Verdict> => {
  const { email, sub } = proven.identity;
  const { sessionId, formers } = proven.browser;
  for (let tries = 0; tries < TRIES; tries += 1) {
    const settings = await readSettings(deps.records, deps.environment);
    const person = admit(email, settings.value, deps.environment);
    if (person === null) return refused({ code: "not_admitted", came: email, expected: null });
    const session = newSession(deps, { kind: "google", email, sub }, sessionId, formers);
    const first = person.kind === "operator" && settings.value.operatorSignedInAtMs === null;
    const detail = { role: person.kind };
    const outcome = await deps.records.commit([
      useStateWrite(state, proven.codeSha256),
      ...session.writes,
      auditWrite(deps, { actor: email, action: "session.sign_in", target: email, detail }),
      ...(first ? [operatorSignedIn(settings, deps.clock.nowMs())] : []),
    ]);
    if (outcome.done) {
      deps.log.info("signed_in", { role: person.kind });
      return { kind: "signed_in", next, session };
    }
    if (outcome.at === 0) return refused({ code: "state_invalid" });
  }
  throw new Error("the settings were written to without end");
};
