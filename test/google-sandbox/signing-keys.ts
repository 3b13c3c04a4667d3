import { createPrivateKey, generateKeyPair, type KeyObject, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { type JWTPayload, SignJWT } from "jose";
import type { State } from "./state.ts";

type PrivateJwk = ReturnType<KeyObject["export"]> & object & { kid: string };

export interface SigningKeys {
  readonly jwk: PrivateJwk;
  /** Signs with the published key, or with an unpublished one. */
  sign(payload: JWTPayload, how?: { readonly forged?: boolean; readonly type?: string }): Promise<string>;
}

export const signingKeysOf = async (state: State): Promise<SigningKeys> => {
  const make = state.isKept ? newKey : ownKey;
  const jwk: PrivateJwk = JSON.parse(await state.getOrMake("signing-key", async () => JSON.stringify(await make())));
  const key = createPrivateKey({ key: jwk, format: "jwk" });
  return {
    jwk,
    sign: async (payload, { forged = false, type = "JWT" } = {}) => {
      const signer = forged ? createPrivateKey({ key: await unpublishedKey(), format: "jwk" }) : key;
      return new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: jwk.kid, typ: type }).sign(signer);
    },
  };
};

const newKey = async (): Promise<PrivateJwk> => {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  return { ...privateKey.export({ format: "jwk" }), kid: randomBytes(20).toString("hex"), alg: "RS256", use: "sig" };
};

/** Makes a key once in this process: finding the primes of one takes a tenth of a second of processor time. */
const onlyOnce = (): (() => Promise<PrivateJwk>) => {
  let made: Promise<PrivateJwk> | undefined;
  return () => {
    made ??= newKey();
    return made;
  };
};

/** The key of every sandbox of this process that keeps nothing. */
const ownKey = onlyOnce();
const unpublishedKey = onlyOnce();
