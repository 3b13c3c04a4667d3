import { randomBytes } from "node:crypto";
import { jweSealerWithRing } from "../../../functions/adapters/sealing/jwe-sealer.ts";
import { sealedTokenVault } from "../../../functions/adapters/sealing/sealed-token-vault.ts";
import { twoHomeVault } from "../../../functions/adapters/sealing/two-home-vault.ts";
import { HOUR } from "../../../functions/domain/clock.ts";
import type { SecretVault } from "../../../functions/domain/secret-vault.ts";
import { testClock } from "../../builders/clock.ts";
import { testRandom } from "../../builders/store.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import { MemoryVault } from "../../simulator/memory-vault.ts";
import { newWorld } from "./walk.ts";

/** A key ring whose keys a test adds and takes away. */
export const turningRing = () => {
  const keys = new Map([["1", randomBytes(32)]]);
  const disabled = new Set<string>();
  return {
    add: (): string => {
      const kid = String(keys.size + 1);
      keys.set(kid, randomBytes(32));
      return kid;
    },
    takeAway: (kid: string) => keys.delete(kid),
    disable: (kid: string) => disabled.add(kid),
    enable: (kid: string) => disabled.delete(kid),
    ring: {
      current: async () => {
        const [kid, key] = [...keys].at(-1) ?? ["", randomBytes(32)];
        return { kid, key };
      },
      find: async (kid: string) => (disabled.has(kid) ? undefined : keys.get(kid)),
      isDisabled: async (kid: string) => disabled.has(kid),
    },
  };
};

/** A world whose refresh tokens have two homes, with the setting as a switch. */
export const twoHomedWorld = async (first: "secrets" | "sealed" = "secrets") => {
  const clock = testClock();
  // In memory, where a hundred deaths and a hundred worlds cost a third of what they do in SQLite.
  const store = { records: new MemoryRecords(), vault: new MemoryVault() };
  const { ring, ...turning } = turningRing();
  const sealer = jweSealerWithRing(ring);
  const sealed = sealedTokenVault({ records: store.records, sealer, random: testRandom, clock });
  const setting = { refreshTokens: first };
  const vault = (): SecretVault => twoHomeVault({ secrets: store.vault, sealed, ...setting });
  const switching: SecretVault = {
    add: (...secret) => vault().add(...secret),
    read: (...secret) => vault().read(...secret),
    destroy: (...secret) => vault().destroy(...secret),
    remove: (name) => vault().remove(name),
    versions: (name) => vault().versions(name),
    home: () => vault().home(),
  };
  const world = await newWorld({ records: store.records, vault: switching }, clock);
  return {
    ...world,
    setting,
    turning,
    store,
    /** Ticks until nothing is left to move, with time for what a crash has left. */
    settle: async (): Promise<void> => {
      for (const _ of [1, 2, 3, 4]) {
        clock.advance(2 * HOUR);
        await world.sweep();
        await world.move();
      }
    },
    /** Every text that is stored among the records. */
    stored: async (id: string): Promise<string> =>
      JSON.stringify([await store.records.get("sealedTokens", id), await store.records.get("mailServers", id)]),
  };
};
export type TwoHomedWorld = Awaited<ReturnType<typeof twoHomedWorld>>;
