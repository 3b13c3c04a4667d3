import { type ChangeDeps, changeOnCondition, conditionalWrite } from "../../domain/change-on-condition.ts";
import type { SealedTokens } from "../../domain/connections/records.ts";
import { Unavailable } from "../../domain/problem.ts";
import type { Randomness } from "../../domain/randomness.ts";
import type { Records, Versioned, Write } from "../../domain/records.ts";
import type { Sealer } from "../../domain/sealer.ts";
import { type SecretName, type SecretVault, sealedHome, sealedVersion } from "../../domain/secret-vault.ts";

export interface SealedTokenOptions extends ChangeDeps {
  readonly records: Pick<Records, "get" | "commit">;
  readonly sealer: Sealer;
  readonly random: Randomness;
}

type Entry = SealedTokens["tokens"][number];

/** A seal opens only for its own server and version, so it is useless in another record. */
const context = (serverId: string, version: string): string => `refresh-token:${serverId}:${version}`;

/**
 * Refresh tokens as `SecretVault`, sealed under the key ring and kept among the records: one record for each server, so
 * that listing costs one read. The version names the key, so that a rotation can be followed without opening a seal.
 */
export const sealedTokenVault = (options: SealedTokenOptions): SecretVault => {
  const { records, sealer, random } = options;
  const change = (
    act: string,
    name: SecretName,
    next: (tokens: readonly Entry[]) => readonly Entry[],
  ): Promise<void> => {
    const id = serverOf(name);
    return changeOnCondition<void>(options, act, async () => {
      const before = await records.get("sealedTokens", id);
      const held = before?.value.tokens ?? [];
      const tokens = next(held);
      if (tokens.length === held.length) return;
      return (await records.commit([writeOf(id, before, tokens)])).done ? undefined : "contended";
    });
  };
  const tokensOf = async (name: SecretName): Promise<readonly Entry[]> =>
    (await records.get("sealedTokens", serverOf(name)))?.value.tokens ?? [];
  return {
    add: async (name, value) => {
      // If the key rotates between the two calls, the version names the former one, and the token is moved once more.
      const version = sealedVersion(await sealer.currentKey(), random.token(12));
      const sealed = await sealer.seal(value, context(serverOf(name), version));
      await change("keep a sealed token", name, (tokens) => [...tokens, { version, sealed }]);
      return version;
    },
    read: async (name, version) => {
      const entry = (await tokensOf(name)).find((one) => one.version === version);
      if (entry === undefined) return undefined;
      const token = await sealer.open(entry.sealed, context(serverOf(name), version));
      // Somebody may enable the key again, so the grant must not be taken for lost.
      if (token === undefined && (await sealer.isShut(entry.sealed)))
        throw new Unavailable("open a sealed token", { cause: new Error("its key is disabled") });
      return token;
    },
    destroy: (name, version) =>
      change("destroy a sealed token", name, (tokens) => tokens.filter((one) => one.version !== version)),
    remove: (name) => change("destroy sealed tokens", name, () => []),
    versions: async (name) => (await tokensOf(name)).map(({ version }) => version),
    home: async () => sealedHome(await sealer.currentKey()),
  };
};

const serverOf = (name: SecretName): string => {
  if (name.kind !== "refresh_token") throw new TypeError("only refresh tokens are kept sealed among the records");
  return name.serverId;
};

const writeOf = (id: string, before: Versioned<SealedTokens> | undefined, tokens: readonly Entry[]): Write => {
  if (before !== undefined && tokens.length === 0)
    return { op: "delete", kind: "sealedTokens", id, version: before.version };
  return conditionalWrite("sealedTokens", { id, version: before?.version }, { ...before?.value, tokens });
};
