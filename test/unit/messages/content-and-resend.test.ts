import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { composeMime } from "../../../functions/adapters/nodemailer/compose-mime.ts";
import { type Principal, principalName } from "../../../functions/domain/access/records.ts";
import { resendMessage } from "../../../functions/domain/messages/commands/resend-message.ts";
import { readMailBytes } from "../../../functions/domain/messages/mail-bytes.ts";
import type { Message, MessageState } from "../../../functions/domain/messages/message.ts";
import { readContent } from "../../../functions/domain/messages/views/message-content.ts";
import { messageView } from "../../../functions/domain/messages/views/message-view.ts";
import type { Versioned } from "../../../functions/domain/records.ts";
import { memberOf, OPERATOR } from "../../builders/mail-server.ts";
import { inState, type MessageBench, messageBench } from "../../builders/messages.ts";
import { FROM, rawMail, TO, wholeMail } from "../../builders/raw-mail.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
});
afterEach(() => bench.close());

const SECRET = "The code of the safe is 4711.";
const FULL = {
  from: { name: "Ada", address: "ada@example.com" },
  to: "gone@example.org",
  cc: "c@example.org",
  bcc: "d@example.org",
  replyTo: "office@example.com",
  subject: "Réponse =?utf-8?Q?no?=",
  text: SECRET,
  html: `<p>${SECRET}</p>`,
  attachments: [{ filename: "a.txt", content: "YQ==", contentType: "text/plain", cid: "a" }, { content: "Yg==" }],
  icalEvent: { method: "REQUEST", content: "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nEND:VCALENDAR\r\n" },
  headers: { "X-Order": "42 é" },
  inReplyTo: "<a@example.com> <b@example.com>",
  references: ["<z@example.com>"],
  listUnsubscribe: { url: "https://example.com/u", oneClick: true },
  tags: { kind: "invoice" },
  onUnknown: "resend",
};

const KEY: Principal = { kind: "key", id: "k", name: "k", servers: [], permissions: ["send", "read"] };
const FAILED: MessageState = { status: "failed", dueAtMs: 9, finalAtMs: 1 };

const put = async (id: string, value: Message): Promise<void> => {
  await bench.records.commit([{ op: "put", kind: "messages", id, value }]);
};
const stored = async (id: string): Promise<Message> => {
  const found = await bench.records.get("messages", id);
  assert.ok(found);
  return found.value;
};
/** A message that was accepted and then refused for good. */
const failed = async (json: object, principal: Principal = OPERATOR): Promise<string> => {
  const { id, value } = await bench.accepted(json, { principal });
  await put(id, inState(value, FAILED));
  return id;
};
const audited = async (): Promise<readonly unknown[]> => {
  const page = await bench.records.query("auditNewest", {}, { limit: 50 });
  assert.ok(page !== "bad_cursor");
  return page.items.map(({ value: { actor, action, target, detail } }) => [actor, action, target, detail]);
};
const deps = () => ({ ...bench, composeMime });
const content = async (id: string, principal: Principal = OPERATOR): Promise<string> => {
  const read = await readContent(deps(), principal, id);
  return read.ok ? read.value.toString("latin1") : read.problem.code;
};
const mailOf = async (message: Message): Promise<string> =>
  (await readMailBytes(deps(), message))?.toString("latin1") ?? "";

const resend = (id: string, body: unknown, asked: { readonly principal?: Principal; readonly key?: string } = {}) =>
  resendMessage(bench, asked.principal ?? OPERATOR, { id, body, idempotencyKey: asked.key ?? null });
const resent = async (...asked: Parameters<typeof resend>): Promise<Versioned<Message>> => {
  const result = await resend(...asked);
  assert.ok(result.ok && result.value.kind === "accepted", JSON.stringify(result));
  return result.value.message;
};
const refused = async (...asked: Parameters<typeof resend>): Promise<unknown> => {
  const { ok, ...result } = await resend(...asked);
  assert.ok(!ok && "problem" in result);
  const { problem } = result;
  return "fields" in problem ? [problem.code, ...problem.fields.map(({ path }) => path)] : problem.code;
};

suite("the content of a message", () => {
  test("is the mail as it goes out, and each reader is in the audit", async () => {
    const { id } = await bench.accepted(FULL);
    const raw = await bench.accepted({ raw: wholeMail().toString("base64") });
    assert.match(await content(id), new RegExp(SECRET));
    assert.equal(await content(raw.id, memberOf("ada@example.com")), wholeMail().toString("latin1"));
    assert.doesNotMatch(await content(id), /d@example\.org/, "blind copies are in the record alone");
    assert.deepEqual((await audited()).toReversed(), [
      [principalName(OPERATOR), "message.read", id, {}],
      ["ada@example.com", "message.read", raw.id, {}],
      [principalName(OPERATOR), "message.read", id, {}],
    ]);
  });

  test("is for people alone, who see the message, and refusing writes nothing", async () => {
    const { id } = await bench.accepted(FULL, { principal: KEY });
    assert.equal(await content(id, KEY), "forbidden");
    assert.equal(await content(id, { kind: "caller", email: "erp@example.com" }), "forbidden");
    assert.equal(await content(id, memberOf("eve@example.com")), "not_found");
    assert.equal(await content("msg_none"), "not_found");
    assert.deepEqual(await audited(), []);
  });

  test("is gone once the body is erased, and from the end of a message whose large body is about to be", async () => {
    const { id, value } = await bench.accepted({ ...FULL, text: "x".repeat(200_000) });
    assert.equal(messageView({ id, value, version: "" }).hasContent, true);
    await put(id, inState(value, { status: "sent", dueAtMs: 1, finalAtMs: 1 }));
    assert.equal(await content(id), "body_erased");
    assert.equal(messageView({ id, value: await stored(id), version: "" }).hasContent, false);
    await put(id, { ...inState(value, FAILED), body: { kind: "erased", atMs: 2 } });
    assert.equal(await content(id), "body_erased");
    const later: Record<string, unknown> = { ...value, body: { kind: "elsewhere" } };
    await put(id, later as unknown as Message);
    assert.equal(await content(id), "newer_version");
    assert.deepEqual(await audited(), []);
  });
});

