import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from "jose";
import type { SigningKeys } from "./signing-keys.ts";

export interface Expected extends Pick<JWTVerifyOptions, "issuer" | "audience" | "requiredClaims" | "clockTolerance"> {
  readonly nowMs: number;
}

export type SignedToken =
  | { readonly kind: "proven"; readonly payload: JWTPayload }
  /** `detail` names the claim that failed, jose's code or what else is wrong, never a value. */
  | { readonly kind: "unproven"; readonly detail: string }
  /** The signing keys, or newer ones that the token may need, are unreachable. */
  | { readonly kind: "no_keys" };

/**
 * Verifies a JWT (RFC 7519) that Google signed: RS256 only, whatever its header says. If the key with its id does not
 * match or is unusable, the keys are fetched again, since a key may change under the same id. Several keys without an
 * id are all tried.
 */
export const proveSignedToken = async (keys: SigningKeys, token: string, expected: Expected): Promise<SignedToken> => {
  // Loaded on first use: starting a consent needs no cryptography.
  const { errors } = await import("./verify-jwt.ts");
  const header = await headerOf(token);
  if (header === null) return { kind: "unproven", detail: "not a token" };
  const known = await keys.keysFor(header.kid);
  if (known === null) return { kind: "no_keys" };
  try {
    try {
      return { kind: "proven", payload: await verify(token, known, expected) };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed) && !isOfKey(error)) throw error;
      const newer = await keys.fetchNewer(known);
      if (newer === null) throw error;
      return { kind: "proven", payload: await verify(token, newer, expected) };
    }
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
      return { kind: "unproven", detail: error.claim };
    }
    if (error instanceof errors.JOSEError) return { kind: "unproven", detail: error.code };
    if (isOfKey(error)) return { kind: "unproven", detail: "signing key unusable" };
    throw error;
  }
};

/** Null: the text is no token at all. */
const headerOf = async (token: string): Promise<{ readonly kid?: string | undefined } | null> => {
  const { decodeProtectedHeader } = await import("./verify-jwt.ts");
  try {
    return decodeProtectedHeader(token);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
};

/** Whether a key cannot be imported (DOMException of the Web Crypto API) or is too short (TypeError of jose). */
const isOfKey = (error: unknown): boolean => error instanceof DOMException || error instanceof TypeError;

const verify = async (token: string, keys: JSONWebKeySet, { nowMs, ...claims }: Expected): Promise<JWTPayload> => {
  const { createLocalJWKSet, errors, jwtVerify } = await import("./verify-jwt.ts");
  const options = { ...claims, algorithms: ["RS256"], currentDate: new Date(nowMs) };
  try {
    return (await jwtVerify(token, createLocalJWKSet(keys), options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (failure) {
        if (!(failure instanceof errors.JWSSignatureVerificationFailed) && !isOfKey(failure)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
};
