import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { openDatabase } from "../../../functions/adapters/firestore/database.ts";
import { firestoreRecords } from "../../../functions/adapters/firestore/firestore-records.ts";
import { googleCalls } from "../../../functions/adapters/google-cloud/google-calls.ts";
import { patienceOf } from "../../../functions/domain/patience.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { sweep } from "../../builders/due-servers.ts";
import { type Emulators, emulatorsMissing, testProject, useEmulators } from "../../builders/emulators.ts";
import { testRandom } from "../../builders/store.ts";

/** More than a page. */
const COUNT = 110;

describe("connections on Firestore's emulator", { skip: emulatorsMissing() }, () => {
  let emulators: Emulators;
  before(async () => {
    emulators = await useEmulators();
  });
  after(() => emulators.stop());

  const clock = systemClock();
  // A busy machine's emulator may need it.
  const patience = () => patienceOf(clock, { totalMs: 120_000, failsFast: true });
  const calls = googleCalls({ clock, random: testRandom, patience });
  const recordsOf = (projectId: string) =>
    firestoreRecords({ calls, random: testRandom, database: openDatabase(projectId, emulators.firestoreHost) });

  it("cost a sweep as much per server as on SQLite", { timeout: 240_000 }, async () => {
    const { counts } = await sweep(COUNT, { elsewhere: recordsOf(testProject()), atOnce: 25 });
    const { mailServers, accessTokens, serversDueForCheck } = counts.reads;
    assert.deepEqual({ mailServers, accessTokens }, { mailServers: COUNT, accessTokens: COUNT });
    assert.equal(serversDueForCheck, Math.ceil(COUNT / 100) + 1);
    assert.equal(counts.writes, 2 * COUNT);
  });
});
