import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { accessTokens } from "../../../functions/domain/connections/access-token.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { dueServers, sweep } from "../../builders/due-servers.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../../builders/emulators.ts";
import { testRandom } from "../../builders/store.ts";

const COUNT = 1_000;

describe("connections on Firestore's emulator", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  before(async () => {
    emulators = await useEmulators();
  });
  after(() => emulators.stop());

  const calls = googleCalls({ clock: systemClock(), random: testRandom });
  const recordsOf = (projectId: string) =>
    firestoreRecords({ calls, random: testRandom, database: openDatabase(projectId, emulators.firestoreHost) });

  it("ask Google for one token on a cold store, however many ask, by five instances", { timeout: 60_000 }, async () => {
    const projectId = testProject();
    const world = await dueServers(1, recordsOf(projectId));
    // Whoever waits for another's lease waits in real time here; no lease runs out meanwhile.
    const clock = { ...world.clock, sleep: systemClock().sleep };
    const instances = Array.from({ length: 5 }, () =>
      accessTokens({ ...world.system, clock, records: recordsOf(projectId) }),
    );
    const all = await Promise.all(Array.from({ length: 50 }, (_, at) => instances[at % 5]?.obtain("srv_0")));
    assert.equal(world.google.refreshes, 1);
    const [first] = all;
    assert.ok(first?.ok);
    assert.ok(all.every((one) => one?.ok && one.token.matches(first.token)));
    world.close();
  });

  it("cost a sweep, each server, what they cost on SQLite", { timeout: 240_000 }, async () => {
    const { counts } = await sweep(COUNT, recordsOf(testProject()));
    const { mailServers, accessTokens, serversDueForCheck } = counts.reads;
    assert.deepEqual({ mailServers, accessTokens }, { mailServers: COUNT, accessTokens: COUNT });
    assert.equal(serversDueForCheck, COUNT / 100 + 1);
    assert.equal(counts.writes, 2 * COUNT);
  });
});
