import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import {
  assertFitForTheWire,
  base64,
  composedFrom,
  leaves,
  type RawPart,
  rawPart,
} from "../../builders/composed-mail.ts";

const attached = async (
  attachment: Record<string, unknown>,
  { sevenBit = false, members = {} }: { sevenBit?: boolean; members?: Record<string, unknown> } = {},
): Promise<RawPart> => {
  const raw = await composedFrom({ attachments: [attachment], ...members }, sevenBit);
  assertFitForTheWire(raw);
  const part = leaves(raw).find(({ headers }) => headers["content-disposition"] !== undefined);
  assert.ok(part);
  return part;
};
const encodingOf = (part: RawPart): string | undefined => part.headers["content-transfer-encoding"];
const octets = (text: string): string => Buffer.from(text).toString("latin1");
const LINES = "Subject: x\r\n\r\n.\r\nFrom here\r\n\r\n";

/** The ways to declare that a file is a mail. */
const SOURCES: readonly Record<string, unknown>[] = [
  { contentType: "message/rfc822" },
  { contentType: "Message/RFC822", filename: "mail.bin" },
  { contentType: 'message/rfc822; charset=utf-8; name="old.eml"', filename: "a" },
  { contentType: "message/delivery-status", filename: "report.txt" },
  { contentType: "message/global", filename: "" },
  ...["a.eml", "A.EML", "été.Eml", "a.b.mht", "page.mhtml", "news.nws", "x.mime", "eml", "a.eml "].map((filename) => ({
    filename,
  })),
];

suite("An attached mail", () => {
  for (const source of SOURCES) {
    const named = JSON.stringify(source);
    test(`is written as lines, never in base64: ${named}`, async () => {
      for (const [encoding, content, lines] of [
        ["7bit", LINES, LINES],
        ["7bit", LINES.replaceAll("\r\n", "\n"), LINES],
        ["7bit", "Subject: mixed\n\r\n\nx", "Subject: mixed\r\n\r\n\r\nx"],
        ["8bit", "Subject: x\r\n\r\nPrêt à signer\r\n", "Subject: x\r\n\r\nPrêt à signer\r\n"],
        ["8bit", "Subject: x\n\n日本\n", "Subject: x\r\n\r\n日本\r\n"],
        ["7bit", `Subject: x\r\n\r\n${"y".repeat(998)}\r\n`, `Subject: x\r\n\r\n${"y".repeat(998)}\r\n`],
      ] as const) {
        const part = await attached({ ...source, content: base64(content) });
        assert.match(part.headers["content-type"] ?? "", /^message\//i);
        assert.equal(encodingOf(part), encoding);
        assert.equal(part.body, octets(lines));
        assert.match(part.headers["content-disposition"] ?? "", /^attachment; filename/);
      }
    });

    test(`is written as a file, byte for byte, if it is not made of lines: ${named}`, async () => {
      const files = [`x\n${"y".repeat(999)}\n`, "a CR\ralone", "nul\0\r\n", "ends in\r", "\r", "é".repeat(500)];
      for (const content of files) {
        const part = await attached({ ...source, content: base64(content) });
        assert.match(part.headers["content-type"] ?? "", /^application\/octet-stream/);
        assert.equal(encodingOf(part), "base64");
        assert.equal(Buffer.from(part.body, "base64").toString(), content);
        assert.match(part.headers["content-disposition"] ?? "", /^attachment; filename/);
      }
    });
  }

  test("keeps any mix of lines and binary data", async () => {
    const piece = fc.constantFrom("\r\n", "\n", "\r", "\0", "a", ".", "From ", "é", "y".repeat(997), " ", "--");
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 12 }), fc.boolean(), async (pieces, sevenBit) => {
        const content = pieces.join("");
        const part = await attached({ filename: "a.eml", content: base64(content) }, { sevenBit });
        const lines = content.replaceAll("\r\n", "\n").split("\n");
        const isLines = !/[\r\0]/.test(lines.join("")) && lines.every((line) => Buffer.byteLength(line) <= 998);
        const eightBit = content.includes("é");
        if (!isLines || (eightBit && sevenBit)) {
          assert.equal(Buffer.from(part.body, "base64").toString(), content);
        } else {
          assert.equal(encodingOf(part), eightBit ? "8bit" : "7bit");
          assert.equal(part.body.replace(/\r\n$/, ""), octets(lines.join("\r\n")).replace(/\r\n$/, ""));
        }
      }),
      { numRuns: 300 },
    );
  });

  test("declares 8bit on every multipart that holds octets beyond ASCII, and on no other", async () => {
    for (const [content, expected] of [
      ["Subject: é\r\n", "8bit"],
      ["Subject: e\r\n", undefined],
    ] as const) {
      const raw = await composedFrom({ attachments: [{ filename: "a.eml", content: base64(content) }] });
      assert.equal(encodingOf(rawPart(raw.toString("latin1"))), expected);
    }
  });

  test("becomes a file if it has 8-bit content and its type, or a server without 8BITMIME, allows only 7 bits", async () => {
    const content = base64("Subject: é\r\n");
    for (const contentType of ["message/partial; id=x; number=1", "message/external-body"]) {
      assert.equal(encodingOf(await attached({ contentType, content })), "base64");
    }
    assert.equal(encodingOf(await attached({ filename: "a.eml", content }, { sevenBit: true })), "base64");
    assert.equal(encodingOf(await attached({ filename: "a.eml", content: base64(LINES) }, { sevenBit: true })), "7bit");
  });

  test("is not an inline image, even if it has a content id", async () => {
    const part = await attached(
      { filename: "a.eml", content: base64(LINES), cid: "x@y" },
      { members: { html: "<p>x</p>" } },
    );
    assert.match(part.headers["content-disposition"] ?? "", /^attachment/);
    assert.equal(part.headers["content-id"], "<x@y>");
  });
});

test("a file whose suffix nodemailer takes for a multipart is written as a file", async () => {
  const part = await attached({ filename: "data.gzip", content: base64("x") });
  assert.match(part.headers["content-type"] ?? "", /^application\/octet-stream/);
  assert.equal(part.body, "eA==");
});
