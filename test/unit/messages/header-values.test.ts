import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import PostalMime, { decodeWords } from "postal-mime";
import { encodeWords, decodeWords as ourDecoding } from "../../../functions/domain/messages/accept/encoded-words.ts";
import { headerTokens } from "../../../functions/domain/messages/accept/header-tokens.ts";
import {
  assertFitForTheWire,
  compose,
  composedFrom,
  header,
  rawPart,
  refusedAt,
} from "../../builders/composed-mail.ts";

const written = async (name: string, value: string): Promise<string> => {
  const raw = await composedFrom({ headers: { [name]: value } });
  assertFitForTheWire(raw);
  const found = rawPart(raw.toString("latin1")).headers[name.toLowerCase()];
  assert.ok(found !== undefined, `${name} is missing`);
  return found;
};

suite("A header with a structure", () => {
  /** The header as given, what remains in clear text, and what readers see. */
  const STRUCTURED = [
    [
      "List-ID",
      '"Nouvelles d\'été" <nouvelles.example.com>',
      "<nouvelles.example.com>",
      "Nouvelles d'été <nouvelles.example.com>",
    ],
    ["List-Id", "Été<a.example.com>", "<a.example.com>", "Été <a.example.com>"],
    ["Disposition-Notification-To", "Noé Léger <ada@example.com>", "<ada@example.com>", "Noé Léger <ada@example.com>"],
    [
      "Disposition-Notification-To",
      "Ada <ada@example.com>, Noé <n@example.com>",
      "Ada <ada@example.com>,",
      "Ada <ada@example.com>, Noé <n@example.com>",
    ],
    ["Errors-To", "ada@example.com (Noé)", "ada@example.com (", "ada@example.com (Noé)"],
    ["X-Reply-To", "=?utf-8?q?No=C3=A9?= <ada@example.com>", "<ada@example.com>", "Noé <ada@example.com>"],
    ["X-Reply-To", '"=?utf-8?q?No=C3=A9?=" <ada@example.com>', "<ada@example.com>", "Noé <ada@example.com>"],
    [
      "List-Help",
      "<https://example.com/aide> (à l'aide)",
      "<https://example.com/aide> (",
      "<https://example.com/aide> (à l'aide)",
    ],
    ["List-Post", "NO (fermée)", "NO (", "NO (fermée)"],
    [
      "List-Owner",
      "<mailto:a@example.com?subject=x>, <https://b.example> (é)",
      "<mailto:a@example.com?subject=x>, <https://b.example>",
      null,
    ],
    ["X-Voir", "été : https://example.com/a?b=c, merci à tous", "https://example.com/a?b=c", null],
    [
      "X-Link",
      "https://exämple.com/été",
      "https://xn--exmple-cua.com/%C3%A9t%C3%A9",
      "https://xn--exmple-cua.com/%C3%A9t%C3%A9",
    ],
    ["X-Copy-Of", "<ada@exämple.com> é", "<ada@xn--exmple-cua.com>", null],
    ["List-Id", "É <liste.exämple.com>", "<liste.xn--exmple-cua.com>", null],
    ["X-Original-Id", "Été <abc.def@host>", "<abc.def@host>", "Été <abc.def@host>"],
    ["X-Entity", "écrire à ada@example.com.", "ada@example.com", null],
  ] as const;
  for (const [name, value, clear, seen] of STRUCTURED) {
    test(`keeps it: ${name}: ${value}`, async () => {
      const found = await written(name, value);
      assert.ok(found.includes(clear), found);
      if (seen !== null) assert.equal(decodeWords(found), seen);
      // RFC 2047 §5 (3): never within quotes or angle brackets.
      assert.doesNotMatch(found, /"[^"]*=\?|<[^>]*=\?/);
    });
  }

  const UNSAYABLE = [
    ["Disposition-Notification-To", "Noé <noé@example.com>"],
    ["X-Reply-To", "josé@example.com"],
    ["Auto-Submitted", "générée"],
    ["Precedence", "élevée"],
    ["List-Unsubscribe", "désabonnement <https://example.com>"],
    ["X-File", '<a@b.c>; name="été.pdf"'],
    ["List-Id", `É <${"a".repeat(950)}>`],
    ["List-Id", "É <pas un lien é>"],
  ] as const;
  for (const [name, value] of UNSAYABLE) {
    test(`is refused if it cannot be expressed: ${name}: ${value.slice(0, 60)}`, () => {
      assert.deepEqual(refusedAt({ headers: { [name]: value } }), [`/headers/${name}`]);
    });
  }

  test("keeps the same address and URL whatever the phrases around it", async () => {
    const phrase = fc.string({ unit: fc.constantFrom("a", "é", "千", " ", "'", "👩", "!"), maxLength: 30 });
    const link = fc.constantFrom("ada@example.com", "https://example.com/a?b=(c),d", "liste.example.com", "x1@host");
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(phrase, link), { minLength: 1, maxLength: 4 }), async (entries) => {
        const value = entries.map(([text, address]) => `${text} <${address}>`).join(", ");
        const found = await written("X-Structured-To", value);
        assert.deepEqual(
          found.match(/<[^>]*>/g),
          entries.map(([, address]) => `<${address}>`),
        );
      }),
      { numRuns: 200 },
    );
  });

  test("is encoded as a whole if it is free text, and is read back unchanged", async () => {
    for (const value of [
      "Besançon, à côté de l’eau",
      'il a dit "été"',
      "a @ b é",
      "5 < 6 été > 3",
      "é".repeat(900),
      "w".repeat(998),
    ]) {
      assert.equal(decodeWords(await written("X-Text", value)), value);
    }
  });
});

