import { type Clock, HOUR } from "../../domain/clock.ts";
import type { KeyRing, SealingKey } from "../sealing/jwe-sealer.ts";
import { ONCE, textOf, versionOf } from "./client.ts";
import { type SecretManagerOptions, VERSION } from "./secret-manager-vault.ts";

const KEY_BYTES = 32;

/** How long an instance goes on with the newest key that it knows. */
const FRESH_MS = HOUR;

/**
 * The keys that seal short-lived secrets: the versions of the secret `relais-key-ring`, each 32 random bytes in base64
 * (`openssl rand -base64 32`), the version's number being the key's id. A new version rotates: it seals from within the hour on, and
 * the older ones open what they sealed until they are disabled. Reading versions is the only right it needs.
 */
export const secretManagerKeyRing = ({ calls, client, projectId }: SecretManagerOptions, clock: Clock): KeyRing => {
  const versions = `projects/${projectId}/secrets/relais-key-ring/versions`;
  const known = new Map<string, Uint8Array>();
  let newest: { readonly key: SealingKey; readonly readAtMs: number } | undefined;

  const read = async (version: string): Promise<SealingKey | undefined> => {
    const run = () => client.accessSecretVersion({ name: `${versions}/${version}` }, ONCE);
    const answer = await calls({ act: "read the key ring", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
    if (answer.status !== "OK") return undefined;
    const key = toKey(versionOf(answer.value[0]), textOf(answer.value[0].payload));
    known.set(key.kid, key.key);
    return key;
  };

  return {
    current: async () => {
      if (newest === undefined || clock.nowMs() - newest.readAtMs >= clock.lasting(FRESH_MS)) {
        // Those that were disabled since are not to open anything any more; the others are read again when they are wanted.
        known.clear();
        const key = await read("latest");
        if (key === undefined) throw new Error("the secret relais-key-ring has no enabled version as its latest");
        newest = { key, readAtMs: clock.nowMs() };
      }
      return newest.key;
    },
    // The number comes from a seal's header, which anyone could have written who can write to the store.
    find: async (kid) => known.get(kid) ?? (VERSION.test(kid) ? (await read(kid))?.key : undefined),
  };
};

/** The message names the version and nothing of what it holds. */
const toKey = (version: string, text: string): SealingKey => {
  const key = Buffer.from(text, "base64");
  if (key.length !== KEY_BYTES)
    throw new Error(`relais-key-ring/versions/${version} is no key: it must be ${KEY_BYTES} bytes in base64`);
  return { kid: version, key };
};
