import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ReplyParser } from "../../../functions/adapters/gmail-smtp/reply-parser.ts";

const GREETING = "250-smtp.gmail.com at your service\r\n250-SIZE 35882577\r\n250 SMTPUTF8\r\n";

test("a reply of several lines is one reply, however it is divided into packets", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(GREETING.length), { maxLength: 6 }), (cuts) => {
      const parser = new ReplyParser();
      const at = [0, ...cuts.toSorted((a, b) => a - b), GREETING.length];
      const replies = at.slice(1).flatMap((end, index) => {
        const parsed = parser.push(GREETING.slice(at[index], end));
        assert.ok(parsed !== "garbage");
        return parsed;
      });
      assert.equal(replies.length, 1);
      assert.deepEqual(replies[0]?.lines, ["smtp.gmail.com at your service", "SIZE 35882577", "SMTPUTF8"]);
      assert.ok(parser.atBoundary);
    }),
  );
});

test("two replies in one packet are two, each with its enhanced code", () => {
  const replies = new ReplyParser().push("550-5.1.1 No such\r\n550 5.1.1 user\r\n250 2.0.0 OK\r\n");
  assert.ok(replies !== "garbage");
  assert.deepEqual(
    replies.map(({ code, enhanced, response }) => ({ code, enhanced, response })),
    [
      { code: 550, enhanced: "5.1.1", response: "No such user" },
      { code: 250, enhanced: "2.0.0", response: "OK" },
    ],
  );
});

const REFUSED = [
  ["text that is no reply", "HTTP/1.1 400 Bad Request\r\n"],
  ["a code out of range", "999 hello\r\n"],
  ["a reply whose lines disagree", "250-one\r\n550 two\r\n"],
  ["an endless line", "x".repeat(5_000)],
  ["an over-long line", `250 ${"x".repeat(5_000)}\r\n`],
  ["endless lines", "250-x\r\n".repeat(300)],
] as const;

for (const [name, bytes] of REFUSED) {
  test(`${name} is refused`, () => assert.equal(new ReplyParser().push(bytes), "garbage"));
}

test("a reply keeps no control characters, and at most 500 others", () => {
  const replies = new ReplyParser().push(`550 bad\u0007 ${"é".repeat(600)}\r\n`);
  assert.ok(replies !== "garbage");
  assert.equal(replies[0]?.response.length, 500);
  assert.doesNotMatch(replies[0]?.response ?? "", /\p{Cc}/u);
});
