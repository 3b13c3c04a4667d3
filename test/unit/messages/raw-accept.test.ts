import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { acceptBatch } from "../../../functions/domain/messages/accept/batch.ts";
import { HTTP_SIZE_LIMIT, TOPIC_SIZE_LIMIT } from "../../../functions/domain/messages/accept/message-input.ts";
import { RAW_SIZE_LIMIT } from "../../../functions/domain/messages/accept/raw-input.ts";
import { packRaw, readRaw, storeBody, sweepBodies } from "../../../functions/domain/messages/body-store.ts";
import { cancelMessage } from "../../../functions/domain/messages/commands/cancel.ts";
import { isRaw, type Message } from "../../../functions/domain/messages/message.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import type { Records } from "../../../functions/domain/records.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench } from "../../builders/messages.ts";
import { DATE, FROM, ID, mailOfSize, rawMail, TO, wholeMail } from "../../builders/raw-mail.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
});
afterEach(() => bench.close());

const base64 = (bytes: Buffer): string => bytes.toString("base64");
const stored = async ({ body }: Message): Promise<Buffer> => {
  assert.ok(isRaw(body), body.kind);
  return readRaw(bench, body, Buffer.alloc(0));
};

/** What a request is refused with: the code, or `path code` of each invalid place. */
const refusals = async (json: unknown): Promise<readonly string[]> => {
  const result = await bench.accept(json);
  assert.ok(!result.ok, "it was accepted");
  const { problem } = result;
  return problem.code === "invalid_request"
    ? problem.fields.map(({ path, code }) => `${path} ${code}`)
    : [problem.code];
};

suite("the record of a composed mail", () => {
  test("it keeps the mail's bytes, Message-ID and From, and says who gets it", async () => {
    const mail = rawMail([
      FROM,
      "To: Un <un@example.org>, deux@example.org",
      "Cc: trois@example.org",
      ID,
      "Subject: =?utf-8?q?=C3=A9t=C3=A9?=",
    ]);
    const envelope = { to: ["trois@example.org", "UN@example.org", "quatre@example.org"] };
    const message = await bench.accepted({ raw: base64(mail), envelope, tags: { kind: "invoice" } });
    const { messageId, from, subject, to, cc, bcc, sizeBytes, tags } = messageView(message);
    assert.deepEqual(
      { messageId, from, subject, to, cc, bcc, sizeBytes, tags },
      {
        messageId: "<order-42@erp.example.com>",
        from: "ada@example.com",
        subject: "été",
        to: ["UN@example.org"],
        cc: ["trois@example.org"],
        bcc: ["quatre@example.org"],
        sizeBytes: mail.length,
        tags: { kind: "invoice" },
      },
    );
    assert.ok((await stored(message.value)).equals(mail));
  });

  test("without an envelope, To, Cc and Bcc are it, and Bcc is taken out", async () => {
    const message = await bench.accepted({
      raw: base64(wholeMail("Cc: c@example.org, b@example.org", "Bcc: d@example.org")),
    });
    const { to, cc, bcc } = messageView(message);
    assert.deepEqual({ to, cc, bcc }, { to: ["b@example.org"], cc: ["c@example.org"], bcc: ["d@example.org"] });
    assert.doesNotMatch((await stored(message.value)).toString(), /bcc|d@example/i);
  });

  test("an envelope does without a To that can be read", async () => {
    await bench.accepted({ raw: base64(rawMail([FROM, "To: everybody here"])), envelope: { to: "b@example.org" } });
    assert.deepEqual(await refusals({ raw: base64(rawMail([FROM, "To: everybody here"])) }), [
      "/raw raw_unreadable_recipients",
    ]);
  });

  test("without a Message-ID it gets one; without a From it goes from its server's own address", async () => {
    const { value } = await bench.accepted({ raw: base64(rawMail([TO])), server: "srv_ada" });
    assert.match(value.messageId, /^<.+@example\.com>$/);
    assert.equal(value.from, "ada@example.com");
  });

  test("two mails with one Message-ID are two messages, each to its own envelope", async () => {
    const raw = base64(rawMail([FROM, ID, "To: un@example.org, deux@example.org"]));
    const un = await bench.accepted({ raw, envelope: { to: ["un@example.org"] } });
    const deux = await bench.accepted({ raw, envelope: { to: ["deux@example.org"] } });
    assert.notEqual(un.id, deux.id);
    assert.deepEqual(
      [un, deux].flatMap(({ value }) => value.recipientAddresses),
      ["un@example.org", "deux@example.org"],
    );
  });
});

