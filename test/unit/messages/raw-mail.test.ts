import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { HEADERS_LIMIT } from "../../../functions/domain/messages/accept/header-size.ts";
import { GMAIL_SIZE_LIMIT } from "../../../functions/domain/messages/accept/outgoing-size.ts";
import { fieldAddresses } from "../../../functions/domain/messages/accept/raw-addresses.ts";
import { type RawMail, readRawMail } from "../../../functions/domain/messages/accept/raw-mail.ts";
import { DATE, FROM, ID, rawMail, TO, wholeMail } from "../../builders/raw-mail.ts";

const read = (bytes: Buffer): RawMail => {
  const result = readRawMail(bytes);
  assert.ok(result.ok, result.ok ? "" : JSON.stringify(result));
  return result.value;
};

/** The code of the one problem at `/raw`, or the code of the whole problem. */
const refusal = (bytes: Buffer): string => {
  const result = readRawMail(bytes);
  assert.ok(!result.ok, "it was accepted");
  if (result.problem.code !== "invalid_request") return result.problem.code;
  assert.deepEqual(
    result.problem.fields.map(({ path }) => path),
    ["/raw"],
  );
  return result.problem.fields[0]?.code ?? "";
};

suite("the bytes", () => {
  test("a mail that needs no change is the very same buffer", () => {
    const mail = wholeMail("Subject: x");
    const { bytes, missing } = read(mail);
    assert.deepEqual(missing, []);
    assert.equal(bytes.buffer, mail.buffer);
    assert.ok(bytes.equals(mail));
  });

  /** Fields with the lines that they take, and whether they must be taken out. */
  const blank = fc.constantFrom("", " ", "\t", "   ");
  const octets = fc
    .array(fc.integer({ min: 1, max: 255 }), { maxLength: 40 })
    .map((codes) => String.fromCharCode(...codes.filter((code) => code !== 0x0a && code !== 0x0d)));
  const taken = fc.constantFrom(
    "Bcc",
    "BCC",
    "resent-bcc",
    "Return-Path",
    "Relais-Idempotency-Key",
    "relais-x",
    "Relais-",
  );
  const kept = fc.constantFrom("X-A", "Received", "DKIM-Signature", "Resent-To", "Bcc2", "XBcc", "Relais", "Sender");
  const end = fc.constantFrom("\r\n", "\n");
  const field = fc
    .tuple(
      fc.oneof(
        taken.map((name) => [name, true] as const),
        kept.map((name) => [name, false] as const),
      ),
      blank,
      fc.array(octets, { minLength: 1, maxLength: 3 }),
      end,
    )
    .map(([[name, out], before, lines, lineEnd]) => ({
      out,
      lines: lines.map((line, at) => (at === 0 ? `${name}${before}:${line}` : ` ${line}`)),
      lineEnd,
    }));
  const body = fc.array(fc.tuple(octets, end), { maxLength: 6 });

  test("whatever the fields and line ends: private fields go, LF becomes CRLF, and every other octet stays", () => {
    fc.assert(
      fc.property(fc.array(field, { maxLength: 6 }), body, octets, (fields, lines, last) => {
        const all = [{ out: false, lines: [FROM], lineEnd: "\r\n" }, ...fields];
        const given = all.map((one) => one.lines.map((line) => line + one.lineEnd).join("")).join("");
        const text = lines.map(([line, lineEnd]) => line + lineEnd).join("") + last;
        const wanted = all.filter(({ out }) => !out).flatMap((one) => one.lines.map((line) => `${line}\r\n`));
        const { bytes } = read(Buffer.from(`${given}\n${text}`, "latin1"));
        assert.equal(
          bytes.toString("latin1"),
          `${wanted.join("")}\r\n${lines.map(([line]) => `${line}\r\n`).join("")}${last}`,
        );
      }),
      { numRuns: 500 },
    );
  });

  const PIECES = [
    "\r",
    "\n",
    "\r\n",
    "\r\n\r\n",
    "\0",
    " ",
    "\t",
    ":",
    "a",
    "\xe9",
    "x".repeat(500),
    FROM,
    TO,
    "Bcc: z@example.org",
    "From",
    "=?utf-8?q?=0d?=",
    "\u0000\u0000",
  ];
  test("whatever the bytes: it throws nothing, and what it accepts can go out and stays as it is when read again", () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.boolean(), fc.array(fc.constantFrom(...PIECES), { maxLength: 12 }), (whole, pieces) => {
        const text = (whole ? `${FROM}\r\n` : "") + pieces.join("");
        const result = readRawMail(Buffer.from(text, "latin1"));
        if (!result.ok) return;
        accepted += 1;
        const out = result.value.bytes.toString("latin1");
        assert.doesNotMatch(out, /\r(?!\n)|(?<!\r)\n|\0/);
        assert.ok(out.split("\r\n").every((line) => line.length <= 998));
        // If nothing is left of the header, the missing fields are put in front of the empty line.
        const header = out.startsWith("\r\n") ? "" : out.split("\r\n\r\n", 1)[0];
        assert.doesNotMatch(header ?? "", /^bcc[ \t]*:/im);
        const again = readRawMail(result.value.bytes);
        if (again.ok) assert.ok(again.value.bytes.equals(result.value.bytes));
      }),
      { numRuns: 3_000 },
    );
    assert.ok(accepted > 200, `${accepted} accepted`);
  });
});

