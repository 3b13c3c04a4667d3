import { randomBytes } from "node:crypto";
import { jweSealer } from "../../functions/adapters/sealing/jwe-sealer.ts";
import { openSqliteStore, type SqliteStore } from "../../functions/adapters/sqlite/open.ts";
import type { Clock } from "../../functions/domain/clock.ts";
import type { Randomness } from "../../functions/domain/randomness.ts";
import type { Sealer } from "../../functions/domain/sealer.ts";
import { testClock } from "./clock.ts";

export const testRandom: Randomness = {
  token: (count) => randomBytes(count).toString("base64url"),
  fraction: () => Math.random(),
};

/** A sealer with a new key. */
export const testSealer = (): Sealer => jweSealer({ current: { kid: "test", key: randomBytes(32) } });

/** A store in memory that `close` drops; with a path, it is a file. */
export const testStore = (clock: Clock = testClock(), path = ":memory:"): SqliteStore & { readonly sealer: Sealer } => {
  const sealer = testSealer();
  return { ...openSqliteStore({ path, clock, random: testRandom, sealer }), sealer };
};
