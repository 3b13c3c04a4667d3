import { CompactEncrypt, compactDecrypt, errors } from "jose";
import type { Sealer } from "../../domain/connections/ports.ts";
import { Secret } from "../../domain/secret.ts";

export interface SealingKey {
  /** Names the key in every seal; it tells nothing of the key itself. */
  readonly kid: string;
  /** 32 random bytes. */
  readonly key: Uint8Array;
}

/**
 * `Sealer` by JWE (RFC 7516), compact, `alg: dir`, `enc: A256GCM` (RFC 7518 §5.3). The protected header carries `kid` and, as `ctx`, the context;
 * it is authenticated data of the cipher, so a seal moved to another record does not open. New seals are made with `current`;
 * `retired` keys still open theirs.
 */
export const jweSealer = ({
  current,
  retired = [],
}: {
  readonly current: SealingKey;
  readonly retired?: readonly SealingKey[];
}): Sealer => {
  const keys = new Map([current, ...retired].map(({ kid, key }) => [kid, key]));
  return {
    seal: (value, context) =>
      new CompactEncrypt(new TextEncoder().encode(value.reveal()))
        .setProtectedHeader({ alg: "dir", enc: "A256GCM", kid: current.kid, ctx: context })
        .encrypt(current.key),
    open: (sealed, context) => open(keys, sealed, context),
  };
};

const open = async (
  keys: ReadonlyMap<string, Uint8Array>,
  sealed: string,
  context: string,
): Promise<Secret | undefined> => {
  try {
    const { plaintext, protectedHeader } = await compactDecrypt(
      sealed,
      ({ kid = "" }) => {
        const key = keys.get(kid);
        if (key === undefined) throw new errors.JWEDecryptionFailed(`no key of id ${kid}`);
        return key;
      },
      { keyManagementAlgorithms: ["dir"], contentEncryptionAlgorithms: ["A256GCM"] },
    );
    return protectedHeader.ctx === context ? new Secret(new TextDecoder().decode(plaintext)) : undefined;
  } catch (error) {
    // Everything that jose has against the text: altered, not a JWE, another algorithm, unknown key. What else is thrown is a defect.
    if (error instanceof errors.JOSEError) return undefined;
    throw error;
  }
};
