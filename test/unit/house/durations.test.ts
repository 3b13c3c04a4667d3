import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { Durations } from "../../tools/durations.ts";

const directory = mkdtempSync(join(tmpdir(), "relais-durations-"));
const expected = join(directory, "expected.json");
after(() => rmSync(directory, { recursive: true }));

it("remembers the last duration of each file", () => {
  const paths = { cache: join(directory, "cache/durations.json"), expected };
  const first = new Durations(paths);
  assert.equal(first.of("a"), undefined);
  first.note("a", 10);
  first.note("b", 3_000);
  first.save();
  const second = new Durations(paths);
  second.note("a", 9_000);
  second.save();
  const third = new Durations(paths);
  assert.deepEqual([third.of("a"), third.of("b"), third.of("new")], [9_000, 3_000, undefined]);
});

it("names the slowest files of this run alone, slowest first", () => {
  const durations = new Durations({ cache: join(directory, "none.json"), expected });
  for (const [file, ms] of [
    ["a", 10],
    ["b", 3_000],
    ["c", 12_345],
  ] as const)
    durations.note(file, ms);
  durations.noteCpu("b", 1_234);
  assert.deepEqual(durations.slowest(2), ["    12.3 s                  c", "     3.0 s  CPU      1.2 s  b"]);
});

it("starts from nothing if the file cannot be read", () => {
  const paths = { cache: join(directory, "half.json"), expected };
  writeFileSync(paths.cache, '{"a":');
  assert.equal(new Durations(paths).of("a"), undefined);
});

it("goes by the repository's durations where the machine remembers none of its own", () => {
  const paths = { cache: join(directory, "fresh/durations.json"), expected: join(directory, "committed.json") };
  const noting = new Durations({ ...paths, cache: join(directory, "noting.json") });
  noting.note("b", 2_345);
  noting.note("a", 10);
  noting.saveAsExpected();
  assert.equal(readFileSync(paths.expected, "utf8"), '{\n  "a": 100,\n  "b": 2400\n}\n');
  const fresh = new Durations(paths);
  assert.equal(fresh.of("a"), 100);
  fresh.note("a", 5_000);
  fresh.save();
  const next = new Durations(paths);
  assert.deepEqual([next.of("a"), next.of("b"), next.of("new")], [5_000, 2_400, undefined]);
});
