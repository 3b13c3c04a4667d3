import assert from "node:assert/strict";
import { test } from "node:test";
import { mergePatch } from "../../../functions/domain/merge-patch.ts";

// RFC 7396, appendix A, row by row.
const CASES: readonly (readonly [target: unknown, patch: unknown, result: unknown])[] = [
  [{ a: "b" }, { a: "c" }, { a: "c" }],
  [{ a: "b" }, { b: "c" }, { a: "b", b: "c" }],
  [{ a: "b" }, { a: null }, {}],
  [{ a: "b", b: "c" }, { a: null }, { b: "c" }],
  [{ a: ["b"] }, { a: "c" }, { a: "c" }],
  [{ a: "c" }, { a: ["b"] }, { a: ["b"] }],
  [{ a: { b: "c" } }, { a: { b: "d", c: null } }, { a: { b: "d" } }],
  [{ a: [{ b: "c" }] }, { a: [1] }, { a: [1] }],
  [
    ["a", "b"],
    ["c", "d"],
    ["c", "d"],
  ],
  [{ a: "b" }, ["c"], ["c"]],
  [{ a: "foo" }, null, null],
  [{ a: "foo" }, "bar", "bar"],
  [{ e: null }, { a: 1 }, { e: null, a: 1 }],
  [[1, 2], { a: "b", c: null }, { a: "b" }],
  [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
];

for (const [target, patch, result] of CASES) {
  test(`${JSON.stringify(target)} patched by ${JSON.stringify(patch)}`, () =>
    assert.deepEqual(mergePatch(target, patch), result));
}

test("a member named __proto__ is treated as any other", () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__": {"admin": true}}'));
  assert.equal(JSON.stringify(merged), '{"__proto__":{"admin":true}}');
  assert.equal(Object.getPrototypeOf(merged), Object.prototype);
});
