import assert from "node:assert/strict";
import { before, beforeEach, describe, it } from "node:test";
import type { DocumentData } from "../../../functions/domain/documents/mail-documents.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { refuses } from "../../builders/delivery.ts";
import { type DocumentBench, documentBench } from "../../builders/document-bench.ts";

const MAIL = { to: "b@y.org", message: { subject: "Commande 7", text: "Elle est partie." } };
const PATH = "mail/a";

describe("a document of Trigger Email", () => {
  let bench: DocumentBench;
  beforeEach(async () => {
    bench = await documentBench();
  });
  const delivery = (): DocumentData => bench.documents.delivery(PATH) ?? {};
  const sent = (): number => bench.attempts.length;

  it("is one mail, three invocations, two writes", async () => {
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    const { startTime, endTime, expireAt, ...said } = delivery();
    assert.deepEqual(said, {
      state: "SUCCESS",
      attempts: 1,
      error: null,
      leaseExpireTime: null,
      info: { ...Object(said.info), accepted: ["b@y.org"], rejected: [], pending: [], response: "250 2.0.0 OK" },
    });
    assert.ok(startTime instanceof Date && endTime instanceof Date && expireAt instanceof Date);
    assert.equal(expireAt.getTime() - startTime.getTime(), 2 * 86_400_000);
    assert.deepEqual([sent(), bench.invocations(), bench.documents.counts], [1, 3, { reads: 4, writes: 2 }]);
  });

  it("is under way until its message is at its end", async () => {
    bench.gmail = refuses("rcpt", 421, "4.7.28");
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    assert.deepEqual([delivery().state, delivery().attempts, delivery().endTime], ["PROCESSING", 1, null]);
  });

  it("says why its message failed", async () => {
    bench.gmail = refuses("rcpt", 550, "5.1.1", "No such user");
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    assert.equal(delivery().state, "ERROR");
    assert.match(String(delivery().error), /^550 5\.1\.1 No such user \(/);
  });

  it("is one mail however often and whenever its events come", async () => {
    bench.documents.set(PATH, MAIL);
    await Promise.all([bench.take(PATH), bench.take(PATH), bench.take(PATH)]);
    await bench.settle();
    await bench.take(PATH);
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 1]);
  });

  it("is one mail even if the function dies between the record and the document", async () => {
    bench.documents.set(PATH, MAIL);
    const { change } = bench.documents;
    bench.documents.change = async () => {
      throw new Unavailable("write", { cause: new Error("killed") });
    };
    await assert.rejects(bench.take(PATH), Unavailable);
    bench.documents.change = change;
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 1]);
  });

  it("is one mail even if the application has changed it meanwhile", async () => {
    bench.documents.set(PATH, MAIL);
    const { change } = bench.documents;
    bench.documents.change = async () => {
      throw new Unavailable("write", { cause: new Error("killed") });
    };
    await assert.rejects(bench.take(PATH), Unavailable);
    bench.documents.change = change;
    for (const changed of [
      { ...MAIL, message: { subject: "autre", text: "x" } },
      { ...MAIL, to: 5 },
    ])
      bench.documents.set(PATH, changed);
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 1]);
  });

  it("is told its end even before it was told that it is under way", async () => {
    bench.documents.set(PATH, MAIL);
    const { change } = bench.documents;
    // The function is slow: the mail has gone out before it writes.
    bench.documents.change = async (document, members) => {
      bench.documents.change = change;
      await bench.settle();
      return bench.documents.change(document, members);
    };
    await bench.take(PATH);
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 1]);
  });

  it("breaks nothing by being deleted, before or after it is taken", async () => {
    bench.documents.set(PATH, MAIL);
    bench.documents.delete(PATH);
    await bench.settle();
    assert.equal(sent(), 0);
    bench.documents.set(PATH, MAIL);
    await bench.take(PATH);
    bench.documents.delete(PATH);
    await bench.settle();
    assert.deepEqual([sent(), bench.documents.delivery(PATH)], [1, undefined]);
  });

  it("is another mail if it is created again under the same path", async () => {
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    bench.documents.delete(PATH);
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    assert.deepEqual([sent(), delivery().state], [2, "SUCCESS"]);
  });

  it("is tried again, once, when a client sets RETRY", async () => {
    bench.gmail = refuses("rcpt", 550);
    bench.documents.set(PATH, MAIL);
    await bench.settle();
    assert.equal(delivery().state, "ERROR");
    bench.gmail = async (mail, mark) =>
      (await mark([]))
        ? {
            kind: "accepted",
            accepted: mail.envelope.to,
            refused: [],
            reply: { code: 250, enhanced: null, response: "" },
            providerId: null,
          }
        : { kind: "abandoned" };
    bench.documents.setDelivery(PATH, { state: "RETRY" });
    await Promise.all([bench.take(PATH), bench.take(PATH)]);
    await bench.settle();
    await bench.take(PATH);
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts, delivery().error], [2, "SUCCESS", 2, null]);
  });

  it("is tried again, once, when a client replaces delivery by RETRY alone", async () => {
    for (const delivered of [{ state: "RETRY" }, { state: "RETRY", attempts: 0 }, { state: "RETRY", attempts: "x" }]) {
      bench = await documentBench();
      bench.documents.set(PATH, MAIL);
      await bench.settle();
      bench.documents.set(PATH, { ...MAIL, delivery: delivered });
      await Promise.all([bench.take(PATH), bench.take(PATH)]);
      await bench.settle();
      await bench.take(PATH);
      await bench.settle();
      assert.deepEqual([sent(), delivery().state, delivery().attempts], [2, "SUCCESS", 2], JSON.stringify(delivered));
    }
  });

  it("is tried again, once, by each RETRY alone, also if a try before was refused", async () => {
    bench.documents.set(PATH, { ...MAIL, to: 5 });
    await bench.settle();
    assert.deepEqual([sent(), delivery().state], [0, "ERROR"]);
    bench.documents.set(PATH, { ...MAIL, delivery: { ...delivery(), state: "RETRY" } });
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 2]);
    for (const expected of [2, 3]) {
      bench.documents.set(PATH, { ...MAIL, delivery: { state: "RETRY" } });
      await Promise.all([bench.take(PATH), bench.take(PATH)]);
      await bench.settle();
      assert.deepEqual([sent(), delivery().state, delivery().attempts], [expected, "SUCCESS", expected + 1]);
    }
  });

  it("is not sent twice by a RETRY that comes while it is under way", async () => {
    bench.documents.set(PATH, MAIL);
    await bench.take(PATH);
    bench.documents.setDelivery(PATH, { state: "RETRY" });
    await bench.take(PATH);
    assert.equal(delivery().state, "PROCESSING");
    await bench.settle();
    assert.deepEqual([sent(), delivery().state, delivery().attempts], [1, "SUCCESS", 1]);
  });

  it("is taken later if no message can be accepted now", async () => {
    bench.documents.set(PATH, MAIL);
    bench.documents.read = async () => {
      throw new Unavailable("read", { cause: new Error("away") });
    };
    await assert.rejects(bench.take(PATH), Unavailable);
  });

  it("leaves a message of a later release to that release", async () => {
    bench.documents.set(PATH, MAIL);
    await bench.take(PATH);
    const [id = ""] = bench.published();
    const found = await bench.deps.records.get("messages", id);
    assert.ok(found);
    const value = { ...found.value, status: "awaiting_approval" } as unknown as Message;
    await bench.deps.records.commit([{ op: "put", kind: "messages", id, value }]);
    bench.documents.setDelivery(PATH, { state: "RETRY" });
    await bench.settle();
    assert.deepEqual([sent(), delivery().state], [0, "RETRY"]);
  });

  it("is one mail, of which nothing is asked again, if it has no room for what became of it", async () => {
    bench.documents.set(PATH, { ...MAIL, note: "x".repeat(1_048_400) });
    assert.equal(await bench.take(PATH), "done");
    await bench.settle();
    assert.deepEqual([sent(), bench.documents.delivery(PATH)], [1, undefined]);
  });

  it("chooses its Message-ID", async () => {
    bench.documents.set(PATH, { ...MAIL, message: { ...MAIL.message, messageId: "order-7@example.com" } });
    await bench.settle();
    assert.equal((delivery().info as DocumentData).messageId, "<order-7@example.com>");
  });
});

