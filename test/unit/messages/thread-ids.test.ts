import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import PostalMime from "postal-mime";
import { accepted, assertFitForTheWire, composedFrom, rawPart, refusedAt } from "../../builders/composed-mail.ts";

const thread = async (members: Record<string, unknown>) => {
  const raw = await composedFrom(members);
  assertFitForTheWire(raw);
  const { headers } = rawPart(raw.toString("latin1"));
  return { inReplyTo: headers["in-reply-to"], references: headers.references };
};

suite("The ids of a thread", () => {
  const FOREIGN = [
    "<A7f3-no-at-sign>",
    "<a@b@c>",
    "<[X]~{1},;:\\\"'=?>",
    "<@>",
    "<20270101.X(1)@[127.0.0.1]>",
    "<=?utf-8?q?abc?=@x>",
    `<${"r".repeat(900)}>`,
    "<CAF+=_x/y%z!#$&@mail.gmail.com>",
  ];
  for (const id of FOREIGN) {
    test(`are opaque: ${id.slice(0, 60)}`, async () => {
      const given = { inReplyTo: id, references: ["<first@shop.example>", id] };
      assert.deepEqual(await thread(given), { inReplyTo: id, references: `<first@shop.example> ${id}` });
    });
  }

  test("are accepted in the forms of nodemailer", async () => {
    for (const references of [
      "<a@b> <c@d>",
      ["<a@b>", "<c@d>"],
      ["<a@b> <c@d>"],
      "a@b c@d",
      ["a@b", "<c@d>"],
      "<a@b><c@d>",
      " <a@b>,\t<c@d> ",
      "< a@b > <c@ d>",
      "<a@b> <c@d> <c@d>",
    ]) {
      assert.equal((await thread({ references })).references, "<a@b> <c@d>", JSON.stringify(references));
    }
    assert.equal((await thread({ inReplyTo: "a@b" })).inReplyTo, "<a@b>");
    assert.equal((await thread({ inReplyTo: "<a@b> <c@d>" })).inReplyTo, "<a@b> <c@d>");
  });

  test("become References if inReplyTo stands alone, and are not added to given References", async () => {
    for (const references of [undefined, [], ""]) {
      const given = { inReplyTo: "<a@b>", ...(references === undefined ? {} : { references }) };
      assert.deepEqual(await thread(given), { inReplyTo: "<a@b>", references: "<a@b>" });
    }
    assert.equal((await thread({ inReplyTo: "<a@b>", references: "<c@d>" })).references, "<c@d>");
    assert.deepEqual(await thread({ inReplyTo: "" }), { inReplyTo: undefined, references: undefined });
  });

  test("are left out, without a refusal, if they cannot stand in a header", async () => {
    for (const odd of ["<é@x>", `<${"r".repeat(901)}>`, "<>", "<", ">", ","]) {
      assert.equal((await thread({ references: ["<a@b>", odd, "<c@d>"] })).references, "<a@b> <c@d>", odd);
    }
  });

  test("with control characters are refused, and their place is named", () => {
    for (const control of ["\r\n", "\n", "\r", "\0", "\x7f", "\u2028"]) {
      assert.deepEqual(refusedAt({ inReplyTo: `<a${control}b@c>` }), ["/inReplyTo"]);
      assert.deepEqual(refusedAt({ references: `<a@b>${control}<c@d>` }), ["/references"]);
      assert.deepEqual(refusedAt({ references: ["<a@b>", `<c@d>${control}`] }), ["/references/1"]);
    }
    assert.deepEqual(refusedAt({ references: ["<=?utf-8?q?=0d=0a?=>"] }), ["/references/0"]);
    assert.deepEqual(refusedAt({ references: { id: "<a@b>" } }), ["/references"]);
  });

  test("of a long thread are the first and the newest that fit into the lines", async () => {
    const ids = Array.from({ length: 300 }, (_, n) => `<${n}.${"r".repeat(200)}@example.com>`);
    const { references = "" } = await thread({ references: ids.join(" ") });
    assert.deepEqual(references.split(" "), [...ids.slice(0, 1), ...ids.slice(-99)]);
    const { inReplyTo = "" } = await thread({ inReplyTo: ids.join(" ") });
    assert.deepEqual(inReplyTo.split(" "), [...ids.slice(0, 1), ...ids.slice(-19)]);
  });

  test("arrive unchanged if they are printable", async () => {
    const inner = fc.string({
      unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(fc.uniqueArray(inner, { minLength: 1, maxLength: 5 }), async (texts) => {
        fc.pre(texts.every((text) => !/[<>]|=\?/.test(text)));
        const ids = texts.map((text) => `<${text}>`);
        const mail = await PostalMime.parse(await composedFrom({ references: ids, inReplyTo: ids.at(-1) }));
        assert.equal(mail.references, ids.join(" "));
        assert.equal(mail.inReplyTo, ids.at(-1));
      }),
    );
  });

  test("are not examined in a list of millions", () => {
    assert.deepEqual(refusedAt({ references: Array.from({ length: 1_000_000 }, () => 0) }), ["/references"]);
    assert.deepEqual(refusedAt({ references: "<".repeat(5_000_000) }), ["/references"]);
    assert.equal(accepted({ references: "<".repeat(90_000) }).content.references.length, 0);
  });
});
