import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Needles } from "../../builders/needles.ts";

/** Few different characters, so that needles overlap, begin alike and repeat themselves. */
const some = (minLength: number, maxLength: number): fc.Arbitrary<string> =>
  fc.string({ unit: fc.constantFrom("a", "A", "b", "é", "\u0100", "\u0101", "%"), minLength, maxLength });
const needle = fc.record({ text: some(12, 16), anyCase: fc.constant(false) });
const folded = fc
  .string({ unit: fc.constantFrom("a", "b", "%"), minLength: 12, maxLength: 16 })
  .map((text) => ({ text, anyCase: true }));
const needles = fc.array(fc.oneof(needle, folded), { minLength: 1, maxLength: 20 });

describe("needles", () => {
  it("are found wherever a comparison of each with the text finds them, and nowhere else", () => {
    const planted = fc
      .tuple(needles, fc.array(some(0, 30), { minLength: 1, maxLength: 5 }), fc.nat(), fc.boolean())
      .map(([all, texts, at, inCapitals]) => {
        const { text } = all[at % all.length] ?? assert.fail();
        return { all, text: texts.join(inCapitals ? text.toUpperCase() : text) };
      });
    fc.assert(
      fc.property(planted, ({ all, text }) => {
        const isIn = (one: { text: string; anyCase: boolean }): boolean =>
          (one.anyCase ? text.toLowerCase() : text).includes(one.text);
        const found = new Set(new Needles(all).in(text));
        assert.deepEqual(
          [...found].map((one) => one.text).sort(),
          all
            .filter(isIn)
            .map((one) => one.text)
            .sort(),
        );
      }),
      { numRuns: 60 },
    );
  });

  it("are found among thousands", () => {
    const all = Array.from({ length: 3_000 }, (_, at) => ({ text: `number ${at} of many`, anyCase: false }));
    const planted = all.filter((_, at) => at % 100 === 7);
    const text = planted.map((one) => `before ${one.text} after`).join(" number x of many ");
    assert.deepEqual([...new Needles(all).in(text)], planted);
  });

  it("are no shorter than twelve characters", () => {
    assert.throws(() => new Needles([{ text: "a".repeat(11), anyCase: false }]), /shorter than 12/);
  });
});
