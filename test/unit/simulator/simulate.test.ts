import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { lanes } from "../../simulator/lanes.ts";
import { findMutant } from "../../simulator/mutants.ts";
import { simulateIn } from "../../simulator/one-process.ts";
import { organisationsOf, simulateOrganisations } from "../../simulator/organisations.ts";
import { MUTANTS } from "../../simulator/planted-faults.ts";

const root = join(import.meta.dirname, "../../..");

test("two organisations of a new seed keep every promise, and one of them alone lives through the same again", async (t) => {
  const seed = randomInt(2 ** 31);
  const size = { servers: 8, days: 1, mails: 20, together: 4 };
  t.diagnostic(`npm run simulate -- --seed ${seed} --servers 8 --days 1 --mails 20 --together 4`);
  const run = await simulateOrganisations(seed, size, lanes(2));
  assert.equal(run.broken, null, `seed ${seed}`);
  const [, second] = run.parts;
  assert.ok(second);
  const alone = await simulateIn(root, ...second.replay.split(" ").slice("npm run simulate --".split(" ").length));
  const { replay: _, ...said } = second;
  assert.deepEqual({ ...alone, cpuS: 0, peakMb: 0 }, { ...said, cpuS: 0, peakMb: 0 });
});

test("servers are divided evenly into organisations with a seed each, the first of which is the run's", () => {
  const divided = organisationsOf(7, { servers: 250, together: 100 });
  assert.deepEqual(
    divided.map(({ servers }) => servers),
    [84, 83, 83],
  );
  assert.equal(divided[0]?.seed, 7);
  assert.equal(new Set(divided.map(({ seed }) => seed)).size, 3);
  assert.deepEqual(organisationsOf(7, { servers: 100, together: 100 }), [{ seed: 7, servers: 100 }]);
});

test("lanes do so many pieces of work at once, and all of them although one fails", async () => {
  const lane = lanes(2);
  let [now, most, done] = [0, 0, 0];
  const work = async (at: number): Promise<void> => {
    now += 1;
    most = Math.max(most, now);
    await new Promise(setImmediate);
    now -= 1;
    done += 1;
    if (at === 1) throw new Error("this one fails");
  };
  const ends = await Promise.allSettled([0, 1, 2, 3, 4].map((at) => lane(() => work(at))));
  assert.deepEqual([most, done], [2, 5]);
  assert.deepEqual(
    ends.map(({ status }) => status === "fulfilled"),
    [true, false, true, true, true],
  );
});

test("every planted fault changes a text that is in the sources once", () => {
  for (const { name, edits } of MUTANTS) {
    for (const { file, text } of edits)
      assert.equal(readFileSync(join(root, file), "utf8").split(text).length, 2, `${name}: ${file}`);
  }
});

test("a planted fault is found: a message that goes out without the mark", async () => {
  const [mutant] = MUTANTS;
  assert.ok(mutant);
  const found = await findMutant(mutant);
  assert.ok(found.days !== null && found.days < 2, found.promised);
});
