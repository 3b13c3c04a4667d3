import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { decodedLength } from "../../../functions/domain/messages/accept/attachment-input.ts";
import {
  HTTP_SIZE_LIMIT,
  type MessageInput,
  parseMessage,
} from "../../../functions/domain/messages/accept/message-input.ts";
import { type Json, pointerExists, variationsOf } from "../../builders/hostile-input.ts";
import { simpleMessage } from "../../builders/messages.ts";

const parse = (json: unknown) => parseMessage(json, { sizeLimit: HTTP_SIZE_LIMIT });

const parsed = (json: unknown): MessageInput => {
  const result = parse(json);
  // What is accepted may be large, and is no message.
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result));
  return result.value;
};

/** The places for which a message is refused. */
const refusedAt = (changes: Record<string, unknown>): readonly string[] => {
  const result = parse({ ...simpleMessage, ...changes });
  assert.ok(!result.ok, `accepted ${Object.keys(changes)}`);
  assert.equal(result.problem.code, "invalid_request");
  return "fields" in result.problem ? result.problem.fields.map(({ path }) => path) : [];
};

const FULL: Json = {
  server: "Facturation",
  from: { name: "Ada", address: "ada@example.com" },
  to: ["b@example.org", { name: "Bo", address: "bo@example.org" }],
  cc: "c@example.org, D <d@example.org>",
  bcc: [],
  replyTo: "r@example.org",
  subject: "Été 🌞 שלום",
  text: "Bonjour",
  html: "<p>Bonjour</p>",
  attachments: [{ filename: "a.pdf", content: "QUJD", contentType: "application/pdf", cid: "one@relais" }],
  headers: { "X-Order": "42" },
  inReplyTo: "<a@example.org>",
  references: ["<a@example.org>", "<b@example.org>"],
  listUnsubscribe: { url: "https://example.com/u?x=1", oneClick: true },
  scheduledAt: "2026-12-24T18:00:00+01:00",
  expiresAt: "2026-12-25T18:00:00Z",
  tags: { kind: "invoice" },
  onUnknown: "resend",
  dryRun: false,
};

suite("What a message may say", () => {
  test("everything in the API's description is read", () => {
    const input = parsed(FULL);
    assert.deepEqual(input.recipients, ["b@example.org", "bo@example.org", "c@example.org", "d@example.org"]);
    assert.deepEqual(input.content.cc[1], { name: "D", address: "d@example.org" });
    assert.equal(input.scheduledAtMs, Date.parse("2026-12-24T17:00:00Z"));
    assert.equal(input.sizeBytes, Buffer.byteLength("Bonjour<p>Bonjour</p>") + 3);
    assert.deepEqual(input.content.listUnsubscribe, { url: "https://example.com/u?x=1", oneClick: true });
    assert.equal(input.onUnknown, "resend");
  });

  test("optional members may be absent", () => {
    const input = parsed({ to: "b@example.org", text: "" });
    assert.equal(input.server, null);
    assert.equal(input.from, null);
    assert.equal(input.content.subject, "");
    assert.equal(input.onUnknown, "hold");
  });

  test("each recipient counts once, in whatever field or case", () => {
    const input = parsed({ ...simpleMessage, to: ["A@example.org", "a@EXAMPLE.org"], bcc: "a@example.org" });
    assert.deepEqual(input.recipients, ["A@example.org"]);
    const hundred = Array.from({ length: 100 }, (_, at) => `r${at}@example.org`);
    assert.equal(parsed({ ...simpleMessage, to: hundred, cc: hundred }).recipients.length, 100);
    assert.deepEqual(refusedAt({ to: [...hundred, "one.more@example.org"] }), ["/to"]);
  });

  test("a domain beyond ASCII is stored in ASCII", () => {
    assert.deepEqual(parsed({ ...simpleMessage, to: "ü@bücher.example" }).recipients, ["ü@xn--bcher-kva.example"]);
  });

  test("a time may omit its seconds and shorten its offset, as ISO 8601 allows", () => {
    const expected = Date.parse("2026-12-24T17:30:00Z");
    for (const time of [
      "2026-12-24T18:30:00+01:00",
      "2026-12-24T18:30+01:00",
      "2026-12-24T18:30:00.000000+0100",
      "2026-12-24T18:30+01",
      "2026-12-24T17:30Z",
      "2026-12-24t17:30:00z",
    ]) {
      assert.equal(parsed({ ...simpleMessage, scheduledAt: time }).scheduledAtMs, expected, time);
    }
  });

  test("a tag may have a name in any script", () => {
    const tags = { clé: "facture", _kind: "", "two words": "x" };
    assert.deepEqual(parsed({ ...simpleMessage, tags }).tags, tags);
  });
});

