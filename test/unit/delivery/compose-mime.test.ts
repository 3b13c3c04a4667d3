import assert from "node:assert/strict";
import { test } from "node:test";
import PostalMime, { decodeWords } from "postal-mime";
import { base64, compose, header, parse } from "../../builders/composed-mail.ts";

/** The parser ends some texts in a line end of its own. */
const bare = (text: string | undefined): string => (text ?? "").replaceAll("\r\n", "\n").replace(/\n$/, "");
const sameText = (found: string | undefined, text: string): void => {
  if (found?.replaceAll("\r\n", "\n") !== text) assert.equal(bare(found), text);
};

test("the same message gives the same bytes, and another one gives other boundaries", async () => {
  const changes = { html: "<p>x</p>" };
  assert.deepEqual(await compose(changes), await compose(changes));
  assert.notDeepEqual(await compose(changes), await compose(changes, { messageId: "<m2@example.com>" }));
});

test("every line ends in CRLF and none is longer than 998 octets", async () => {
  const raw = await compose({
    text: `${"mot ".repeat(5_000)}\n${"x".repeat(2_000_000)}\nfin`,
    html: `<p>${"é".repeat(100_000)}</p>`,
    subject: "très long ".repeat(200),
    headers: { "X-Long": "a b c ".repeat(300) },
    references: Array.from({ length: 100 }, (_, n) => `<${n}.${"r".repeat(40)}@example.com>`),
    to: Array.from({ length: 100 }, (_, n) => ({ name: `Nom ${n} “é”`, address: `r${n}@y.org` })),
  });
  const text = raw.toString("latin1");
  assert.doesNotMatch(text, /\r(?!\n)|(?<!\r)\n/);
  assert.ok(text.split("\r\n").every((line) => line.length <= 998));
});

test("a subject or header of one word as long as a line is read back unchanged, from lines that are no longer", async () => {
  const word = "w".repeat(998);
  const raw = await compose({ subject: word, headers: { "X-Long": word } });
  assert.ok(
    raw
      .toString("latin1")
      .split("\r\n")
      .every((line) => line.length <= 998),
  );
  const mail = await PostalMime.parse(raw);
  assert.equal(mail.subject, word);
  assert.equal(decodeWords(header(mail, "X-Long") ?? ""), word);
});

const TEXTS = [
  ["a line of 2 MB", "x".repeat(2_000_000)],
  ["998 characters, and 999", `${"y".repeat(998)}\n${"z".repeat(999)}`],
  ["dots at line starts", ".\n..\n.x\n"],
  ["trailing blanks and empty lines", "a  \n\n\t\nb \n\n"],
  ["emoji, right-to-left and combining signs", "👩‍👩‍👧‍👦 שלום مرحبا é\u202Ertl"],
  ["From at a line's start", "From here\n>From there"],
  ["what looks like a boundary", "----_NmP-x-Part_1\n--\n"],
  ["equals signs and soft breaks", "a=\nb=3D =\n"],
] as const;
for (const [name, text] of TEXTS) {
  test(`a text with ${name} is read back unchanged`, async () => {
    const mail = await parse({ text, html: `<pre>${text}</pre>` });
    sameText(mail.text, text);
    sameText(mail.html, `<pre>${text}</pre>`);
  });
}

test("names, subjects and addresses beyond ASCII are read back unchanged", async () => {
  const subject = "Été 😀 — facture n° 42 ".repeat(10).trim();
  const mail = await parse({
    subject,
    from: { name: 'Zoë "Z" O’Brien, fils', address: "ada@exämple.com" },
    to: [{ name: "山田 太郎", address: "b@y.org" }],
    cc: [{ name: "=?utf-8?Q?not_an_encoded_word", address: "c@y.org" }],
    replyTo: [{ name: "", address: "r@y.org" }],
  });
  assert.equal(mail.subject, subject);
  assert.equal(mail.from?.name, 'Zoë "Z" O’Brien, fils');
  assert.equal(mail.from?.address, "ada@xn--exmple-cua.com");
  assert.equal(mail.to?.[0]?.name, "山田 太郎");
  assert.equal(mail.replyTo?.[0]?.address, "r@y.org");
});

