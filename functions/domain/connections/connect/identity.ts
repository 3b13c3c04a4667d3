import type { GoogleOAuth, Identity, TokenAnswer } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";

/** What the ID token in a token answer says about the account of a grant. */
export type IdentityFound =
  /** It is the grant's account, though its address may have changed. */
  | { readonly kind: "same"; readonly identity: Identity }
  /** It is another account, so the token is of no use to this server. */
  | { readonly kind: "another" }
  /** Google did not issue the token to this client. */
  | { readonly kind: "unproven" }
  /** Google's keys cannot be read at the moment. */
  | { readonly kind: "unreachable" }
  /** The answer holds no ID token. */
  | { readonly kind: "absent" };

/** Proves the ID token of a refresh answer. It carries no nonce, since only an authorization sets one. */
export const findIdentity = async (
  deps: { readonly oauth: Pick<GoogleOAuth, "identify">; readonly log: Log },
  { idToken }: TokenAnswer,
  grant: Grant,
): Promise<IdentityFound> => {
  if (idToken === null) return { kind: "absent" };
  const proof = await deps.oauth.identify(idToken, { audience: grant.clientId, nonce: null });
  if (!proof.ok) {
    deps.log.warn("identity_unproven", { detail: proof.detail });
    return { kind: proof.reason };
  }
  return proof.identity.sub === grant.sub ? { kind: "same", identity: proof.identity } : { kind: "another" };
};

/** Accounts are rarely renamed, and nobody still uses a much older address as a username. */
const FORMER_EMAILS_KEPT = 5;

/** Former addresses are kept because servers may still use one as their username. */
export const withAddress = (grant: Grant, email: string): Grant => {
  if (grant.email === email) return grant;
  const formers = [grant.email, ...(grant.formerEmails ?? [])].filter((former) => former !== email);
  return { ...grant, email, formerEmails: [...new Set(formers)].slice(0, FORMER_EMAILS_KEPT) };
};