suite("What a message may not say", () => {
  const refusals: readonly (readonly [string, Record<string, unknown>, string])[] = [
    ["an unknown member", { sujet: "x" }, "/sujet"],
    ["a member named __proto__", JSON.parse('{"__proto__":{"text":"x"}}'), "/__proto__"],
    ["no recipient", { to: [] }, "/to"],
    ["no text and no html", { text: undefined }, "/text"],
    ["null for an absent member", { cc: null }, "/cc"],
    ["an address that is none", { to: ["b@example.org", "b"] }, "/to/1"],
    ["an address with a line break", { to: "b@example.org\r\nBcc: x@example.org" }, "/to"],
    ["two dots in a row", { to: "b..c@example.org" }, "/to"],
    ["a dot before the @", { to: ["b.@example.org"] }, "/to/0"],
    ["a name with a line break", { from: { name: "Ada\r\nBcc: x@y.org", address: "ada@example.com" } }, "/from"],
    ["two senders", { from: "a@example.com, b@example.com" }, "/from"],
    ["an unknown member of an address", { from: { address: "a@example.com", group: [] } }, "/from"],
    ["a subject with a line break", { subject: "a\r\nBcc: x@example.org" }, "/subject"],
    ["a subject with a line separator", { subject: "a\u2028b" }, "/subject"],
    ["a subject with NUL", { subject: "a\u0000b" }, "/subject"],
    ["half a surrogate pair", { text: "\ud800" }, "/text"],
    ["a file path", { attachments: [{ content: "", path: "/etc/passwd" }] }, "/attachments/0/path"],
    ["a file URL", { attachments: [{ content: "", href: "https://example.com/a" }] }, "/attachments/0/href"],
    ["a raw part", { attachments: [{ content: "QUJD", raw: "x" }] }, "/attachments/0/raw"],
    [
      "a file name with a line break",
      { attachments: [{ content: "", filename: "a\r\nb" }] },
      "/attachments/0/filename",
    ],
    ["base64 with line breaks", { attachments: [{ content: "QUJD\nQUJD" }] }, "/attachments/0/content"],
    ["base64 without padding", { attachments: [{ content: "QQ" }] }, "/attachments/0/content"],
    ["base64url", { attachments: [{ content: "QU-_" }] }, "/attachments/0/content"],
    ["an attachment without content", { attachments: [{ filename: "a" }] }, "/attachments/0/content"],
    ["a multipart", { attachments: [{ content: "", contentType: "multipart/mixed" }] }, "/attachments/0/contentType"],
    [
      "a media type with a line break",
      { attachments: [{ content: "", contentType: "a/b\r\nX: y" }] },
      "/attachments/0/contentType",
    ],
    ["a content id in brackets", { attachments: [{ content: "", cid: "<a>" }] }, "/attachments/0/cid"],
    ["a header of two lines", { headers: { "X-A": "b\r\nBcc: x@example.org" } }, "/headers/X-A"],
    ["a header name with a colon", { headers: { "X-A: b\r\nX-C": "d" } }, "/headers/X-A: b\r\nX-C"],
    ["a header __proto__", { headers: JSON.parse('{"__proto__":"x"}') }, "/headers/__proto__"],
    ["a header that is no string", { headers: { "X-A": 1 } }, "/headers/X-A"],
    ["a header given twice", { headers: { "X-A": "1", "x-a": "2" } }, "/headers/x-a"],
    ["a header that is too long", { headers: { "X-A": "a".repeat(999) } }, "/headers/X-A"],
    ...[
      "From",
      "to",
      "CC",
      "Bcc",
      "Message-ID",
      "Date",
      "MIME-Version",
      "Content-Type",
      "DKIM-Signature",
      "Sender",
    ].map((name) => [`the header ${name}`, { headers: { [name]: "x" } }, `/headers/${name}`] as const),
    ["a message id that is no text", { inReplyTo: 1 }, "/inReplyTo"],
    ["references of two lines", { references: ["<a@b.org>\r\n<c@d.org>"] }, "/references/0"],
    [
      "an unsubscribe link that is no https",
      { listUnsubscribe: { url: "http://example.com" } },
      "/listUnsubscribe/url",
    ],
    [
      "an unsubscribe link that runs a script",
      { listUnsubscribe: { url: "javascript:alert(1)" } },
      "/listUnsubscribe/url",
    ],
    ["a time without an offset", { scheduledAt: "2026-12-24T18:00:00" }, "/scheduledAt"],
    ["a time without a date", { scheduledAt: "18:00Z" }, "/scheduledAt"],
    ["a time as a number", { scheduledAt: 1_798_135_200 }, "/scheduledAt"],
    ["an hour that is none", { scheduledAt: "2026-12-24T25:00Z" }, "/scheduledAt"],
    ["a day that is none", { expiresAt: "2026-02-30T18:00:00Z" }, "/expiresAt"],
    ["a tag that is no string", { tags: { kind: 1 } }, "/tags/kind"],
    ["a tag __proto__", { tags: JSON.parse('{"__proto__":"x"}') }, "/tags/__proto__"],
    ["another word for onUnknown", { onUnknown: "drop" }, "/onUnknown"],
  ];
  for (const [what, changes, path] of refusals) {
    test(what, () => assert.deepEqual(refusedAt(changes), [path]));
  }

  test("a List-Unsubscribe header beside listUnsubscribe, even if each alone is valid", () => {
    const headers = { "List-Unsubscribe": "<mailto:u@example.com>" };
    parsed({ ...simpleMessage, headers });
    assert.deepEqual(refusedAt({ headers, listUnsubscribe: { url: "https://example.com" } }), [
      "/headers/List-Unsubscribe",
    ]);
  });

  test("an unsubscribe link cannot break out of its angle brackets", () => {
    const url = "https://example.com/a?b=<c> ,d>";
    assert.doesNotMatch(
      parsed({ ...simpleMessage, listUnsubscribe: { url } }).content.listUnsubscribe?.url ?? ">",
      /[<> ]/,
    );
  });

  test("places are named from where the message stands in the request", () => {
    const result = parseMessage({ to: "b" }, { sizeLimit: HTTP_SIZE_LIMIT, at: ["items", 3] });
    assert.ok(!result.ok && "fields" in result.problem);
    assert.deepEqual(
      result.problem.fields.map(({ path }) => path),
      ["/items/3/to"],
    );
  });
});

