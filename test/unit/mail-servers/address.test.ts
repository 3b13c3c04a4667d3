import assert from "node:assert/strict";
import { test } from "node:test";
import { mailboxOf, parseAddress, parseAddressOrDomain, sameMailbox } from "../../../functions/domain/address.ts";

test("an address is folded to lower case and its domain to ASCII", () => {
  assert.equal(parseAddress("Ada.Lovelace+x@Example.COM"), "ada.lovelace+x@example.com");
  assert.equal(parseAddress("zoé@münchen.example"), "zoé@xn--mnchen-3ya.example");
});

/** Every domain of some characters that mean something to a browser's parser of hosts. */
const domains = function* (left: number): Generator<string> {
  yield "";
  if (left > 0)
    for (const rest of domains(left - 1)) for (const piece of ["a", "0", "x", "-", ".", "xn--"]) yield piece + rest;
};

test("a domain in plain letters is folded as a browser folds the same in capitals", () => {
  let addresses = 0;
  for (const domain of domains(5)) {
    const folded = parseAddress(`ada@${domain}`);
    assert.equal(folded, parseAddress(`ada@${domain.toUpperCase()}`), domain);
    if (folded !== null) addresses += 1;
  }
  assert.ok(addresses > 100, `${addresses} are addresses`);
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
  test(`${JSON.stringify(text)} is not an address`, () => assert.equal(parseAddress(text), null));
}

test("an entry of a list is an address or a domain", () => {
  assert.equal(parseAddressOrDomain("@Example.com"), "@example.com");
  assert.equal(parseAddressOrDomain("Ada@Example.com"), "ada@example.com");
  assert.equal(parseAddressOrDomain("example.com"), null);
  assert.equal(parseAddressOrDomain("@example.com\n"), null);
});

test("one Gmail mailbox has many spellings: with dots, in any case and with its older domain", () => {
  for (const spelling of [
    "nina.cas@googlemail.com",
    "ninacas@gmail.com",
    "NINA.CAS@GMAIL.COM",
    "n.i.n.a.c.a.s@GoogleMail.com",
    "nina.cas@gmail.com",
  ]) {
    assert.ok(sameMailbox(spelling, "nina.cas@gmail.com"), spelling);
    assert.equal(mailboxOf(spelling), "ninacas@gmail.com");
  }
});

test("other addresses are different mailboxes, at Gmail and elsewhere", () => {
  for (const [one, other] of [
    ["nina.cas@example.com", "ninacas@example.com"],
    ["nina@gmail.com", "nino@gmail.com"],
    ["nina+x@gmail.com", "nina@gmail.com"],
    ["nina@gmail.com", "nina@gmail.example.com"],
    ["nina@gmail.com", "nina@gmail.com.example.org"],
    ["nina@mail.gmail.com", "nina@gmail.com"],
    ["nina@gmail.de", "nina@gmail.com"],
    ["@gmail.com", "nina@gmail.com"],
    ["", "nina@gmail.com"],
  ] as const) {
    assert.ok(!sameMailbox(one, other), `${one} ${other}`);
  }
  assert.ok(sameMailbox("Ada@münchen.example", "ada@xn--mnchen-3ya.example"));
});
