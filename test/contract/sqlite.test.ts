import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { sealedTokenVault } from "../../functions/adapters/sealing/sealed-token-vault.ts";
import { twoHomeVault } from "../../functions/adapters/sealing/two-home-vault.ts";
import { pump } from "../../functions/adapters/sqlite/pump.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { testRandom, testSealer, testStore } from "../builders/store.ts";
import { auditListContract } from "./audit-list-contract.ts";
import { erasureContract } from "./erasure-contract.ts";
import { messageListContract } from "./message-list-contract.ts";
import { publisherContract } from "./publisher-contract.ts";
import { recordsContract } from "./records-contract.ts";
import { sealerContract } from "./sealer-contract.ts";
import { secretVaultContract } from "./secret-vault-contract.ts";

/** A directory of its own, which `remove` removes. */
const scratch = async () => {
  const directory = await mkdtemp(join(tmpdir(), "relais-store-"));
  return { path: join(directory, "relais.sqlite"), remove: () => rm(directory, { recursive: true }) };
};

recordsContract("SQLite in memory", async () => {
  const { records, close } = testStore();
  return { records, other: records, close: async () => close() };
});

recordsContract("SQLite, two handles on one file", async () => {
  const { path, remove } = await scratch();
  const [one, two] = [testStore(undefined, path), testStore(undefined, path)];
  const close = async () => {
    one.close();
    two.close();
    await remove();
  };
  return { records: one.records, other: two.records, close };
});

auditListContract(
  "SQLite",
  async () => {
    const { records, close } = testStore();
    return { records, close: async () => close() };
  },
  { filters: 200 },
);

messageListContract(
  "SQLite",
  async () => {
    const { records, close } = testStore();
    return { records, close: async () => close() };
  },
  { filters: 200 },
);

erasureContract("SQLite", async () => {
  const { records, close } = testStore();
  return { records, close: async () => close() };
});

secretVaultContract("SQLite", async () => {
  const { vault, close } = testStore();
  return { vault, close: async () => close() };
});

for (const refreshTokens of ["secrets", "sealed"] as const)
  secretVaultContract(`two homes on SQLite, refresh tokens in ${refreshTokens}`, async () => {
    const { vault: secrets, records, sealer, close } = testStore();
    const sealed = sealedTokenVault({ records, sealer, clock: systemClock(), random: testRandom });
    return { vault: twoHomeVault({ secrets, sealed, refreshTokens }), close: async () => close() };
  });

sealerContract("by JWE", testSealer);

// The back-off of 10 s and the leases pass a thousand times faster.
const clock = systemClock(1_000);
publisherContract("SQLite", async (subscriber) => {
  const { path, remove } = await scratch();
  const [publishing, pumping] = [testStore(clock, path), testStore(clock, path)];
  const ending = new AbortController();
  let pumped = Promise.resolve();
  return {
    publisher: publishing.publisher,
    start: async () => {
      pumped = pump(pumping.queue, subscriber, { concurrency: 4, clock, signal: ending.signal });
    },
    close: async () => {
      ending.abort();
      await pumped;
      publishing.close();
      pumping.close();
      await remove();
    },
  };
});
