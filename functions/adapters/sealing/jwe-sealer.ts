import { CompactEncrypt, compactDecrypt, decodeProtectedHeader, errors } from "jose";
import type { Sealer } from "../../domain/sealer.ts";
import { Secret } from "../../domain/secret.ts";

export interface SealingKey {
  /** Names the key in every seal; it reveals nothing about the key. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

/** The store of the keys. Both methods throw `Unavailable` if it cannot be reached. */
export interface KeyRing {
  /** The key for new seals. */
  current(): Promise<SealingKey>;
  /** A key that existing seals may use; undefined if there is no such key, or no longer. */
  find(kid: string): Promise<Uint8Array | undefined>;
  /** Whether that key is only disabled, so that it may open its seals again. */
  isDisabled(kid: string): Promise<boolean>;
}

/** A sealer with fixed keys: `current` makes new seals, and `retired` keys still open theirs. */
export const jweSealer = ({
  current,
  retired = [],
}: {
  readonly current: SealingKey;
  readonly retired?: readonly SealingKey[];
}): Sealer => {
  const keys = new Map([current, ...retired].map(({ kid, key }) => [kid, key]));
  return jweSealerWithRing({
    current: async () => current,
    find: async (kid) => keys.get(kid),
    isDisabled: async () => false,
  });
};

/**
 * `Sealer` by compact JWE (RFC 7516), `alg: dir`, `enc: A256GCM` (RFC 7518 §5.3). The protected header holds `kid` and
 * the context as `ctx`. The cipher authenticates it, so a seal that was moved to another record does not open.
 */
export const jweSealerWithRing = (ring: KeyRing): Sealer => ({
  seal: async (value, context) => {
    const { kid, key } = await ring.current();
    return new CompactEncrypt(new TextEncoder().encode(value.reveal()))
      .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid, ctx: context })
      .encrypt(key);
  },

  currentKey: async () => (await ring.current()).kid,

  isShut: async (sealed) => {
    try {
      return await ring.isDisabled(decodeProtectedHeader(sealed).kid ?? "");
    } catch (error) {
      // The text is not a JWE.
      if (error instanceof TypeError) return false;
      throw error;
    }
  },

  open: async (sealed, context) => {
    try {
      const { plaintext, protectedHeader } = await compactDecrypt(sealed, ({ kid = "" }) => keyOf(ring, kid), {
        keyManagementAlgorithms: ["dir"],
        contentEncryptionAlgorithms: ["A256GCM"],
      });
      return protectedHeader.ctx === context ? new Secret(new TextDecoder().decode(plaintext)) : undefined;
    } catch (error) {
      // jose rejects the text: altered, not a JWE, another algorithm, or an unknown key. Other errors are not about the
      // text.
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