suite("the body in chunks", () => {
  /** Larger than a chunk, with octets that take two bytes as text. */
  const large = (): Buffer =>
    rawMail([FROM, TO, ID], Buffer.from(`${"\xe9".repeat(300)}${"x".repeat(300)}\r\n`.repeat(4_000), "latin1"));

  test("every octet comes back, and cancelling erases all chunks", async () => {
    const mail = large();
    const message = await bench.accepted({ raw: base64(mail) });
    const { body } = message.value;
    assert.ok(body.kind === "raw_chunks" && body.count > 2, body.kind);
    assert.ok((await stored(message.value)).equals(mail));
    const canceled = await cancelMessage(bench, OPERATOR, message.id);
    assert.ok(canceled.ok);
    const after = (await bench.records.get("messages", message.id))?.value;
    assert.equal(after?.body.kind, "erased");
    for (const part of [...Array(body.count).keys(), "marker"]) {
      assert.equal(await bench.records.get("bodyChunks", `${body.set}.${part}`), undefined);
    }
  });

  test("no commit exceeds what a store takes, although JSON writes a control character as six", async () => {
    const { records } = bench;
    const sizes: number[] = [];
    const measured: Records = {
      get: (kind, id) => records.get(kind, id),
      query: (...query) => records.query(...query),
      commit: (writes) => {
        sizes.push(Buffer.byteLength(JSON.stringify(writes)));
        return records.commit(writes);
      },
    };
    const bytes = rawMail([FROM, TO, ID], `${"\u0001".repeat(996)}\r\n`.repeat(3_000));
    await storeBody({ ...bench, records: measured }, "msg_1", packRaw({ bytes, missing: [] }));
    assert.ok(sizes.length > 3 && Math.max(...sizes) < 4_000_000, String(sizes));
  });

  test("a sweep leaves the chunks of a message and erases those that nothing names", async () => {
    const message = await bench.accepted({ raw: base64(large()) });
    bench.clock.advance(2 * HOUR);
    await sweepBodies(bench);
    assert.equal((await stored(message.value)).length, large().length);
    await bench.records.commit([{ op: "delete", kind: "messages", id: message.id }]);
    bench.clock.advance(48 * HOUR);
    await sweepBodies(bench);
    await assert.rejects(stored(message.value), /missing/);
  });

  test("a missing or shorter chunk is a defect, and never a shorter mail", async () => {
    const { value } = await bench.accepted({ raw: base64(large()) });
    assert.ok(value.body.kind === "raw_chunks");
    const id = `${value.body.set}.1`;
    const chunk = await bench.records.get("bodyChunks", id);
    assert.ok(chunk);
    await bench.records.commit([{ op: "put", kind: "bodyChunks", id, value: { ...chunk.value, text: "short" } }]);
    await assert.rejects(stored(value), /not as long/);
  });
});

suite("what is refused", () => {
  const raw = base64(wholeMail());
  const cases: readonly (readonly [string, unknown, readonly string[]])[] = [
    [
      "members that describe content",
      { raw, to: "b@example.org", subject: "x" },
      ["/to not_with_raw", "/subject not_with_raw"],
    ],
    [
      "an envelope without raw",
      { to: "b@example.org", text: "x", envelope: { to: "b@example.org" } },
      ["/envelope only_with_raw"],
    ],
    ["an unknown member", { raw, path: "/etc/passwd" }, ["/path unknown_field"]],
    [
      "an unknown member of the envelope",
      { raw, envelope: { to: "b@example.org", from: "x@y.org" } },
      ["/envelope/from unknown_field"],
    ],
    ["no base64", { raw: "From: ada@example.com" }, ["/raw raw_not_base64"]],
    ["base64 with a line break", { raw: `${raw.slice(0, 40)}\n${raw.slice(40)}` }, ["/raw raw_not_base64"]],
    ["base64 that ends in a single character", { raw: "AAAAA" }, ["/raw raw_not_base64"]],
    ["null", { raw: null }, ["/raw raw_not_base64"]],
    ["an empty envelope", { raw, envelope: { to: [] } }, ["/envelope/to no_recipient"]],
    [
      "nobody to send to",
      { raw: base64(rawMail([FROM, "To: undisclosed-recipients:;"])) },
      ["/envelope/to no_recipient"],
    ],
    ["a bad address", { raw, envelope: { to: ["b@example.org", "c"] } }, ["/envelope/to/1 not_mailbox"]],
    [
      "too many",
      { raw, envelope: { to: Array.from({ length: 101 }, (_, n) => `r${n}@example.org`) } },
      ["/envelope/to too_many_recipients"],
    ],
    ["a mail that cannot go out", { raw: base64(rawMail([FROM, TO], "a\0")) }, ["/raw raw_nul"]],
    ["another's From", { raw: base64(rawMail(["From: boss@example.com", TO])) }, ["from_not_allowed"]],
    ["a time that has passed", { raw, expiresAt: "2020-01-01T00:00Z" }, ["/expiresAt in_past"]],
  ];
  for (const [name, json, expected] of cases) {
    test(name, async () => assert.deepEqual(await refusals(json), expected));
  }

  test("in a batch, with the item's place", async () => {
    const items = [
      { raw },
      { raw, text: "x" },
      { raw: base64(rawMail([TO, "X"])) },
      { raw: base64(wholeMail()), envelope: { to: [] } },
    ];
    const result = await acceptBatch(bench, OPERATOR, { items });
    assert.ok(result.ok);
    const paths = result.value.map((item) =>
      item.ok ? "" : "fields" in item.problem ? item.problem.fields.map(({ path }) => path).join() : item.problem.code,
    );
    assert.deepEqual(paths, ["", "/items/1/text", "/items/2/raw", "/items/3/envelope/to"]);
  });

  test("its size, which is larger for mail by HTTP than for content, and the same on the topic", async () => {
    const accept = async (bytes: number, limits: { sizeLimit: number; rawSizeLimit?: number }) => {
      const result = await acceptMessage(bench, {
        principal: OPERATOR,
        json: { raw: mailOfSize(bytes), dryRun: true },
        idempotencyKey: null,
        ...limits,
      });
      return result.ok ? "ok" : result.problem.code;
    };
    const http = { sizeLimit: HTTP_SIZE_LIMIT, rawSizeLimit: RAW_SIZE_LIMIT };
    assert.equal(await accept(RAW_SIZE_LIMIT, http), "ok");
    assert.equal(await accept(RAW_SIZE_LIMIT + 1, http), "message_too_large");
    assert.equal(await accept(TOPIC_SIZE_LIMIT + 1, { sizeLimit: TOPIC_SIZE_LIMIT }), "message_too_large");
  });
});