suite("what cannot go out is refused at /raw, with its line", () => {
  const cases: Readonly<Record<string, readonly [Buffer, string]>> = {
    nothing: [Buffer.alloc(0), "raw_no_header"],
    "an empty line first": [Buffer.from("\r\nBonjour\r\n"), "raw_no_header"],
    "no header": [Buffer.from("Bonjour,\r\n\r\nvoici.\r\n"), "raw_no_header"],
    "a line of an mbox": [Buffer.from(`From ada@example.com Mon Jan 4\r\n${FROM}\r\n\r\n`), "raw_no_header"],
    "a byte order mark": [Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), wholeMail()]), "raw_no_header"],
    "a fold before any field": [Buffer.from(` x\r\n${FROM}\r\n\r\n`), "raw_no_header"],
    "a header line that is no field": [rawMail([FROM, "Bonjour", TO]), "raw_not_a_field"],
    "a name with a blank": [rawMail([FROM, "X Y: z"]), "raw_not_a_field"],
    "a NUL in the body": [rawMail([FROM], "a\0b\r\n"), "raw_nul"],
    "a NUL in the header": [rawMail([FROM, "X: \0"]), "raw_nul"],
    "a CR alone in the body": [rawMail([FROM], "a\rb\r\n"), "raw_bare_cr"],
    "a CR at the very end": [rawMail([FROM], "a\r"), "raw_bare_cr"],
    "two CR and a LF": [rawMail([FROM], "a\r\r\nb"), "raw_bare_cr"],
    "a CR alone in the header": [rawMail([FROM, "X: a\rBcc: b@example.org"]), "raw_bare_cr"],
    "999 octets": [rawMail([FROM], `${"x".repeat(999)}\r\n`), "raw_long_line"],
    "999 octets at the end": [rawMail([FROM], `${"é".repeat(499)}ab`), "raw_long_line"],
    "999 octets in the header": [rawMail([FROM, `X: ${"x".repeat(996)}`]), "raw_long_line"],
    "two authors": [rawMail(["From: ada@example.com, grace@example.com"]), "raw_several_authors"],
    "two From": [rawMail([FROM, "from : grace@example.com"]), "raw_several_authors"],
    "an empty From": [rawMail(["From:"]), "raw_unreadable_from"],
    "a From that guessing would read": [
      rawMail(["From: ada@example.com <grace@example.com> x"]),
      "raw_unreadable_from",
    ],
    "a group in From": [rawMail(["From: us: ada@example.com"]), "raw_unreadable_from"],
    "two Message-IDs": [rawMail([FROM, ID, "Message-Id: <x@y>"]), "raw_bad_message_id"],
    "an empty Message-ID": [rawMail([FROM, "Message-ID: "]), "raw_bad_message_id"],
    "a header larger than Gmail takes": [
      rawMail([FROM, ...Array<string>(600).fill(`References: ${"x".repeat(900)}`)]),
      "message_too_large",
    ],
    "a field larger than Gmail takes": [rawMail([FROM, `X: a${"\r\n y".repeat(9_000)}`]), "message_too_large"],
    "LF that CRLF would make too large": [
      rawMail([FROM], Buffer.alloc(Math.ceil(0.995 * GMAIL_SIZE_LIMIT), `${"x".repeat(99)}\n`)),
      "message_too_large",
    ],
  };
  for (const [name, [bytes, code]] of Object.entries(cases)) test(name, () => assert.equal(refusal(bytes), code));

  test("a header has room for the fields that Relais puts in front, however long these are", () => {
    const headerOf = (bytes: number): Buffer => {
      const line = `X: ${"x".repeat(895)}\r\n`;
      const lines = Math.floor(bytes / line.length) - 1;
      const last = `X: ${"x".repeat((bytes - lines * line.length) / 2 - 5)}\r\n`;
      return Buffer.from(line.repeat(lines) + last.repeat(2));
    };
    const address = `${"x".repeat(64)}@${`${"y".repeat(60)}.`.repeat(4)}example`;
    const front = `Date: ${new Date().toUTCString()}\r\nMessage-ID: <${address}>\r\nFrom: ${address}\r\n`;
    const body = Buffer.from("\r\nBonjour\r\n");
    let largest = 0;
    for (let bytes = HEADERS_LIMIT - 4_000; bytes <= HEADERS_LIMIT; bytes += 1_000) {
      const header = headerOf(bytes);
      assert.equal(header.length, bytes);
      if (readRawMail(Buffer.concat([header, body])).ok) largest = bytes;
    }
    assert.ok(largest > 0 && largest + front.length <= HEADERS_LIMIT, `${largest} bytes are accepted`);
  });

  test("998 octets fit, with either line end", () => {
    for (const end of ["\r\n", "\n", ""]) read(rawMail([FROM], "x".repeat(998) + end));
  });

  test("the line is counted from 1, in the header and the body", () => {
    const result = readRawMail(rawMail([FROM, TO], "a\nb\r\nc\0\r\n"));
    assert.ok(!result.ok && result.problem.code === "invalid_request");
    assert.deepEqual(result.problem.fields[0]?.params, { line: 6 });
  });

  test("a header without an empty line and a body is a mail", () => {
    assert.ok(
      read(Buffer.from(`${FROM}\r\n${TO}`))
        .bytes.toString()
        .endsWith(TO),
    );
  });
});

