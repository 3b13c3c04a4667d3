import { CompactEncrypt, compactDecrypt, errors } from "jose";
import type { Sealer } from "../../domain/sealer.ts";
import { Secret } from "../../domain/secret.ts";

export interface SealingKey {
  /** Names the key in every seal; it tells nothing of the key itself. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

/** Where keys are kept. Both methods throw `Unavailable` when that cannot be reached. */
export interface KeyRing {
  /** The key that new seals are made with. */
  current(): Promise<SealingKey>;
  /** A key that seals may still have been made with; undefined: no such key, or no longer. */
  find(kid: string): Promise<Uint8Array | undefined>;
}

/** Keys that lie here: new seals are made with `current`; `retired` keys still open theirs. */
export const jweSealer = ({
  current,
  retired = [],
}: {
  readonly current: SealingKey;
  readonly retired?: readonly SealingKey[];
}): Sealer => {
  const keys = new Map([current, ...retired].map(({ kid, key }) => [kid, key]));
  return jweSealerBy({ current: async () => current, find: async (kid) => keys.get(kid) });
};

/**
 * `Sealer` by JWE (RFC 7516), compact, `alg: dir`, `enc: A256GCM` (RFC 7518 §5.3). The protected header carries `kid` and, as `ctx`, the context;
 * it is authenticated data of the cipher, so a seal moved to another record does not open.
 */
export const jweSealerBy = (ring: KeyRing): Sealer => ({
  seal: async (value, context) => {
    const { kid, key } = await ring.current();
    return new CompactEncrypt(new TextEncoder().encode(value.reveal()))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid, ctx: context })
      .encrypt(key);
  },

  open: async (sealed, context) => {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, ({ kid = "" }) => keyOf(ring, kid), {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      return protectedHeader.ctx === context ? new Secret(new TextDecoder().decode(plaintext)) : undefined;
    } catch (error) {
      // Everything that jose has against the text: altered, not a JWE, another algorithm, unknown key. What else is thrown is not about it.
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  },
});

const keyOf = async (ring: KeyRing, kid: string): Promise<Uint8Array> => {
  const key = await ring.find(kid);
  if (key === undefined) throw new errors.JWEDecryptionFailed(`no key of id ${kid}`);
  return key;
};