const HIDDEN_LINES = [
  "=?utf-8?q?Ada=0d=0aBcc:_intrus=40example.org?=",
  "=?utf-8?q?=0D=0A?=",
  "=?UTF-8*fr?Q?a=0Ab?=",
  "=?utf-8?b?QQ0KQg==?=",
  "=?utf-8?q?=0D?= =?utf-8?q?=0A?=",
  "=?iso-8859-1?Q?=0a?=",
  "=?utf-16le?b?DQAKAA==?=",
  "=?utf-8?q?=00?=",
  "=?utf-8?q?=3D=3Futf-8=3Fq=3F=3D0D=3D0A=3F=3D?=",
  "x=?utf-8?q?a b=0a?=y",
  "=?utf-8?q?=E2=80=A8?=",
];

suite("Names, subjects and everything else that becomes a header", () => {
  for (const hidden of HIDDEN_LINES) {
    test(`are refused if they hide a line end: ${hidden}`, () => {
      const address = "ada@example.com";
      assert.deepEqual(refusedAt({ from: { name: hidden, address } }), ["/from"]);
      assert.deepEqual(refusedAt({ to: [{ name: hidden, address }] }), ["/to/0"]);
      assert.deepEqual(refusedAt({ cc: `"${hidden}" <${address}>` }), ["/cc"]);
      assert.deepEqual(refusedAt({ replyTo: { name: `a ${hidden} b`, address } }), ["/replyTo"]);
      assert.deepEqual(refusedAt({ subject: `Re: ${hidden}` }), ["/subject"]);
      assert.deepEqual(refusedAt({ headers: { "X-A": hidden } }), ["/headers/X-A"]);
      assert.deepEqual(refusedAt({ headers: { "X-A": `${hidden} <a@b.org>` } }), ["/headers/X-A"]);
      assert.deepEqual(refusedAt({ icalEvent: { content: "x", filename: hidden } }), ["/icalEvent/filename"]);
      const file = (members: Record<string, unknown>) => refusedAt({ attachments: [{ content: "", ...members }] });
      assert.deepEqual(file({ filename: hidden }), ["/attachments/0/filename"]);
      assert.deepEqual(file({ contentType: `text/plain; x="${hidden}"` }), ["/attachments/0/contentType"]);
      if (!hidden.includes(" ")) assert.deepEqual(file({ cid: hidden }), ["/attachments/0/cid"]);
    });
  }

  test("are refused with literal control characters, even in a parameter", () => {
    const file = (members: Record<string, unknown>) => refusedAt({ attachments: [{ content: "", ...members }] });
    for (const control of ["\r", "\n", "\r\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\t"]) {
      assert.deepEqual(file({ contentType: `text/plain; x="a${control}b"` }), ["/attachments/0/contentType"]);
      assert.deepEqual(file({ filename: `a${control}b` }), ["/attachments/0/filename"]);
      assert.deepEqual(file({ cid: `a${control}b` }), ["/attachments/0/cid"]);
      assert.deepEqual(refusedAt({ icalEvent: { content: "x", filename: `a${control}b` } }), ["/icalEvent/filename"]);
    }
    for (const escaped of ["%0D%0A", "%0a", "%00", "%7F"]) {
      assert.deepEqual(file({ contentType: `text/plain; x*=utf-8''a${escaped}b` }), ["/attachments/0/contentType"]);
    }
  });

  test("may be encoded words of any charset, split anywhere, and are sent as what they say", async () => {
    for (const [given, seen] of [
      ["=?utf-8?b?Tm/DqSBMw6lnZXI=?=", "Noé Léger"],
      ["=?ISO-8859-1?Q?No=E9_L=E9ger?=", "Noé Léger"],
      ["=?windows-1252?q?l=92=E9t=E9?=", "l’été"],
      ["=?koi8-r?b?8NLJ18XU?=", "Привет"],
      ["=?iso-2022-jp?B?GyRCRnxLXBsoQg==?=", "日本"],
      ["=?utf-8?b?Tm/D?= =?UTF-8?b?qQ==?=", "Noé"],
      ["=?utf-8?q?No=C3=A9?= (x) =?utf-8?q?L?=", "Noé (x) L"],
      ["=?utf-8*fr?q?No=C3=A9?=", "Noé"],
      ["=?utf-8?q?=3D=3Futf-8=3Fq=3FNo=3DC3=3DA9=3F=3D?=", "Noé"],
      ["=?utf-8?q?plain?=", "plain"],
    ] as const) {
      const raw = await composedFrom({ from: { name: given, address: "ada@example.com" }, subject: `Re: ${given}` });
      assertFitForTheWire(raw);
      const mail = await PostalMime.parse(raw);
      assert.equal(mail.from?.name, seen);
      assert.equal(mail.subject, `Re: ${seen}`);
    }
  });

  test("are refused if an encoded word cannot be decoded", () => {
    for (const word of ["=?x-unknown?q?a?=", "=?utf-8?q?=E9?=", "=?utf-8?b?!?=", "=?utf-7?q?+AOk-?="]) {
      assert.deepEqual(refusedAt({ subject: word }), ["/subject"]);
      assert.deepEqual(refusedAt({ to: [{ name: word, address: "b@y.org" }] }), ["/to/0"]);
    }
  });

  test("that only resemble encoded words are kept as they are", async () => {
    for (const name of ["=?utf-8?q?abc", "a =? b ?= c", "=?utf-8?x?abc?=", "?q?"]) {
      const raw = await composedFrom({ from: { name, address: "ada@example.com" }, subject: name });
      assertFitForTheWire(raw);
      const mail = await PostalMime.parse(raw);
      assert.equal(mail.from?.name, name);
      assert.equal(mail.subject, name);
    }
  });

  test("an address is invalid if readers would decode it", () => {
    assert.deepEqual(refusedAt({ to: ["=?utf-8?q?=0d=0a?=@example.org"] }), ["/to/0"]);
  });

  test("that an earlier release accepted are sent without what readers would decode", async () => {
    const name = "=?utf-8?q?Ada=0d=0aBcc:_x=40y.org?=";
    const raw = await compose({
      from: { name, address: "ada@example.com" },
      subject: name,
      headers: { "X-A": name, "List-Id": "é <é é>", "X-B": "josé@example.com" },
      attachments: [{ filename: name, content: "", contentType: null, cid: null }],
    });
    assertFitForTheWire(raw);
    const mail = await PostalMime.parse(raw);
    assert.doesNotMatch(mail.from?.name ?? "\n", /[\r\n]/);
    assert.equal(mail.subject, name);
    assert.equal(decodeWords(header(mail, "X-B") ?? ""), "josé@example.com");
  });
});

