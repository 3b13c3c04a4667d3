import type { Clock } from "../../clock.ts";
import type { GoogleOAuth, Revocation } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import type { Records } from "../../records.ts";
import type { Secret } from "../../secret.ts";
import { forgetGrants, type GrantsOf } from "../grant-ledger.ts";

export interface RevokeDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly oauth: Pick<GoogleOAuth, "revoke">;
  readonly log: Log;
}

/** Whether the grant has ended at Google, now or earlier. */
export const isRevoked = (answer: Revocation): boolean => answer === "revoked" || answer === "gone";

/**
 * Revokes a token at Google, which ends all of the account's grants for this client, so none may still be in use. If
 * Google has not ended them, they go on counting towards the account's cap there. Throws `Unavailable`.
 */
export const revokeAccount = async (deps: RevokeDeps, of: GrantsOf, token: Secret): Promise<Revocation> => {
  const answer = await deps.oauth.revoke(token);
  if (isRevoked(answer)) await forgetGrants(deps, of, deps.clock.nowMs());
  return answer;
};
