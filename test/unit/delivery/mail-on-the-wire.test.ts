import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import PostalMime, { decodeWords } from "postal-mime";
import { HTTP_SIZE_LIMIT, parseMessage } from "../../../functions/domain/messages/accept/message-input.ts";
import { outgoingBytes } from "../../../functions/domain/messages/accept/outgoing-size.ts";
import { assertFitForTheWire, compose, leavesOf, rawPart } from "../../builders/composed-mail.ts";
import { triesOf } from "../../builders/sample.ts";

/**
 * What a caller may put into something that becomes a header: harmless letters, what ends things, what readers decode.
 */
const PIECES = [
  ..."aZ0 é千👩'\"\\()<>@,;:=?_-.\t*%&/",
  "=?utf-8?q?",
  "?=",
  "=?utf-8?b?w6k=?=",
  "=?utf-8?q?=0d=0a?=",
  "=?iso-8859-1?q?=E9?=",
  "=0D=0A",
  "%0d%0a",
  " <ada@example.com>",
  "https://example.com/é",
  "<mid.1@x>",
  "w".repeat(300),
  " ".repeat(90),
  "é".repeat(200),
];
const hostile = fc.string({ unit: fc.constantFrom(...PIECES), maxLength: 6 });
const breaking = fc.string({ unit: fc.constantFrom("a", "é", "\r", "\n", "\0", ".", "y".repeat(600)), maxLength: 8 });
const file = fc.record(
  {
    filename: fc.oneof(hostile, fc.constantFrom("a.eml", "b.MHT", "c.gzip", "")),
    content: breaking.map((text) => Buffer.from(text).toString("base64")),
    contentType: fc.oneof(
      fc.constantFrom("message/rfc822", "Message/Partial; id=x", "image/png", "text/plain"),
      hostile.map((text) => `text/plain; x="${text}"`),
    ),
    cid: fc.oneof(fc.constant("logo"), hostile),
  },
  { requiredKeys: ["content"] },
);
const mailbox = fc.record({ name: hostile, address: fc.constantFrom("ada@example.com", "b@exämple.org") });
const HEADERS = ["X-A", "List-Id", "Disposition-Notification-To", "Auto-Submitted", "List-Help"];
const mail = fc.record(
  {
    from: mailbox,
    to: fc.array(
      fc.oneof(
        mailbox,
        hostile.map((text) => `${text} <c@example.org>`),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    cc: mailbox,
    replyTo: mailbox,
    subject: hostile,
    text: breaking,
    html: breaking,
    headers: fc.dictionary(fc.constantFrom(...HEADERS), hostile, { noNullPrototype: true }),
    inReplyTo: hostile,
    references: fc.oneof(hostile, fc.array(hostile, { maxLength: 3 })),
    icalEvent: fc.record({ content: breaking, filename: hostile }, { requiredKeys: ["content"] }),
    attachments: fc.array(file, { maxLength: 3 }),
    listUnsubscribe: hostile.map((text) => ({ url: `https://example.com/${text}`, oneClick: true })),
  },
  { requiredKeys: ["to", "text"] },
);

/** Only a few members at a time, because most mails with many hostile parts are refused. */
const some = mail.chain((all) =>
  fc.subarray(Object.keys(all).filter((name) => name !== "to" && name !== "text")).map((names) => {
    const kept = new Set(["text", ...names]);
    const members = Object.fromEntries(Object.entries(all).filter(([name]) => kept.has(name)));
    return { to: names.length > 2 ? ["b@example.org"] : all.to, ...members };
  }),
);

const QUOTED = /"(?:\\.|[^"\\])*"/g;
const CONTROLS = /[\p{Cc}\u2028\u2029]/u;

test("every accepted mail consists of lines that any wire carries, with no control character in a header, even decoded", async () => {
  let taken = 0;
  const numRuns = triesOf({ few: 500, all: 1_500 });
  await fc.assert(
    fc.asyncProperty(some, fc.boolean(), async (members, sevenBit) => {
      const result = parseMessage(members, { sizeLimit: HTTP_SIZE_LIMIT });
      if (!result.ok) return;
      taken += 1;
      const { content, from, recipients } = result.value;
      const raw = await compose({ ...content, ...(from === null ? {} : { from }) }, { sevenBit });
      assertFitForTheWire(raw);
      assert.ok(raw.length <= outgoingBytes(content));
      if (sevenBit) assert.doesNotMatch(raw.toString("latin1"), /[\x80-\xff]/);

      const whole = rawPart(raw.toString("latin1"));
      for (const { headers } of [whole, ...leavesOf(whole)]) {
        for (const [name, value] of Object.entries(headers)) {
          assert.doesNotMatch(decodeWords(value), CONTROLS, name);
          // RFC 2231: parameters whose name ends in * are percent-encoded.
          const parameters = /^content-(?:type|disposition)$/.test(name) ? value.replaceAll(QUOTED, "") : "";
          assert.doesNotMatch(parameters, /\*=[^;]*%(?:[01][0-9a-f]|7f)/i, name);
        }
      }
      const read = await PostalMime.parse(raw);
      const shown = [...(read.to ?? []), ...(read.cc ?? [])].map(({ address = "" }) => address.toLowerCase());
      assert.deepEqual(new Set(shown), new Set(recipients.map((address) => address.toLowerCase())));
    }),
    { numRuns },
  );
  assert.ok(taken > numRuns / 8, `only ${taken} were accepted`);
});
