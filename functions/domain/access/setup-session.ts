import type { Clock } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import type { Records } from "../records.ts";
import { fail, ok, type Result } from "../result.ts";
import type { AccessLists } from "./admission.ts";
import { auditWrite } from "./audit.ts";
import { principalName, type SessionId } from "./records.ts";
import { type NewSession, newSession } from "./sessions.ts";
import { isSetupToken, type SetupTokenDeps } from "./setup-token.ts";

export interface SetupSessionDeps extends SetupTokenDeps {
  readonly clock: Clock;
  readonly random: Randomness;
  readonly records: Records;
  /** The lists as they are now. Throws `Unavailable`. */
  readonly readAccessLists: () => Promise<AccessLists>;
}

/**
 * Opens a session by the setup token and ends the browser's former session. `unauthenticated` if the token is not
 * valid. Throws `Unavailable`.
 */
export const openSetupSession = async (
  deps: SetupSessionDeps,
  token: string,
  former: SessionId | null,
): Promise<Result<NewSession>> => {
  if (!isSetupToken(deps, await deps.readAccessLists(), token)) return fail({ code: "unauthenticated" });
  const session = newSession(deps, { kind: "setup" }, former);
  const audited = {
    actor: principalName({ kind: "setup" }),
    action: "session.setup_token",
    target: "session",
  } as const;
  await deps.records.commit([...session.writes, auditWrite(deps, audited)]);
  return ok(session);
};
