import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { DETAIL_CODES, detailText } from "../../../functions/domain/detail-texts.ts";
import { parseWith } from "../../../functions/domain/field-problems.ts";
import { FIELD_CODES, fieldText, isFieldCode } from "../../../functions/domain/field-texts.ts";
import type { Language } from "../../../functions/domain/language.ts";
import { mailServerInput } from "../../../functions/domain/mail-servers/mail-server-input.ts";
import { parseMessage } from "../../../functions/domain/messages/accept/message-input.ts";
import { NOTE_CODES, noteText } from "../../../functions/domain/messages/timeline-notes.ts";
import type { Problem } from "../../../functions/domain/problem.ts";
import type { Result } from "../../../functions/domain/result.ts";
import { parseGmailCredentials } from "../../../functions/domain/settings/gmail-credentials.ts";

const functions = join(import.meta.dirname, "../../../functions");
const sources = readdirSync(functions, { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts") && !/(field-texts|detail-texts|timeline-notes)\.ts$/.test(path))
  .map((path) => readFileSync(join(functions, path), "utf8"))
  .join("\n");

const catalogues: readonly {
  readonly name: string;
  readonly codes: readonly string[];
  readonly textOf: (code: string, language: Language) => string;
}[] = [
  {
    name: "field",
    codes: FIELD_CODES,
    textOf: (code, language) => (isFieldCode(code) ? fieldText(code, language) : ""),
  },
  {
    name: "detail",
    codes: DETAIL_CODES,
    textOf: (code, language) => {
      const known = DETAIL_CODES.find((each) => each === code);
      return known === undefined ? "" : detailText({ code: known }, language);
    },
  },
  {
    name: "timeline note",
    codes: NOTE_CODES,
    textOf: (code, language) => {
      const known = NOTE_CODES.find((each) => each === code);
      return known === undefined ? "" : noteText(known, language);
    },
  },
];

for (const { name, codes, textOf } of catalogues) {
  describe(`every ${name} text`, () => {
    it("exists in both languages, which differ and fill in the same names", () => {
      const namesIn = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([, each]) => each).toSorted();
      for (const code of codes) {
        const [en, fr] = [textOf(code, "en"), textOf(code, "fr")];
        assert(en !== "" && fr !== "" && en !== fr, code);
        assert.deepEqual(namesIn(en), namesIn(fr), code);
      }
    });

    it("is typeset as French: curly apostrophes, and no break before a colon or within guillemets", () => {
      for (const code of codes) assert.doesNotMatch(textOf(code, "fr"), /'| [:;?!»]|« /, code);
    });

    it("is used", () => {
      assert.deepEqual(
        codes.filter((code) => !sources.includes(`"${code}"`)),
        [],
      );
    });
  });
}

const ODD: readonly unknown[] = [
  null,
  5,
  -1,
  1.5,
  1e12,
  "",
  " ",
  "x",
  "a\nb",
  "\ud800",
  "é",
  "x".repeat(100_000),
  "srv_a",
  true,
  [],
  [""],
  [7, null],
  Array.from({ length: 5_000 }, () => "ada@example.com"),
  {},
  { a: 1 },
  { perDay: 0, perMinute: "many", perHour: 1 },
  { "X-A": "a\nb", "x-a": 4, to: "x", "bad name": "y" },
  Object.fromEntries(Array.from({ length: 300 }, (_, at) => [`k${at}`, at])),
  [{ filename: 3, path: "/etc/passwd" }],
  [{ content: "!", contentType: "multipart/mixed", cid: "<a>" }],
  [{ content: "QQ==", contentType: "none", filename: "a\r\nb" }],
  { url: "http://x.org", oneClick: "yes" },
  { method: "a\nb", content: 5, filename: "a\r\nb", path: "/etc/passwd", encoding: "hex" },
  { content: "//79", encoding: "base64", href: "https://example.org/a.ics" },
];

const MEMBERS = {
  message: [
    ..."server from to cc bcc replyTo subject text html attachments icalEvent headers inReplyTo references".split(" "),
    ..."listUnsubscribe scheduledAt expiresAt tags onUnknown dryRun unheardOf".split(" "),
  ],
  server: [...Object.keys(mailServerInput.shape), "unheardOf"],
  credentials: ["clientId", "clientSecret", "web", "unheardOf"],
};

const environment = { publicUrl: "https://mail.example.com" } as Parameters<typeof parseGmailCredentials>[1];
const parsers: readonly [name: keyof typeof MEMBERS, parse: (body: unknown) => Result<unknown>, whole: object][] = [
  ["message", (body) => parseMessage(body, { sizeLimit: 1_000_000 }), { to: "lea@example.org", text: "x" }],
  ["server", (body) => parseWith(mailServerInput, body), { name: "A", username: "ada@example.com" }],
  ["credentials", (body) => parseGmailCredentials(body, environment), { clientId: "a", clientSecret: "b" }],
];

const fieldsOf = (problem: Problem) => (problem.code === "invalid_request" ? problem.fields : []);

describe("what is wrong with a field", () => {
  for (const [name, parse, whole] of parsers) {
    it(`has a code of its own and that code's English text, whatever stands in a ${name}`, () => {
      const wrong: Result<unknown>[] = [null, 3, "x", [], {}].map(parse);
      for (const member of MEMBERS[name]) for (const value of ODD) wrong.push(parse({ ...whole, [member]: value }));
      const fields = wrong.flatMap((result) => (result.ok ? [] : fieldsOf(result.problem)));
      assert(fields.length > 40, String(fields.length));
      for (const { path, code, params, message } of fields) {
        assert(code !== undefined && code !== "invalid", `${path} ${message}`);
        assert.equal(message, fieldText(code, "en", params), path);
        assert.doesNotMatch(fieldText(code, "fr", params), /\{\w+\}/, `${path} ${code}`);
      }
    });
  }
});