/** Documents that reach for what is not theirs, and what their error must name. */
const REACHING: readonly (readonly [what: string, document: DocumentData, names: RegExp])[] = [
  [
    "a file",
    { message: { attachments: [{ path: "/etc/passwd" }] } },
    /message\.attachments\.0\.path .*reads nothing from disk/,
  ],
  ["a file by URL", { message: { attachments: [{ path: "file:///etc/passwd" }] } }, /attachments\.0\.path/],
  ["a URL", { message: { attachments: [{ href: "http://169.254.169.254/" }] } }, /attachments\.0\.href/],
  [
    "a file as content",
    { message: { attachments: [{ content: { path: "/etc/passwd" } }] } },
    /attachments\.0\.content/,
  ],
  ["a file as text", { message: { text: { path: "/etc/passwd" } } }, /message\.text/],
  ["a file as html", { message: { html: { href: "http://x.org" } } }, /message\.html/],
  ["a composed part", { message: { attachments: [{ raw: "X: y" }] } }, /attachments\.0\.raw/],
  ["another collection by user", { toUids: ["u1/private/card"] }, /toUids\.0 .*slash/],
  ["another collection above", { ccUids: [".."] }, /ccUids\.0/],
  ["a reserved name by user", { bccUids: ["__all__"] }, /bccUids\.0/],
  ["another collection by template", { template: { name: "../users/u1" } }, /\.\.\/users\/u1 does not exist/],
  ["a user's document by template", { template: { name: "x/../../users/u1" } }, /does not exist/],
  ["a prototype as template", { template: { name: "constructor" } }, /constructor does not exist/],
  ["a reserved name as template", { template: { name: "__proto__" } }, /__proto__ does not exist/],
  ["a prototype in a template", { template: { name: "proto", data: { a: "x" } } }, /proto asks for constructor/],
  [
    "a file by a template's attachment",
    { template: { name: "file", data: { f: "/etc/passwd" } } },
    /template\.attachments\.0\.path/,
  ],
  ["a header by a name", { to: "a@x.org\r\nBcc: b@x.org" }, /to\.0/],
  ["a header by a header", { headers: { "X-A\r\nBcc": "b@x.org" } }, /headers/],
  ["a header that is not its own", { headers: { Bcc: "b@x.org" } }, /headers\.Bcc/],
  ["another's address", { from: "boss@other.org" }, /^from: .*boss@other\.org/],
  ["two Message-IDs", { message: { messageId: "<a@b> <c@d>" } }, /message\.messageId/],
];

