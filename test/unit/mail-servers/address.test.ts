import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress, parseAddressOrDomain } from "../../../functions/domain/address.ts";

test("an address is folded to lower case and its domain to ASCII", () => {
  assert.equal(parseAddress("Ada.Lovelace+x@Example.COM"), "ada.lovelace+x@example.com");
  assert.equal(parseAddress("zoé@münchen.example"), "zoé@xn--mnchen-3ya.example");
});

const NO_ADDRESSES = [
  "",
  "ada",
  "@example.com",
  "ada@",
  "ada@localhost",
  "ada@@example.com",
  "ada@example..com",
  "ada@-example.com",
  "a b@example.com",
  "ada@example.com\r\nBcc: eve@example.com",
  "ada\n@example.com",
  "ada@exam\u0000ple.com",
  "Ada <ada@example.com>",
  "ada@example.com,eve@example.com",
  `${"a".repeat(65)}@example.com`,
  "ada@[127.0.0.1]",
  "ada@127.0.0.1",
  "ada@exam\nple.com",
  "ada@ex%61mple.com",
  "ada@example.com/path",
  "\ud800@example.com",
];

for (const text of NO_ADDRESSES) {
  test(`${JSON.stringify(text)} is no address`, () => assert.equal(parseAddress(text), null));
}

test("an entry of a list is an address or a domain", () => {
  assert.equal(parseAddressOrDomain("@Example.com"), "@example.com");
  assert.equal(parseAddressOrDomain("Ada@Example.com"), "ada@example.com");
  assert.equal(parseAddressOrDomain("example.com"), null);
  assert.equal(parseAddressOrDomain("@example.com\n"), null);
});
