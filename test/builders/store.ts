import { randomBytes } from "node:crypto";
import { jweSealer } from "../../functions/adapters/sealing/jwe-sealer.ts";
import { type Connection, connectionTo, openDatabase } from "../../functions/adapters/sqlite/connection.ts";
import { NOTHING_TO_SYNC } from "../../functions/adapters/sqlite/durable-log.ts";
import { openSqliteStore, type SqliteStore, storeOn } from "../../functions/adapters/sqlite/open.ts";
import { prepareSchema } from "../../functions/adapters/sqlite/schema.ts";
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

/** The first store in memory, with empty tables. */
let empty: Uint8Array | undefined;

/** An empty store in memory. Those after the first are copies of it, at a tenth of the cost of preparing the tables. */
const connectionInMemory = (): Connection => {
  const db = openDatabase(":memory:");
  const connection = connectionTo(db, NOTHING_TO_SYNC);
  if (empty === undefined) {
    prepareSchema(connection);
    empty = db.serialize();
  } else {
    db.deserialize(empty);
  }
  connection.ready();
  return connection;
};

/** A store in memory that `close` drops; with a path, it is a file. */
export const testStore = (clock: Clock = testClock(), path = ":memory:"): SqliteStore & { readonly sealer: Sealer } => {
  const deps = { clock, random: testRandom, sealer: testSealer() };
  const store = path === ":memory:" ? storeOn(connectionInMemory(), deps) : openSqliteStore({ path, ...deps });
  return { ...store, sealer: deps.sealer };
};
