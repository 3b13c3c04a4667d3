import assert from "node:assert/strict";
import { test } from "node:test";
import { findKeyHolder, mintApiKey } from "../../../functions/domain/access/api-keys.ts";
import { SECOND } from "../../../functions/domain/clock.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { withKeyCache } from "../../../functions/runtime/key-cache.ts";
import { testClock } from "../../builders/clock.ts";
import { testRandom, testStore } from "../../builders/store.ts";

test("a key is read once in a while; a revocation takes effect at once in this instance and within 60 s in others", async () => {
  const clock = testClock();
  const store = testStore(clock);
  let reads = 0;
  const counted: Records = {
    ...store.records,
    get: (kind, id) => {
      reads += 1;
      return store.records.get(kind, id);
    },
  };
  const records = withKeyCache(counted, clock);
  const minted = mintApiKey(
    { clock, random: testRandom },
    { name: "p", servers: [], permissions: ["send"], expiresAtMs: null },
  );
  const add = () => store.records.commit([{ op: "put", kind: "keys", id: minted.id, value: minted.record }]);
  const holder = () => findKeyHolder({ clock, records }, minted.key.reveal());
  await add();
  for (let n = 0; n < 10; n += 1) assert.ok(await holder());
  // The first call records the use, after which the key is read again.
  assert.equal(reads, 2);
  await store.records.commit([{ op: "delete", kind: "keys", id: minted.id }]);
  clock.advance(60 * SECOND);
  assert.equal(await holder(), null);
  await add();
  assert.ok(await holder());
  await records.commit([{ op: "delete", kind: "keys", id: minted.id }]);
  assert.equal(await holder(), null);
  store.close();
});
