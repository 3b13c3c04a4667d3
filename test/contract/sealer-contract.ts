import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import type { Sealer } from "../../functions/domain/sealer.ts";
import { Secret } from "../../functions/domain/secret.ts";

/** What every sealer guarantees. `fresh` makes one with a new key each time. */
export const sealerContract = (name: string, fresh: () => Sealer): void => {
  describe(`sealer ${name}`, () => {
    test("opens any text in its own context only", async () => {
      const sealer = fresh();
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: "grapheme" }), fc.string(), fc.string(), async (text, context, other) => {
          const sealed = await sealer.seal(new Secret(text), context);
          assert.equal((await sealer.open(sealed, context))?.reveal(), text);
          if (other !== context) assert.equal(await sealer.open(sealed, other), undefined);
        }),
        { numRuns: 50 },
      );
    });

    test("does not contain the secret, and differs each time", async () => {
      const sealer = fresh();
      const first = await sealer.seal(new Secret("ya29.a-very-secret-token"), "srv_1");
      const second = await sealer.seal(new Secret("ya29.a-very-secret-token"), "srv_1");
      assert.notEqual(first, second);
      const parts = first.split(".").map((part) => Buffer.from(part, "base64url").toString("latin1"));
      for (const part of [first, ...parts]) assert.ok(!part.includes("very-secret"));
    });

    test("does not open with another key", async () => {
      const sealed = await fresh().seal(new Secret("x"), "srv_1");
      assert.equal(await fresh().open(sealed, "srv_1"), undefined);
    });

    test("does not open if it is altered anywhere, truncated, or was never a seal", async () => {
      const sealer = fresh();
      const sealed = await sealer.seal(new Secret("a secret of some length"), "srv_1");
      for (let at = 0; at < sealed.length; at += 1) {
        const flipped = sealed[at] === "A" ? "B" : "A";
        const altered = sealed.slice(0, at) + flipped + sealed.slice(at + 1);
        // The last character of a base64url part may have unused bits: what decodes to the same bytes is not an
        // alteration.
        if (sameBytes(altered, sealed)) continue;
        assert.equal(await sealer.open(altered, "srv_1"), undefined, `at ${at}`);
      }
      for (const not of ["", "....", "a.b.c.d.e", sealed.slice(0, -4), `${sealed}.x`, "{}"]) {
        assert.equal(await sealer.open(not, "srv_1"), undefined, not);
      }
    });
  });
};

const sameBytes = (a: string, b: string): boolean =>
  a.split(".").length === b.split(".").length &&
  // The header is authenticated as text, so every character of it counts.
  a.split(".")[0] === b.split(".")[0] &&
  a
    .split(".")
    .every((part, at) => Buffer.from(part, "base64url").equals(Buffer.from(b.split(".")[at] ?? "", "base64url")));
