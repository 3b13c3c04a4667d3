import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ownPath } from "../../../functions/domain/connections/connect/own-path.ts";

const HERE = "https://relais.example.com";

describe("a path of our own", () => {
  it("is kept with its query and fragment", () => {
    for (const path of ["/", "/servers", "/servers/srv_1?problem=x#top", "/google_gmail/authorize?server=srv_1"]) {
      assert.equal(ownPath(path), path);
    }
  });

  it("is null for anything that a browser would take to another site", () => {
    const wrong = [
      "",
      "servers",
      "//evil.example",
      "/\\evil.example",
      "\\\\evil.example",
      "/\t/evil.example",
      "/\n/evil.example",
      "https://evil.example",
      "javascript:alert(1)",
      "/..//evil.example",
      "/.//evil.example",
      " /servers",
    ];
    for (const path of wrong) assert.equal(ownPath(path), null, JSON.stringify(path));
  });

  it("never leads to another origin, whatever is given", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      ".",
      "..",
      "\t",
      "\r\n",
      "@",
      ":",
      "evil.example",
      "%2f",
      "%5c",
      "?",
      "#",
      " ",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 8 }), (pieces) => {
        const path = ownPath(pieces.join(""));
        assert.ok(path === null || new URL(path, HERE).origin === HERE);
      }),
      { numRuns: 2_000 },
    );
  });
});
