import { type Clock, HOUR } from "../../domain/clock.ts";
import { memory } from "../../domain/remembered.ts";
import { nameInProject } from "../google-cloud/installation.ts";
import type { KeyRing, SealingKey } from "../sealing/jwe-sealer.ts";
import { textOf, versionOf } from "./client.ts";
import { type SecretManagerOptions, VERSION } from "./secret-manager-vault.ts";

const KEY_BYTES = 32;

/** How long an instance uses the newest key that it knows. */
const REFRESH_AFTER_MS = HOUR;

/**
 * The keys that seal short-lived secrets: the versions of the secret `relais-key-ring`, each 32 random bytes in base64
 * (`openssl rand -base64 32`), with the version's number as the key's id. A new version rotates the key: it seals
 * within the hour, and older ones open their seals until they are disabled. It needs only the right to read versions.
 */
export const secretManagerKeyRing = (options: SecretManagerOptions, clock: Clock): KeyRing => {
  const { calls, client, projectId, prefix = "" } = options;
  const secret = nameInProject(prefix, "relais-key-ring");
  const versions = `projects/${projectId}/secrets/${secret}/versions`;
  const known = new Map<string, Uint8Array>();
  const newest = memory<SealingKey>({ clock, forMs: REFRESH_AFTER_MS });

  const read = async (version: string): Promise<SealingKey | undefined> => {
    const run = () => client.accessSecretVersion({ name: `${versions}/${version}` });
    const answer = await calls({ act: "read the key ring", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
    if (answer.status !== "OK") return undefined;
    const key = toKey(secret, versionOf(answer.value[0]), textOf(answer.value[0].payload));
    known.set(key.kid, key.key);
    return key;
  };

  return {
    current: async () => {
      const remembered = newest.recall("latest");
      if (remembered !== undefined) return remembered;
      // Versions disabled since then must not open anything any more; the others are read again on demand.
      known.clear();
      const key = await read("latest");
      if (key === undefined) throw new Error(`the secret ${secret} has no enabled version as its latest`);
      newest.note("latest", key);
      return key;
    },
    // The number comes from a seal's header, which anyone with write access to the store could have written.
    isDisabled: async (kid) => {
      if (!VERSION.test(kid)) return false;
      let isDisabled = false;
      const run = () =>
        client.accessSecretVersion({ name: `${versions}/${kid}` }).catch((error: unknown) => {
          // A disabled key has the same status as a destroyed one; reading its state needs a further right.
          isDisabled = error instanceof Error && error.message.includes("DISABLED");
          throw error;
        });
      await calls({ act: "read the key ring", repeatable: true, run }, "NOT_FOUND", "FAILED_PRECONDITION");
      return isDisabled;
    },
    find: async (kid) => known.get(kid) ?? (VERSION.test(kid) ? (await read(kid))?.key : undefined),
  };
};

/** The error names the version and reveals nothing of its content. */
const toKey = (secret: string, version: string, text: string): SealingKey => {
  const key = Buffer.from(text, "base64");
  if (key.length !== KEY_BYTES)
    throw new Error(`${secret}/versions/${version} is no key: it must be ${KEY_BYTES} bytes in base64`);
  return { kid: version, key };
};
