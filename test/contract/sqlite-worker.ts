/**
 * A separate process on a store's file, for tests with several processes and killed ones: `node sqlite-worker.ts
 * increment|accept <file>`.
 */
import { systemClock } from "../../functions/runtime/system-clock.ts";
import { testStore } from "../builders/store.ts";

const [task, path = ""] = process.argv.slice(2);
const store = testStore(systemClock(), path);
const key = { name: "n", secretSha256: "", servers: [], permissions: [], expiresAtMs: null, lastUsedAtMs: null };

const increment = async (): Promise<void> => {
  const found = await store.records.get("keys", "counter");
  const value = { ...key, permissions: [], createdAtMs: (found?.value.createdAtMs ?? 0) + 1 };
  const write =
    found === undefined
      ? ({ op: "create", kind: "keys", id: "counter", value } as const)
      : ({ op: "replace", kind: "keys", id: "counter", version: found.version, value } as const);
  const outcome = await store.records.commit([write]);
  if (!outcome.done) return increment();
};

if (task === "increment") {
  for (let round = 0; round < 25; round += 1) await increment();
  store.close();
} else {
  // Stores a record, publishes it and reports its number, until it is killed.
  for (let at = 0; ; at += 1) {
    const value = { ...key, permissions: [], createdAtMs: at };
    await store.records.commit([{ op: "create", kind: "keys", id: `k${at}`, value }]);
    await store.publisher.publish("mail-send", { data: at, attributes: {} });
    // Some messages are with a consumer when the process is killed.
    if (at % 3 === 0) store.queue.claim(1, 3_600_000);
    process.stdout.write(`${at}\n`);
  }
}
