import assert from "node:assert/strict";
import { test } from "node:test";
import type { Compared, Setting } from "../../bench/page/throughput.ts";
import { chosenSettings, groupsOf, merged } from "../../bench/throughput/settings.ts";

const inShort = ({ transport, offered, roundTripMs, accounts, inFlight }: Setting): string =>
  `${transport} ${offered} ${roundTripMs} ${accounts}x${inFlight}`;

test("rows are chosen by name or by how it begins; without a name they are those of the targets, or all", () => {
  assert.deepEqual(chosenSettings(["chunking/40/8x50"], false).map(inShort), ["smtp CHUNKING 40 8x50"]);
  assert.deepEqual(chosenSettings(["pipelining/40/1x1"], false).map(inShort), ["smtp PIPELINING 40 1x1"]);
  assert.equal(chosenSettings(["pipelining/40/1x"], false).length, 4);
  assert.equal(chosenSettings(["gmail_api"], false).length, 24);
  assert.deepEqual(chosenSettings(["carrier-pigeon"], true), []);
  const [usual, full] = [chosenSettings([], false), chosenSettings([], true)];
  assert.equal(full.length, 60);
  for (const setting of usual) assert.ok(full.map(inShort).includes(inShort(setting)), inShort(setting));
});

test("rows of one distance share the rig, with what its SMTP server leaves out", () => {
  const groups = groupsOf(chosenSettings(["chunking/0", "gmail_api/0", "pipelining/40"], false));
  assert.deepEqual(
    groups.map(({ roundTripMs, lacking, settings }) => [roundTripMs, lacking, settings.length]),
    [
      [0, [], 24],
      [40, ["CHUNKING"], 12],
    ],
  );
});

test("a run replaces the rows that it measured and leaves the others, in the order of the page", () => {
  const result = (setting: Setting, commit: string): Compared => ({ ...setting, commit, raw: [], relais: [] });
  const usual = chosenSettings([], false);
  const [first, second] = usual;
  assert.ok(first !== undefined && second !== undefined);
  const earlier = usual.map((setting) => result(setting, "a")).toReversed();
  const [added] = chosenSettings(["chunking/0/64x10"], false);
  assert.ok(added !== undefined);
  const all = merged(earlier, [result(added, "b"), result(second, "b")]);
  assert.deepEqual(
    all.map((one) => [inShort(one), one.commit]),
    [...usual.map((one) => [inShort(one), one === second ? "b" : "a"]), [inShort(added), "b"]],
  );
  assert.equal(first.waits, false);
});