test("no header names a hidden recipient", async () => {
  const raw = await compose({ bcc: [{ name: "Hidden", address: "hidden@y.org" }] });
  assert.doesNotMatch(raw.toString(), /hidden|bcc/i);
});

test("Message-ID, Date, thread and custom headers are written as given", async () => {
  const mail = await parse({
    inReplyTo: "<p@y.org>",
    references: ["<a@y.org>", "<p@y.org>"],
    headers: { "X-Order": "42 é" },
  });
  assert.equal(mail.messageId, "<m1@example.com>");
  assert.equal(header(mail, "date"), "Sun, 22 Nov 2026 09:00:00 +0000");
  assert.equal(mail.inReplyTo, "<p@y.org>");
  assert.equal(mail.references, "<a@y.org> <p@y.org>");
  assert.equal(decodeWords(header(mail, "x-order") ?? ""), "42 é");
});

test("one-click unsubscription follows RFC 8058", async () => {
  const url = `https://example.com/${"u".repeat(200)}?a=b&c=d`;
  const raw = await compose({ listUnsubscribe: { url, oneClick: true } });
  assert.ok(raw.includes(`List-Unsubscribe: <${url}>\r\n`));
  assert.ok(raw.includes("List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n"));
  const plain = await compose({ listUnsubscribe: { url: "mailto:stop@example.com", oneClick: false } });
  assert.ok(plain.includes("List-Unsubscribe: <mailto:stop@example.com>\r\n"));
  assert.ok(!plain.includes("List-Unsubscribe-Post"));
});

test("attachments are read back byte for byte, with their names and types", async () => {
  const every = Uint8Array.from({ length: 256 }, (_, n) => n);
  const given = [
    { filename: "été 日本 «2».pdf", content: base64(every), contentType: "application/pdf", cid: null },
    { filename: 'quote".txt', content: base64("a\nb\r\nc"), contentType: "text/plain", cid: null },
    { filename: "empty.bin", content: "", contentType: null, cid: null },
    { filename: `${"n".repeat(200)}.bin`, content: base64(every), contentType: null, cid: null },
    ...Array.from({ length: 36 }, (_, n) => ({
      filename: `${n}.bin`,
      content: base64(Buffer.alloc(n * 7, n)),
      contentType: "application/octet-stream",
      cid: null,
    })),
  ];
  const mail = await parse({ attachments: given });
  assert.equal(mail.attachments.length, 40);
  for (const [n, { filename, content, contentType }] of given.entries()) {
    const found = mail.attachments[n];
    assert.equal(found?.filename, filename);
    if (contentType !== null) assert.equal(found?.mimeType, contentType);
    assert.ok(found && typeof found.content !== "string");
    assert.deepEqual(Buffer.from(new Uint8Array(found.content)), Buffer.from(content, "base64"));
  }
});

test("an inline image stands beside the HTML that shows it; alternatives and attachments are nested around it", async () => {
  const image = base64(Buffer.from([137, 80, 78, 71]));
  const mail = await parse({
    text: "logo",
    html: '<img src="cid:logo@x">',
    attachments: [
      { filename: "logo.png", content: image, contentType: "image/png", cid: "logo@x" },
      { filename: "a.csv", content: base64("a;b"), contentType: "text/csv", cid: null },
    ],
  });
  assert.equal(bare(mail.text), "logo");
  const logo = mail.attachments.find(({ filename }) => filename === "logo.png");
  assert.equal(logo?.contentId, "<logo@x>");
  assert.equal(logo?.related, true);
  assert.equal(mail.attachments.find(({ filename }) => filename === "a.csv")?.disposition, "attachment");
});

test("the content of an attachment is never taken for a path, a URL or a data URL", async () => {
  for (const content of ["/etc/passwd", "https://example.com/x", "data:text/plain,evil"]) {
    const mail = await parse({
      attachments: [{ filename: "x", content: base64(content), contentType: null, cid: null }],
    });
    const found = mail.attachments[0];
    assert.ok(found && typeof found.content !== "string");
    assert.equal(Buffer.from(new Uint8Array(found.content)).toString(), content);
  }
});
