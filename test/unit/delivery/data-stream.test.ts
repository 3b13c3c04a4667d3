import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { envelopeAddress } from "../../../functions/adapters/gmail-smtp/address.ts";
import { dataBlocks, octetBlocks, surveyOf } from "../../../functions/adapters/gmail-smtp/data-stream.ts";

const sent = (raw: string): string => Buffer.concat([...dataBlocks(Buffer.from(raw, "latin1"))]).toString("latin1");
/** What a receiver reads (RFC 5321 §4.5.2). */
const received = (wire: string): string => wire.replace(/^\./gm, "");

test("dots at line starts are doubled and the message ends in CRLF", () => {
  assert.equal(sent(".a\r\n..b\r\nc."), "..a\r\n...b\r\nc.\r\n");
  assert.equal(sent("a\r\n"), "a\r\n");
  assert.equal(sent(""), "");
});

test("no message can end itself on the wire, whatever it contains", () => {
  const bits = fc.array(fc.constantFrom(".", "\r", "\n", "\r\n", "a", "\r\n.\r\n", "\n.\n"), { maxLength: 40 });
  fc.assert(
    fc.property(bits, (parts) => {
      const wire = sent(parts.join(""));
      assert.doesNotMatch(wire, /(^|\r\n|\n|\r)\.(\r|\n)/);
      assert.doesNotMatch(wire, /\r(?!\n)|(?<!\r)\n/);
    }),
  );
});

test("the receiver reads what was written, across blocks of the stream", () => {
  const line = fc.string({ unit: fc.constantFrom(".", "a", "é"), maxLength: 30 });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 20 }), fc.nat(70_000), (lines, pad) => {
      const raw = `${["x".repeat(pad), ...lines].join("\r\n")}\r\n`;
      assert.equal(received(sent(raw)), raw);
    }),
    { numRuns: 50 },
  );
});

test("an address that could break out of its angle brackets is refused", () => {
  for (const address of [
    "a@b.c>\r\nRCPT TO:<x@y.z",
    "a@b.c\nDATA",
    "a b@c.d",
    "<a@b.c>",
    "a@b.c> SIZE=1",
    "a\u0000@b.c",
    "a\u2028@b.c",
    "nobody",
    "@b.c",
    "a@",
  ]) {
    assert.equal(envelopeAddress(address), undefined, JSON.stringify(address));
  }
  assert.equal(envelopeAddress("Ada@exämple.com"), "Ada@xn--exmple-cua.com");
});

test("a message goes out as it is only if each of its CRs and LFs is one of a CRLF, and it ends in one", () => {
  const bits = fc.array(fc.constantFrom("\r", "\n", "\r\n", "a", "é"), { maxLength: 12 });
  fc.assert(
    fc.property(bits, (parts) => {
      const text = parts.join("");
      const { clean, eightBit } = surveyOf(Buffer.from(text));
      assert.equal(clean, /\r\n$/.test(text) && !/\r(?!\n)|(?<!\r)\n/.test(text), JSON.stringify(text));
      assert.equal(eightBit, text.includes("é"));
      if (clean) assert.equal(Buffer.concat([...octetBlocks(Buffer.from(text))]).toString(), text);
    }),
  );
});