suite("what Relais reads of the header", () => {
  test("what is missing, in the order in which it is put in front", () => {
    assert.deepEqual(read(rawMail([TO])).missing, ["Date", "Message-ID", "From"]);
    assert.deepEqual(read(rawMail([FROM, DATE])).missing, ["Message-ID"]);
  });

  test("a Message-ID is opaque: folded, without brackets, or of another program's making", () => {
    const id = (field: string) => read(rawMail([FROM, field])).messageId;
    assert.equal(id("MESSAGE-ID:\r\n <a b@c>"), "<a b@c>");
    assert.equal(id("Message-Id: no-brackets"), "no-brackets");
  });

  test("the subject as people read it", () => {
    const subject = (value: string) => read(rawMail([FROM, `Subject: ${value}`])).subject;
    assert.equal(subject("=?utf-8?q?Caf=C3=A9?=\r\n =?utf-8?q?_noir?="), "Café noir");
    assert.equal(subject("Caf\xe9"), "Café");
    assert.equal(subject(Buffer.from("Café").toString("latin1")), "Café");
    assert.equal(subject("=?utf-8?q?a=0D=0Ab?="), "a b");
    assert.equal(subject("=?x-none?q?a?="), "=?x-none?q?a?=");
  });

  test("whether its header is beyond ASCII", () => {
    assert.equal(read(rawMail([FROM], "é\r\n")).headerIsUtf8, false);
    assert.equal(read(rawMail([FROM, "Subject: \xe9"])).headerIsUtf8, true);
  });
});

suite("addresses in a field that another program has written", () => {
  const cases: readonly (readonly [value: string, addresses: readonly string[], complete?: false])[] = [
    ["ada@example.com", ["ada@example.com"]],
    ["Ada   <ada@example.com>", ["ada@example.com"]],
    ["<ada@example.com>", ["ada@example.com"]],
    ['"Lovelace, Ada \\" <x@y.org>" <ada@example.com>', ["ada@example.com"]],
    ["ada@example.com (Ada (née Byron), x@y.org)", ["ada@example.com"]],
    ["(x@y.org) ada@example.com, Grace <grace@example.com>", ["ada@example.com", "grace@example.com"]],
    ["=?utf-8?q?Ada?= <ada@exämple.com>", ["ada@xn--exmple-cua.com"]],
    ["undisclosed-recipients:;", []],
    ["undisclosed-recipients:", []],
    [
      "Amis: un@example.org, Deux <deux@example.org>;, trois@example.org",
      ["un@example.org", "deux@example.org", "trois@example.org"],
    ],
    [", ada@example.com,,", ["ada@example.com"]],
    ["", []],
    ["Ada", [], false],
    ["ada@example.com grace@example.com", [], false],
    ["<ada@example.com> <grace@example.com>", [], false],
    ["Ada <ada@example.com", [], false],
    ['"Ada <ada@example.com>', [], false],
    ["(Ada ada@example.com", [], false],
    ["un@example.org; deux@example.org", [], false],
    ["mailto:ada@example.com", [], false],
    ["<@relay.example:ada@example.com>", [], false],
    ['"a b"@example.com, grace@example.com', ["grace@example.com"], false],
    ["ada@[192.0.2.1]", [], false],
    ["=?utf-8?q?ada=40example=2Ecom?=", [], false],
  ];
  for (const [value, addresses, complete = true] of cases) {
    test(JSON.stringify(value), () => assert.deepEqual(fieldAddresses(value), { addresses, complete }));
  }
});
