import assert from "node:assert/strict";
import { test } from "node:test";
import PostalMime from "postal-mime";
import { base64, composedFrom } from "../../builders/composed-mail.ts";

const nameOf = async (attachment: Record<string, unknown>, before = 0): Promise<string | null | undefined> => {
  const others = Array.from({ length: before }, () => ({ filename: "other.txt", content: "" }));
  const raw = await composedFrom({
    html: "<p>x</p>",
    attachments: [...others, { content: base64("x"), ...attachment }],
  });
  const mail = await PostalMime.parse(raw, { forceRfc822Attachments: true });
  return mail.attachments.find(({ filename }) => filename !== "other.txt")?.filename;
};

const TYPES = {
  "application/pdf": "pdf",
  "Application/PDF; x=1": "pdf",
  "text/calendar; method=REQUEST": "ics",
  "image/jpeg": "jpg",
  "image/heic": "heic",
  "text/plain; charset=utf-8": "txt",
  "text/markdown": "md",
  "audio/mpeg": "mp3",
  "message/rfc822": "eml",
  "application/octet-stream": "bin",
  "application/x-never-heard-of": "bin",
  "application/x-magic-cap-package-1.0": "bin",
  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "xlsx",
};

for (const [contentType, extension] of Object.entries(TYPES)) {
  test(`an attachment of ${contentType} without a name is called attachment-N.${extension}`, async () => {
    assert.equal(await nameOf({ contentType }), `attachment-1.${extension}`);
    assert.equal(await nameOf({ contentType, filename: "" }, 2), `attachment-3.${extension}`);
    for (const nothing of [null, false]) {
      assert.equal(await nameOf({ contentType, filename: nothing }), `attachment-1.${extension}`);
    }
    assert.equal(await nameOf({ contentType, cid: "x@y" }), `attachment-1.${extension}`);
  });
}

test("an attachment without name and type, or with a meaningless name, gets a name", async () => {
  for (const filename of [undefined, "", " ", "*", ".", "..", "=?utf-8?q??="]) {
    assert.equal(await nameOf(filename === undefined ? {} : { filename }), "attachment-1.bin", filename);
  }
});

test("a given name is kept, and one that is an encoded word is decoded", async () => {
  for (const filename of [
    "a",
    ".profile",
    "été 日本.pdf",
    "a*b.txt",
    `${"n".repeat(250)}.txt`,
    'q"\\.txt',
    "=?x.txt",
  ]) {
    assert.equal(await nameOf({ filename }), filename);
  }
  assert.equal(await nameOf({ filename: "=?iso-8859-1?q?=E9t=E9.pdf?=" }), "été.pdf");
});
