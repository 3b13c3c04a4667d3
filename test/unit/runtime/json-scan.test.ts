import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jsonScan, MAX_JSON_DEPTH, MOST_JSON_VALUES } from "../../../functions/runtime/json-scan.ts";
import { anyCharacter } from "../../builders/code-points.ts";

const countValues = (value: unknown): number =>
  typeof value === "object" && value !== null
    ? Object.values(value).reduce((sum: number, inner) => sum + countValues(inner), 1)
    : 1;

/** What a scan says about these bytes when they come in pieces. */
const scanInPieces = (text: string, pieces: number, most?: number) => {
  const bytes = Buffer.from(text);
  const size = Math.max(1, Math.ceil(bytes.length / pieces));
  const scan = jsonScan(most);
  for (let at = 0; at < bytes.length; at += size) {
    const excess = scan(bytes.subarray(at, at + size));
    if (excess !== null) return excess;
  }
  return null;
};

describe("the scan of a JSON text", () => {
  it("counts the values of any JSON exactly, however it is split or indented", () => {
    const anyJson = fc.jsonValue({ maxDepth: 4, stringUnit: anyCharacter });
    fc.assert(
      fc.property(
        anyJson,
        fc.integer({ min: 1, max: 50 }),
        fc.constantFrom("", "  ", "\t"),
        (value, pieces, indent) => {
          const text = JSON.stringify(value, null, indent);
          const values = countValues(JSON.parse(text));
          assert.equal(scanInPieces(text, pieces, values), null);
          assert.equal(scanInPieces(text, pieces, values - 1), "too_many_values");
        },
      ),
      { numRuns: 500 },
    );
  });

  for (const [what, text] of [
    ["commas and brackets within a string", `"${",[]{}".repeat(100)}"`],
    ["escaped quotes and backslashes", `["\\\\","\\"",",\\\\\\",,"]`],
    ["empty containers with space in them", "[ [ ] , { \n } ]"],
  ] as const) {
    it(`recognizes ${what}`, () => {
      const values = countValues(JSON.parse(text));
      for (const pieces of [1, 2, 3, text.length]) {
        assert.equal(scanInPieces(text, pieces, values), null);
        assert.equal(scanInPieces(text, pieces, values - 1), "too_many_values");
      }
    });
  }

  it("has exactly the limits that the API states", () => {
    const list = (values: number) =>
      `[${Array(values - 1)
        .fill("0")
        .join()}]`;
    assert.equal(scanInPieces(list(MOST_JSON_VALUES), 7), null);
    assert.equal(scanInPieces(list(MOST_JSON_VALUES + 1), 7), "too_many_values");
    const nest = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    assert.equal(scanInPieces(nest(MAX_JSON_DEPTH), 7), null);
    assert.equal(scanInPieces(nest(MAX_JSON_DEPTH + 1), 7), "too_deep");
  });

  it("refuses a bomb long before its end", () => {
    const scan = jsonScan();
    const piece = Buffer.from("[],".repeat(20_000));
    let pieces = 1;
    assert.equal(scan(Buffer.from("[")), null);
    while (scan(piece) === null) pieces += 1;
    assert.ok(pieces <= 10, `${pieces} pieces of ${piece.length} bytes`);
  });
});
