import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { encode } from "nodemailer/lib/qp";
import { HTTP_SIZE_LIMIT, parseMessage } from "../../../functions/domain/messages/accept/message-input.ts";
import { outgoingBytes } from "../../../functions/domain/messages/accept/outgoing-size.ts";
import { accepted, assertFitForTheWire, base64, compose, composedFrom, leaves } from "../../builders/composed-mail.ts";

/** SIZE of smtp.gmail.com. */
const GMAIL_TAKES = 35_882_577;

const decoded = ({ headers, body }: ReturnType<typeof leaves>[number]): string => {
  const bytes =
    headers["content-transfer-encoding"] === "base64"
      ? Buffer.from(body, "base64")
      : Buffer.from(
          body
            .replace(/=\r\n/g, "")
            .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16))),
          "latin1",
        );
  return bytes.toString("utf8");
};

const LETTERS = ["a", "é", "я", "千", "👩", "=", " ", "\t", "\n", "\r\n", "\r", ".", "\0", "-", "From "];
const anyText = fc.array(fc.tuple(fc.constantFrom(...LETTERS), fc.integer({ min: 1, max: 120 })), { maxLength: 12 });
const textOf = (parts: readonly (readonly [string, number])[]): string =>
  parts.map(([letter, times]) => letter.repeat(times)).join("");

suite("Text and HTML", () => {
  test("arrive unchanged, with CRLF for every line end, in lines of 76 characters", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (parts) => {
        const text = textOf(parts);
        const raw = await composedFrom({ text, html: `<pre>${text}` });
        assertFitForTheWire(raw);
        const [first, second] = leaves(raw);
        assert.ok(first && second);
        const lines = text.replaceAll(/\r\n|\r|\n/g, "\r\n");
        assert.equal(decoded(first), lines);
        assert.equal(decoded(second), `<pre>${lines}`);
        for (const line of first.body.split("\r\n")) assert.ok(line.length <= 76);
      }),
      { numRuns: 300 },
    );
  });

  test("use quoted-printable or base64, whichever is shorter", async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (parts) => {
        const text = textOf(parts);
        const [part] = leaves(await composedFrom({ text, html: "" }));
        assert.ok(part);
        const bytes = Buffer.from(text.replaceAll(/\r\n|\r|\n/g, "\r\n"));
        const inBase64 = Math.ceil(bytes.length / 3) * 4;
        assert.ok(part.body.replaceAll("\r\n", "").length <= inBase64);
        // Quoted-printable without its soft line breaks is the shortest that is possible.
        if (part.headers["content-transfer-encoding"] === "base64") assert.ok(encode(bytes).length * 1.1 >= inBase64);
      }),
      { numRuns: 200 },
    );
  });
});

const filled = (piece: string, bytes: number): string => piece.repeat(Math.floor(bytes / Buffer.byteLength(piece)));

suite("Size", () => {
  const composedLength = async (mix: string, bytes: number): Promise<number> =>
    (await composedFrom({ text: filled(mix, bytes) })).length;
  test("24,000,000 bytes of line ends, which grow most, are accepted, and Gmail takes them", async () => {
    const length = await composedLength("\n", HTTP_SIZE_LIMIT);
    assert.ok(length <= GMAIL_TAKES, `${length}`);
  });

  test("24,000,000 bytes of any other mix, here a 48th of that, are accepted too", async () => {
    for (const mix of [
      "<p>fiche 千代田</p>\n",
      "é\n",
      "=\r\n",
      "👩‍👩‍👧",
      "a\r",
      " ",
      "=\n\n",
      "\0",
      "é a\r\n",
      ".\n",
      "\t\n",
      "aé".repeat(30),
    ]) {
      const length = await composedLength(mix, HTTP_SIZE_LIMIT / 48);
      assert.ok(length <= GMAIL_TAKES / 48, `${JSON.stringify(mix)}: ${length}`);
    }
  });

  test("24,000,000 bytes are accepted however they are divided over text, HTML and a hundred files", () => {
    const file = (bytes: number) => ({ filename: "é".repeat(40), content: Buffer.alloc(bytes).toString("base64") });
    for (const [text, html, files, each] of [
      [12_000_000, 12_000_000, 0, 0],
      [9_000, 9_000, 100, 239_820],
      [10_000, 22_990_000, 100, 10_000],
      [0, 0, 100, 240_000],
    ] as const) {
      const attachments = Array.from({ length: files }, () => file(each));
      const input = accepted({ text: filled("\n", text), html: filled("é", html), attachments });
      assert.equal(input.sizeBytes, HTTP_SIZE_LIMIT);
    }
  });

  test("no mail is larger than the size that was calculated at acceptance", async () => {
    const name = fc.string({ unit: fc.constantFrom("a", "é", "千", '"', " ", "👩"), maxLength: 60 });
    const mail = fc.record({
      text: anyText.map(textOf),
      html: anyText.map(textOf),
      subject: name,
      from: fc.record({ name, address: fc.constant("ada@example.com") }),
      to: fc.array(fc.record({ name, address: fc.constant("b@example.org") }), { minLength: 1, maxLength: 20 }),
      headers: fc.record({ "X-A": name, "List-Id": name.map((text) => `${text.replaceAll('"', "")} <a.b>`) }),
      references: fc.array(fc.constantFrom("<a@b>", `<${"r".repeat(200)}@c>`), { maxLength: 30 }),
      icalEvent: fc.record({ content: anyText.map((parts) => `BEGIN:VCALENDAR\n${textOf(parts)}`), filename: name }),
      attachments: fc.array(
        fc.record({
          filename: fc.constantFrom("a.eml", "é.bin", ""),
          content: anyText.map((all) => base64(textOf(all))),
        }),
        { maxLength: 5 },
      ),
    });
    await fc.assert(
      fc.asyncProperty(mail, async (members) => {
        const { content, from } = accepted(members);
        assert.ok(from);
        const raw = await compose({ ...content, from });
        assertFitForTheWire(raw);
        assert.ok(raw.length <= outgoingBytes(content), `${raw.length} > ${outgoingBytes(content)}`);
      }),
      { numRuns: 200 },
    );
  });

  test("headers that exceed Gmail's limits are too large at once: 500 KB in all, 32 KB for any but To, Cc and References", () => {
    const code = (members: Record<string, unknown>): string => {
      const result = parseMessage({ to: "b@example.org", text: "x", ...members }, { sizeLimit: HTTP_SIZE_LIMIT });
      return result.ok ? "accepted" : result.problem.code;
    };
    const many = (name: string, times: number) =>
      Array.from({ length: times }, () => ({ name, address: "b@example.org" }));
    assert.equal(code({ to: many("千".repeat(320), 500) }), "message_too_large");
    assert.equal(code({ cc: many("x", 1_000), to: many("x", 1_000) }), "accepted");
    assert.equal(code({ replyTo: many("Ada Lovelace", 1_000) }), "message_too_large");
    assert.equal(code({ replyTo: many("Ada Lovelace", 100) }), "accepted");
    const headers = Object.fromEntries(Array.from({ length: 50 }, (_, at) => [`X-${at}`, "é".repeat(998)]));
    assert.equal(
      code({ headers, subject: "千".repeat(998), references: `<${"r".repeat(800)}> `.repeat(100) }),
      "accepted",
    );
  });
});