test("a header's first encoded word is on the same line as its name", async () => {
  for (const value of ["é".repeat(998), "千".repeat(998), "aé ".repeat(300), "👩‍👩‍👧".repeat(50)]) {
    const raw = (await composedFrom({ subject: value, headers: { "X-Some-Header": value } })).toString();
    assert.match(raw, /^Subject: =\?UTF-8/m);
    assert.match(raw, /^X-Some-Header: =\?UTF-8/m);
    for (const line of raw.split("\r\n")) assert.ok(line.length <= 76);
  }
});

test("any text survives encoding, in words of at most 75 characters", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", minLength: 1, maxLength: 200 }), (text) => {
      fc.pre(text.isWellFormed());
      const words = encodeWords(text);
      assert.ok(words.split(" ").every((word) => word.length <= 75 && /^[!-~]+$/.test(word)));
      if (!text.includes("=?")) assert.equal(ourDecoding(words), text);
      assert.equal(decodeWords(words), text);
    }),
  );
});

test("a value of any length is read in time proportional to its length", () => {
  for (const piece of [
    '"\\',
    "(",
    "<",
    '"',
    "(\\",
    "a@",
    "a@b.",
    "=?a?q?",
    "=?",
    "https://a,",
    "mailto:",
    ",",
    'a<b(c"d',
    "http:",
  ]) {
    for (const end of ["", "x", "é", '"', ")"]) headerTokens(`https://x${piece.repeat(30_000)}${end}`);
    ourDecoding(piece.repeat(30_000));
  }
});
