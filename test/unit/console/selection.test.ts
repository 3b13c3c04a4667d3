import assert from "node:assert/strict";
import { test } from "node:test";
import { effect } from "@preact/signals";
import { createSelection } from "../../../functions/console/pages/messages/selection.ts";

test("a tick is seen by the row that it concerns, and by those that ask for all", () => {
  const selection = createSelection();
  const seen: string[] = [];
  for (const id of ["a", "b"]) effect(() => void seen.push(`${id} ${selection.has(id)}`));
  effect(() => void seen.push([...selection.ids()].join("+")));
  const next = (): readonly string[] => seen.splice(0);
  next();
  selection.toggle("b");
  assert.deepEqual(next().toSorted(), ["b", "b true"]);
  selection.toggle("a");
  assert.deepEqual(next().toSorted(), ["a true", "b+a"]);
  selection.toggle("b");
  assert.deepEqual(next().toSorted(), ["a", "b false"]);
  selection.clear();
  assert.deepEqual(next().toSorted(), ["", "a false"]);
});

test("a row that comes later knows whether it is ticked", () => {
  const selection = createSelection();
  selection.toggle("a");
  assert.equal(selection.has("a"), true);
  assert.equal(selection.has("b"), false);
});
