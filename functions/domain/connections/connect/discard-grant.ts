import type { GoogleOAuth } from "../../google/tokens.ts";
import type { ServerDeps } from "../../mail-servers/save-server.ts";
import { countGrant, forgetGrants, type GrantsOf, readGrantLedger } from "../grant-ledger.ts";
import { serversOfAccount } from "../servers-of-account.ts";
import { type ClientDeps, clientReader } from "../tokens/oauth-client.ts";
import type { CallbackProblem, ProvenGrant } from "./callback.ts";
import { tryWarningOfCap } from "./warn-of-cap.ts";

interface DiscardDeps extends ClientDeps, ServerDeps {
  readonly oauth: Pick<GoogleOAuth, "revoke">;
}

/** The grant lives on at Google, and takes one of the account's places there. Losing a race leaves it uncounted. */
const countUnstored = async (deps: DiscardDeps, of: GrantsOf): Promise<void> => {
  const { app } = await clientReader(deps)();
  const kept = await readGrantLedger(deps, of);
  const { write, grants } = countGrant(deps.clock, { of, kept, declared: app }, null);
  if ((await deps.records.commit([write])).done) await tryWarningOfCap(deps, { ...of, grants });
};

/**
 * Drops a new grant unstored. It is revoked at Google only where nobody can live by it, since a revocation voids all
 * grants of the account for this client: not if any mail server, this one included, holds one of the same account, and
 * not without a refresh token, which is what a consent brings where an earlier grant stands. A failure to revoke leaves
 * a grant that nobody holds the token of. Throws `Unavailable`.
 */
export const discardGrant = async (
  deps: DiscardDeps,
  { tokens, identity, clientId }: ProvenGrant,
  problem: CallbackProblem["code"],
): Promise<void> => {
  if (tokens.refreshToken === null) return;
  const of = { clientId, sub: identity.sub };
  if ((await serversOfAccount(deps.records, identity.sub)).length > 0) return countUnstored(deps, of);
  const answer = await deps.oauth.revoke(tokens.refreshToken);
  if (answer !== "unreachable") await forgetGrants(deps, of, deps.clock.nowMs());
  deps.log.info("grant_discarded", { problem, answer });
};
