import type { JSONWebKeySet, JWTPayload, JWTVerifyOptions } from "jose";
import type { SigningKeys } from "./signing-keys.ts";

export interface Expected extends Pick<JWTVerifyOptions, "issuer" | "audience" | "requiredClaims" | "clockTolerance"> {
  readonly nowMs: number;
}

export type SignedToken =
  | { readonly kind: "proven"; readonly payload: JWTPayload }
  /** `detail` names the claim that failed or jose's code, never a value. */
  | { readonly kind: "unproven"; readonly detail: string }
  /** The signing keys, or newer ones that the token may need, are unreachable. */
  | { readonly kind: "no_keys" };

/**
 * Verifies a JWT (RFC 7519) that Google signed: RS256 only, whatever its header says. If the key with its id does not
 * match, the keys are fetched again, since a key may change under the same id. Several keys without an id are all
 * tried.
 */
export const proveSignedToken = async (keys: SigningKeys, token: string, expected: Expected): Promise<SignedToken> => {
  // Loaded on first use: starting a consent needs no cryptography.
  const { decodeProtectedHeader, errors } = await import("./verify-jwt.ts");
  try {
    const known = await keys.keysFor(decodeProtectedHeader(token).kid);
    if (known === null) return { kind: "no_keys" };
    try {
      return { kind: "proven", payload: await verify(token, known, expected) };
    } catch (error) {
      if (!(error instanceof errors.JWSSignatureVerificationFailed)) throw error;
      const newer = await keys.fetchNewer(known);
      if (newer === null) throw error;
      return { kind: "proven", payload: await verify(token, newer, expected) };
    }
  } catch (error) {
    if (error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired) {
      return { kind: "unproven", detail: error.claim };
    }
    // `decodeProtectedHeader` throws a TypeError if the text is no token at all.
    if (error instanceof errors.JOSEError) return { kind: "unproven", detail: error.code };
    if (error instanceof TypeError) return { kind: "unproven", detail: "not a token" };
    throw error;
  }
};

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
        if (!(failure instanceof errors.JWSSignatureVerificationFailed)) throw failure;
      }
    }
    throw new errors.JWSSignatureVerificationFailed();
  }
};