describe("a document that reaches for what is not its own", () => {
  let bench: DocumentBench;
  before(async () => {
    bench = await documentBench();
    bench.documents.set("users/u1", { email: "u1@example.org" });
    bench.documents.set("users/u1/private/card", { email: "secret@example.org" });
    bench.documents.set("templates/proto", { subject: "x", html: "{{a.constructor}}" });
    bench.documents.set("templates/file", { subject: "x", text: "x", attachments: [{ filename: "f", path: "{{f}}" }] });
  });

  for (const [what, document, names] of REACHING)
    it(`is an ERROR that says so: ${what}`, async () => {
      const path = `mail/${what.replaceAll(" ", "-")}`;
      const { message, ...rest } = document;
      bench.documents.set(path, { ...MAIL, ...rest, message: { ...MAIL.message, ...Object(message) } });
      await bench.settle();
      const delivery = bench.documents.delivery(path) ?? {};
      assert.equal(delivery.state, "ERROR");
      assert.match(String(delivery.error), names);
      assert.equal(bench.attempts.length, 0);
    });
});

const FOLDED: readonly (readonly [what: string, document: DocumentData, wire: RegExp])[] = [
  ["a tab in the subject", { message: { subject: "Commande\t7" } }, /^Subject: Commande 7\r$/m],
  ["a line separator in the subject", { message: { subject: "Commande\u20287" } }, /^Subject: Commande 7\r$/m],
  ["a paragraph separator in a name", { to: "Ada\u2029<b@y.org>" }, /^To: Ada <b@y\.org>\r$/m],
  ["a vertical tab in the subject", { message: { subject: "Commande\v7" } }, /^Subject: Commande 7\r$/m],
  ["a header that was folded", { headers: { "X-Order": "a,\r\n\tb" } }, /^X-Order: a, b\r$/m],
  [
    "references that were folded",
    { message: { references: "<a@y.org>\r\n <b@y.org>" } },
    /^References: <a@y\.org>\s+<b@y\.org>\r$/m,
  ],
  [
    "a file name with a tab",
    { message: { attachments: [{ filename: "bon\tde.txt", content: "x" }] } },
    /filename="?bon de\.txt/,
  ],
];

describe("a text that would break a header", () => {
  for (const [what, document, wire] of FOLDED)
    it(`is sent on one line, as by the extension: ${what}`, async () => {
      const bench = await documentBench();
      const { message, ...rest } = document;
      bench.documents.set("mail/one", { ...MAIL, ...rest, message: { ...MAIL.message, ...Object(message) } });
      await bench.settle();
      const delivery = bench.documents.delivery("mail/one") ?? {};
      assert.equal(delivery.state, "SUCCESS", String(delivery.error));
      assert.match(bench.attempts[0]?.mail.raw.toString() ?? "", wire);
    });
});