suite("a transport that sends to everyone in the header", () => {
  beforeEach(() => bench.addServer("srv_api", { name: "api", username: "grace@example.com", transport: "gmail_api" }));
  const mail = (...fields: readonly string[]) => base64(rawMail(["From: grace@example.com", ...fields]));

  test("takes a mail whose To and Cc are within the envelope", async () => {
    const raw = mail("To: B@example.org", "Cc: c@example.org");
    await bench.accepted({ raw, envelope: { to: ["b@example.org", "c@example.org", "d@example.org"] } });
    await bench.accepted({ raw });
  });

  for (const [name, fields] of Object.entries({
    "To beyond the envelope": ["To: b@example.org, z@example.org"],
    "Cc beyond the envelope": ["To: b@example.org", "Cc: z@example.org"],
    "a second To": ["To: b@example.org", "To: z@example.org"],
    "a To that cannot be read": ["To: b@example.org; z@example.org"],
  })) {
    test(`refuses ${name}`, async () => {
      const json = { raw: mail(...fields), envelope: { to: "b@example.org" } };
      assert.deepEqual(await refusals(json), ["envelope_unsupported"]);
      const dry = await bench.accept({ ...json, dryRun: true });
      assert.ok(dry.ok && dry.value.kind === "dry_run");
      assert.deepEqual(
        dry.value.problems.map(({ code }) => code),
        ["envelope_unsupported"],
      );
    });
  }
});

suite("an SMTP server without SMTPUTF8", () => {
  beforeEach(() => bench.addServer("srv_old", { name: "old", username: "old@example.com", smtpUtf8: false }));
  const mail = (...fields: readonly string[]) => base64(rawMail(["From: old@example.com", ...fields], "é\r\n"));

  test("is sent no header and no address beyond ASCII, but any body", async () => {
    await bench.accepted({ raw: mail(TO) });
    assert.deepEqual(await refusals({ raw: mail(TO, "Subject: \xe9t\xe9") }), ["/raw raw_needs_smtp_utf8"]);
    assert.deepEqual(await refusals({ raw: mail(TO), envelope: { to: "é@example.org" } }), [
      "/envelope/to no_smtp_utf8",
    ]);
  });
});

suite("idempotency", () => {
  const mail = wholeMail();
  const key = "order-42";
  const value = { raw: base64(mail), envelope: { to: ["b@example.org"] }, tags: { kind: "x" } };

  test("the same bytes and parameters are the same request, however they came", async () => {
    const first = await bench.accepted(value, { key });
    for (const same of [
      { ...value, raw: mail },
      { ...value, raw: mail.toString("base64url") },
      { ...value, envelope: { to: "b@example.org" } },
      { tags: { kind: "x" }, envelope: { to: [{ address: "b@example.org" }] }, raw: value.raw },
    ]) {
      assert.equal((await bench.accepted(same, { key })).id, first.id);
    }
  });

  test("other bytes, another envelope or another parameter is another request", async () => {
    await bench.accepted(value, { key });
    for (const other of [
      { ...value, raw: base64(rawMail([FROM, TO, ID, DATE], "Bonjour!\r\n")) },
      { ...value, raw: base64(Buffer.from(mail.toString().replaceAll("\r\n", "\n"))) },
      { ...value, envelope: { to: ["c@example.org"] } },
      { raw: value.raw, tags: value.tags },
      { ...value, tags: {} },
      { to: "b@example.org", text: "x" },
    ]) {
      const result = await bench.accept(other, { key });
      assert.ok(!result.ok && result.problem.code === "idempotency_key_reused", JSON.stringify(other));
    }
  });
});
