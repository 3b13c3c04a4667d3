import type { Clock } from "../../clock.ts";
import type { Identity } from "../../google/tokens.ts";
import { kindOfAccount } from "../../mail-servers/limits.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";
import { newerSendAs } from "../checks/send-as.ts";
import type { ProvenGrant } from "./callback.ts";
import { withAddress } from "./identity.ts";

const addressOf = ({ sub, email }: Identity, before: Grant | null): Pick<Grant, "email" | "formerEmails"> => {
  if (before === null || before.sub !== sub) return { email };
  const { formerEmails } = withAddress(before, email);
  return { email, ...(formerEmails !== undefined && { formerEmails }) };
};

/** The grant from a new consent, which replaces the server's current one. */
export const newGrant = (
  deps: { readonly clock: Clock },
  { tokens, identity, clientId }: ProvenGrant,
  stored: { readonly secretVersion: string; readonly sendAs: Grant["sendAs"]; readonly before: Grant | null },
): Grant => ({
  secretVersion: stored.secretVersion,
  tokenMarks: tokens.refreshTokenMarks ?? [],
  generation: (stored.before?.generation ?? 0) + 1,
  sub: identity.sub,
  ...addressOf(identity, stored.before),
  clientId,
  accountKind: kindOfAccount(identity.email, identity.hostedDomain),
  scopes: tokens.scopes,
  connectedAtMs: deps.clock.nowMs(),
  lastVerifiedAtMs: deps.clock.nowMs(),
  refreshTokenExpiresAtMs: tokens.refreshTokenExpiresAtMs,
  sendAs: newerSendAs(stored.before?.sub === identity.sub ? stored.before.sendAs : null, stored.sendAs),
  ...(stored.before?.sub === identity.sub && { sessionLivesMs: stored.before.sessionLivesMs ?? [] }),
});
