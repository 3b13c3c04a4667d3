import type { GoogleOAuth } from "../../google/tokens.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import { isRevoked, revokeAccount } from "../endings/revoke-account.ts";
import { countGrant, type GrantsOf, readGrantLedger } from "../grant-ledger.ts";
import { serversOfAccount } from "../servers-of-account.ts";
import { type ClientDeps, clientReader } from "../tokens/oauth-client.ts";
import type { CallbackProblem, ProvenGrant } from "./callback.ts";
import { tryWarningOfCap } from "./warn-of-cap.ts";

interface DiscardDeps extends ClientDeps, ServerDeps {
  readonly oauth: Pick<GoogleOAuth, "revoke">;
}

/** The grant lives on at Google and counts towards the account's cap there. A lost race leaves it uncounted here. */
const countUnstored = async (deps: DiscardDeps, of: GrantsOf): Promise<void> => {
  const { app } = await clientReader(deps)();
  const kept = await readGrantLedger(deps, of);
  const { write, grants } = countGrant(deps.clock, { of, kept, declared: app }, null);
  if ((await deps.records.commit([write])).done) await tryWarningOfCap(deps, { ...of, grants });
};

/**
 * Drops a new grant without storing it. A revocation voids all grants of the account for this client, so we revoke only
 * if no mail server, this one included, holds a grant of the account. Without a refresh token there is nothing to do:
 * the consent then brought none because an earlier grant stands. If the revocation fails, a grant whose token nobody
 * holds remains at Google and is counted. Throws `Unavailable`.
 */
export const discardGrant = async (
  deps: DiscardDeps,
  { tokens, identity, clientId }: ProvenGrant,
  problem: CallbackProblem["code"],
): Promise<void> => {
  if (tokens.refreshToken === null) return;
  const of = { clientId, sub: identity.sub };
  if ((await serversOfAccount(deps.records, identity.sub)).length > 0) return countUnstored(deps, of);
  const answer = await revokeAccount(deps, of, tokens.refreshToken);
  if (!isRevoked(answer)) await countUnstored(deps, of);
  deps.log.info("grant_discarded", { problem, answer });
};