suite("sending to another address", () => {
  test("makes a new message that differs in its recipients and ids alone", async () => {
    const id = await failed(FULL);
    const before = await stored(id);
    const { id: newId, value } = await resent(id, { to: ["Grace <grace@example.org>"] });
    assert.notEqual(newId, id);
    assert.notEqual(value.messageId, before.messageId);
    assert.deepEqual(await stored(id), before, "the failed one stays as it is");
    assert.deepEqual(
      value.recipients.map(({ address, kind, state }) => [address, kind, state]),
      [["grace@example.org", "to", "pending"]],
    );
    assert.deepEqual(
      [value.tags, value.onUnknown, value.serverId, value.subject],
      [before.tags, before.onUnknown, before.serverId, before.subject],
    );
    // What both mails hold in the same place: all but To, Cc, ids, times and boundaries.
    const same = (mail: string) =>
      mail.replaceAll(/[0-9a-f]{24}/g, "boundary").replaceAll(/^(?:To|Cc|Message-ID|Date): .*\r\n/gm, "");
    assert.equal(same(await mailOf(value)), same(await mailOf(before)));
    assert.match(await mailOf(value), /^To: Grace <grace@example\.org>\r$/m);
    assert.equal(value.timeline[0]?.noteCode, "resent_from");
    assert.deepEqual(await audited(), [[principalName(OPERATOR), "message.resend", id, { message: newId }]]);
    assert.deepEqual(bench.published.at(-1)?.message.data, { id: newId });
  });

  test("changes only the envelope of a mail that its caller composed", async () => {
    const whole = await failed({ raw: wholeMail().toString("base64") });
    const again = await resent(whole, { to: "grace@example.org" });
    assert.equal(await mailOf(again.value), wholeMail().toString("latin1"));
    assert.equal(again.value.messageId, (await stored(whole)).messageId);
    assert.deepEqual(again.value.recipientAddresses, ["grace@example.org"]);
    assert.deepEqual(
      again.value.recipients.map(({ kind }) => kind),
      ["bcc"],
    );
    const without = await failed({ raw: rawMail([FROM, TO]).toString("base64") });
    assert.notEqual(
      (await resent(without, { to: "x@example.org" })).value.messageId,
      (await stored(without)).messageId,
    );
    await bench.addServer("srv_api", { transport: "gmail_api", name: "api" });
    const api = await failed({ server: "srv_api", raw: wholeMail().toString("base64") });
    assert.equal(await refused(api, { to: "grace@example.org" }), "envelope_unsupported");
  });

  test("repeats its answer under the same key, even after the body is erased", async () => {
    const id = await failed(FULL);
    const first = await resent(id, { to: "g@example.org" }, { key: "k1" });
    await put(id, { ...(await stored(id)), body: { kind: "erased", atMs: 2 } });
    assert.equal((await resent(id, { to: "g@example.org" }, { key: "k1" })).id, first.id);
    assert.equal(await refused(id, { to: "h@example.org" }, { key: "k1" }), "idempotency_key_reused");
    assert.equal(await refused(id, { to: "g@example.org" }, { key: "k2" }), "body_erased");
    assert.equal((await audited()).length, 1);
  });

  test("is refused with what is wrong", async () => {
    const id = await failed(FULL);
    const raw = await failed({ raw: wholeMail().toString("base64") });
    for (const one of [id, raw]) {
      assert.deepEqual(await refused(one, {}), ["invalid_request", "/to"]);
      assert.deepEqual(await refused(one, { to: [] }), ["invalid_request", "/to"]);
      assert.deepEqual(await refused(one, { to: ["a@b", "no address"] }), ["invalid_request", "/to/0", "/to/1"]);
      assert.deepEqual(await refused(one, { to: "g@example.org", cc: "h@example.org" }), ["invalid_request", "/cc"]);
      const many = Array.from({ length: 101 }, (_, at) => `a${at}@example.org`);
      assert.deepEqual(await refused(one, { to: many }), ["invalid_request", "/to"]);
    }
    const { id: queued } = await bench.accepted(FULL);
    assert.equal(await refused(queued, { to: "g@example.org" }), "wrong_status");
    assert.equal(await refused("msg_none", { to: "g@example.org" }), "not_found");
    assert.equal(await refused(id, { to: "g@example.org" }, { principal: memberOf("eve@example.com") }), "not_found");
    assert.deepEqual(await audited(), []);
  });

  test("lets a program send only what it sent itself: it could mail itself what others wrote", async () => {
    const mine = await failed(FULL, KEY);
    const theirs = await failed(FULL);
    const to = "g@example.org";
    assert.equal((await resent(mine, { to }, { principal: KEY })).value.caller, "key:k");
    assert.equal(await refused(theirs, { to }, { principal: KEY }), "forbidden");
    assert.equal(
      await refused(theirs, { to }, { principal: { kind: "caller", email: "erp@example.com" } }),
      "forbidden",
    );
    assert.equal(await refused(mine, { to }, { principal: { ...KEY, permissions: ["read"] } }), "forbidden");
  });
});