suite("How large a message may be", () => {
  const withBytes = (count: number) => ({
    ...simpleMessage,
    text: "é",
    attachments: [{ content: Buffer.alloc(count - 2, 7).toString("base64") }],
  });

  test("24,000,000 bytes of attachments and text are accepted, and one more is too large", () => {
    assert.equal(parsed(withBytes(HTTP_SIZE_LIMIT)).sizeBytes, HTTP_SIZE_LIMIT);
    const result = parse(withBytes(HTTP_SIZE_LIMIT + 1));
    assert.equal(result.ok ? "accepted" : result.problem.code, "message_too_large");
  });

  test("a million recipients, attachments or unknown members cause a single problem", () => {
    const many = new Array<number>(1_000_000).fill(0);
    // Made once, since objects of so many members take longest.
    const members = Object.fromEntries(many.slice(0, 200_000).map((_, at) => [`X-${at}`, ""]));
    assert.deepEqual(refusedAt({ to: many }), ["/to"]);
    assert.deepEqual(refusedAt({ attachments: many }), ["/attachments"]);
    assert.deepEqual(refusedAt({ to: ",".repeat(5_000_000) }), ["/to"]);
    assert.deepEqual(refusedAt({ headers: members }), ["/headers"]);
    assert.deepEqual(refusedAt({ attachments: [members] }), ["/attachments/0"]);
    const result = parse(members);
    assert.ok(!result.ok && "fields" in result.problem && result.problem.fields.length === 1);
  });

  test("base64 is measured without decoding it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 50 }), (bytes) => {
        assert.equal(decodedLength(Buffer.from(bytes).toString("base64")), bytes.length);
      }),
    );
    for (const text of ["=", "====", "A===", "QQ=A", "QQ==QQ==", "QUJ=D", "QU D"])
      assert.equal(decodedLength(text), null, text);
  });
});

test("no input makes it throw, and every place that it names exists or is missing there", () => {
  fc.assert(
    fc.property(variationsOf(FULL), (body) => {
      const result = parse(body);
      if (result.ok || !("fields" in result.problem)) return;
      assert.ok(result.problem.fields.length > 0);
      for (const { path, message } of result.problem.fields) {
        // The message is written out only for a failure.
        if (!pointerExists(body, path)) assert.fail(`${path} in ${JSON.stringify(body).slice(0, 500)}`);
        assert.notEqual(message, "");
      }
    }),
    { numRuns: 500 },
  );
});

test("an accepted message never has a line break in a header", () => {
  const hostile = fc.string({
    unit: fc.constantFrom("a", "@", ".", "<", ">", '"', "\\", ",", " ", "\r", "\n", "\0", "\u2028", "é"),
  });
  fc.assert(
    fc.property(hostile, hostile, (name, value) => {
      const result = parse({
        ...simpleMessage,
        from: value,
        to: [`${name} <b@example.org>`],
        headers: { "X-A": value },
      });
      if (!result.ok) return;
      const { from, content } = result.value;
      const lines = [from?.name, from?.address, content.to[0]?.name, content.to[0]?.address, content.headers["X-A"]];
      for (const line of lines) assert.doesNotMatch(line ?? "", /[\r\n\0\u2028]/);
    }),
    { numRuns: 500 },
  );
});
