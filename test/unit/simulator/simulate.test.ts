import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { join } from "node:path";
import { test } from "node:test";
import { findMutant, simulateIn } from "../../simulator/mutants.ts";
import { MUTANTS } from "../../simulator/planted-faults.ts";

const root = join(import.meta.dirname, "../../..");
const small = (seed: number): readonly string[] => ["--seed", String(seed), "--servers", "6", "--days", "2"];

test("a small world of a new seed keeps every promise, and lives through the same again", async (t) => {
  const seed = randomInt(2 ** 31);
  t.diagnostic(`npm run simulate -- ${small(seed).join(" ")}`);
  const first = await simulateIn(root, ...small(seed));
  assert.equal(first.broken, null, `seed ${seed}`);
  const again = await simulateIn(root, ...small(seed));
  assert.deepEqual({ ...again, cpuS: 0 }, { ...first, cpuS: 0 });
});

test("a planted fault is found: a message that goes out without the mark", async () => {
  const [mutant] = MUTANTS;
  assert.ok(mutant);
  const found = await findMutant(mutant);
  assert.ok(found.days !== null && found.days < 2, found.promised);
});
