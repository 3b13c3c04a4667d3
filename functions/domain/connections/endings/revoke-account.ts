import { type ChangeDeps, changeOnCondition, unlessContended } from "../../change-on-condition.ts";
import type { Clock } from "../../clock.ts";
import type { GoogleOAuth, Revocation } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import { noteOnServer } from "../../mail-servers/save-server.ts";
import type { Records } from "../../records.ts";
import type { Secret } from "../../secret.ts";
import { type GrantsOf, noteRevocation } from "../grant-ledger.ts";
import { serversOfAccount } from "../servers-of-account.ts";

export interface RevokeDeps extends ChangeDeps {
  readonly clock: Clock;
  readonly records: Records;
  readonly oauth: Pick<GoogleOAuth, "revoke">;
  readonly log: Log;
}

/** Whether the grant has ended at Google, now or earlier. */
export const isRevoked = (answer: Revocation): boolean => answer === "revoked" || answer === "gone";

/** The next tick has it checked. */
const makeDue = (deps: RevokeDeps, serverId: string): Promise<unknown> =>
  unlessContended(
    changeOnCondition(deps, "have a mail server checked", async () => {
      const server = await deps.records.get("mailServers", serverId);
      if (server === undefined || server.value.nextCheckAtMs === null) return "needless";
      return (await noteOnServer(deps.records, server, { nextCheckAtMs: deps.clock.nowMs() })) ? "due" : "contended";
    }),
  );

/**
 * Revokes a token at Google, which ends all of the account's grants for this client, so none may still be in use. One
 * that a consent under way has just brought ends too: the consent finds the note and has its server checked with the
 * next tick, or its server is found here, if it was faster. If Google has not ended the grants, they go on counting
 * towards the account's cap there. Throws `Unavailable`.
 */
export const revokeAccount = async (deps: RevokeDeps, of: GrantsOf, token: Secret): Promise<Revocation> => {
  const answer = await deps.oauth.revoke(token);
  if (!isRevoked(answer)) return answer;
  await unlessContended(noteRevocation(deps, of));
  for (const serverId of await serversOfAccount(deps.records, of.sub)) await makeDue(deps, serverId);
  return answer;
};
