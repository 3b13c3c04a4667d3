import type { GoogleOAuth, Identity, TokenAnswer } from "../../google/tokens.ts";
import type { Log } from "../../log.ts";
import type { Grant } from "../../mail-servers/mail-server.ts";

/** What the ID token says that came with a token for a grant. */
export type IdentityFound =
  /** The grant's account; its address may be another one than before. */
  | { readonly kind: "same"; readonly identity: Identity }
  /** Another account, whose token serves nobody here. */
  | { readonly kind: "another" }
  /** The token is none of Google's for this client. */
  | { readonly kind: "unproven" }
  /** Google's keys cannot be read now. */
  | { readonly kind: "unreachable" }
  /** No ID token came. */
  | { readonly kind: "absent" };

/** Proves the ID token of a refresh answer. There is no nonce in it: that belongs to an authorization. */
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

/** An account is renamed rarely; what it was called long ago is nobody's username any more. */
const FORMER_EMAILS_KEPT = 5;

/** The grant under the address that its account has now; a former one is remembered. */
export const withAddress = (grant: Grant, email: string): Grant => {
  if (grant.email === email) return grant;
  const formers = [grant.email, ...(grant.formerEmails ?? [])].filter((former) => former !== email);
  return { ...grant, email, formerEmails: [...new Set(formers)].slice(0, FORMER_EMAILS_KEPT) };
};
