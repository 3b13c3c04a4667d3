import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { Durations } from "../../tools/durations.ts";

const directory = mkdtempSync(join(tmpdir(), "relais-durations-"));
after(() => rmSync(directory, { recursive: true }));

it("runs next what took long before, and first of all what it does not know", () => {
  const path = join(directory, "cache/durations.json");
  const first = new Durations(path);
  assert.deepEqual(first.longestFirst(["b", "a", "c"]), ["a", "b", "c"]);
  for (const [file, ms] of [
    ["a", 10],
    ["b", 3_000],
    ["c", 200],
  ] as const)
    first.note(file, ms);
  first.save();
  const second = new Durations(path);
  assert.deepEqual(second.longestFirst(["a", "b", "c", "new"]), ["new", "b", "c", "a"]);
  second.note("a", 9_000);
  second.save();
  assert.deepEqual(new Durations(path).longestFirst(["a", "b", "c"]), ["a", "b", "c"]);
});

it("names the slowest files of this run alone, slowest first", () => {
  const durations = new Durations(join(directory, "none.json"));
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
  const path = join(directory, "half.json");
  writeFileSync(path, '{"a":');
  assert.deepEqual(new Durations(path).longestFirst(["b", "a"]), ["a", "b"]);
});
