import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { LARGEST_BODY } from "../../../functions/runtime/body.ts";
import { MAX_JSON_MAIL_BYTES, MAX_RECIPIENTS, MAX_RECIPIENTS_BYTES } from "../../../functions/submission/limits.ts";
import { fitsRequest, mailRequest } from "../../../functions/submission/mail-request.ts";
import { longAddresses } from "../../builders/raw-mail.ts";

const MANY = longAddresses(MAX_RECIPIENTS);
const textOf = (body: Iterable<Uint8Array>): string => Buffer.concat([...body]).toString();

describe("the request that hands a mail to Relais", () => {
  it("is the mail's bytes, with its recipients in a header", () => {
    const parts = [Buffer.from("a"), Buffer.from("b")];
    const { query, headers, body } = mailRequest({ server: "A & B", recipients: ["j\u00f6rg@example.org"], parts });
    assert.deepEqual([query, body], ["?server=A%20%26%20B", parts]);
    assert.equal(headers["content-type"], "message/rfc822");
    assert.equal(Buffer.from(headers["relais-recipients"] ?? "", "latin1").toString(), "j\u00f6rg@example.org");
  });

  it("is JSON that says the same if the header would be long, however the mail is cut into parts", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 });
    fc.assert(
      fc.property(parts, fc.constantFrom(null, 'A "quoted" one'), (pieces, server) => {
        const sent = { server, recipients: MANY, parts: pieces.map((piece) => Buffer.from(piece)) };
        const { query, headers, body } = mailRequest(sent);
        assert.deepEqual([query, headers], ["", { "content-type": "application/json" }]);
        const raw = Buffer.concat(pieces).toString("base64");
        assert.deepEqual(JSON.parse(textOf(body)), {
          raw,
          envelope: { to: MANY },
          ...(server === null ? {} : { server }),
        });
        assert.equal(textOf(body), textOf(body), "it can be read again");
      }),
      { numRuns: 60 },
    );
  });

  it("has the size that Relais takes in either form, up to the largest mail in JSON", () => {
    const formOf = (bytes: number, recipients = MANY) =>
      mailRequest({ server: "x".repeat(200), recipients, parts: [Buffer.alloc(bytes)] });
    const largest = formOf(MAX_JSON_MAIL_BYTES);
    assert.equal(largest.headers["content-type"], "application/json");
    assert.ok([...largest.body].reduce((sum, { length }) => sum + length, 0) <= LARGEST_BODY);
    assert.equal(formOf(MAX_JSON_MAIL_BYTES + 1, longAddresses(40)).headers["content-type"], "message/rfc822");
  });

  it("cannot be made for a larger mail if its recipients exceed a header", () => {
    const fitting = Math.floor(MAX_RECIPIENTS_BYTES / 256);
    assert.ok(fitsRequest(MAX_JSON_MAIL_BYTES, MANY));
    assert.ok(fitsRequest(MAX_JSON_MAIL_BYTES + 1, longAddresses(fitting)));
    assert.ok(!fitsRequest(MAX_JSON_MAIL_BYTES + 1, longAddresses(fitting + 1)));
  });
});
