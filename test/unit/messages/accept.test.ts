import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import { acceptBatch } from "../../../functions/domain/messages/accept/batch.ts";
import { eraseBody, readBody } from "../../../functions/domain/messages/body-store.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Records, Write } from "../../../functions/domain/records.ts";
import { defaultSettings, SETTINGS_ID } from "../../../functions/domain/settings/read-settings.ts";
import { grant, OPERATOR, validConnection } from "../../builders/mail-server.ts";
import { type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";

const KEY: Principal = { kind: "key", id: "k1", name: "app", servers: [], permissions: ["send"] };
const submission = (json: unknown, idempotencyKey: string | null = null, principal: Principal = OPERATOR) => ({
  principal,
  json,
  idempotencyKey,
  sizeLimit: 24_000_000,
});

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
});
afterEach(() => bench.close());

const codeOf = async (json: unknown, options?: Parameters<MessageBench["accept"]>[1]) => {
  const result = await bench.accept(json, options);
  return result.ok ? result.value.kind : result.problem.code;
};
const kept = async () => {
  const page = await bench.records.query("messagesNewest", {}, { limit: 200 });
  assert.ok(page !== "bad_cursor");
  return page.items;
};

suite("Accepting a message", () => {
  test("stores the message first, and publishes only its id", async () => {
    const { id, value } = await bench.accepted({
      ...simpleMessage,
      from: "Ada <ada@example.com>",
      tags: { kind: "x" },
    });
    const stored = await bench.records.get("messages", id);
    assert.deepEqual(stored?.value, value);
    assert.equal(value.status, "queued");
    assert.equal(value.serverId, "srv_ada");
    assert.match(value.messageId, /^<[\w-]{20,}@example\.com>$/);
    assert.deepEqual(value.recipientAddresses, ["b@example.org"]);
    assert.deepEqual(value.timeline, [{ atMs: bench.clock.nowMs(), status: "queued", note: null }]);
    assert.deepEqual(bench.published, [
      { topic: "mail-send", message: { data: { id }, attributes: { relais: "deliver" }, lane: "srv_ada" } },
    ]);
    assert.equal((await readBody(bench, value))?.text, simpleMessage.text);
  });

  test("sends from the server's own address if none is given", async () => {
    const { value } = await bench.accepted(simpleMessage);
    assert.equal(value.from, "ada@example.com");
    assert.deepEqual((await readBody(bench, value))?.from, { name: "", address: "ada@example.com" });
  });

  test("logs a failed publication; the record falls due by itself", async () => {
    const deps = {
      ...bench,
      publisher: { publish: async () => Promise.reject(new Unavailable("publish", { cause: null })) },
    };
    const result = await acceptMessage(deps, submission(simpleMessage));
    assert.ok(result.ok && result.value.kind === "accepted");
    assert.deepEqual(bench.logged, ["message_accepted", "message_publish_failed"]);
    const due = await bench.records.query("messagesDue", { upTo: bench.clock.nowMs() + 60_000 }, { limit: 10 });
    assert.ok(due !== "bad_cursor");
    assert.deepEqual(
      due.items.map(({ id }) => id),
      [result.value.message.id],
    );
  });

  test("costs one read and one write if the server is named", async () => {
    const operations: string[] = [];
    const records: Records = {
      get: (kind, id) => {
        operations.push(`get ${kind}`);
        return bench.records.get(kind, id);
      },
      query: (name, args, page) => {
        operations.push(`query ${name}`);
        return bench.records.query(name, args, page);
      },
      commit: (writes) => {
        operations.push(...writes.map(({ op, kind }) => `${op} ${kind}`));
        return bench.records.commit(writes);
      },
    };
    const result = await acceptMessage({ ...bench, records }, submission({ ...simpleMessage, server: "srv_ada" }, "k"));
    assert.ok(result.ok);
    assert.deepEqual(operations, ["get mailServers", "create messages"]);
  });

  test("schedules a message for later, and does not publish it", async () => {
    const scheduledAt = "2026-12-24T18:00:00+01:00";
    const { value } = await bench.accepted({ ...simpleMessage, scheduledAt });
    assert.equal(value.status, "scheduled");
    assert.equal(value.dueAtMs, Date.parse(scheduledAt));
    assert.deepEqual(bench.published, []);
  });

  test("sends at once a message for a time that has passed", async () => {
    assert.equal(
      (await bench.accepted({ ...simpleMessage, scheduledAt: "2020-01-01T00:00:00Z" })).value.status,
      "queued",
    );
  });

  for (const [what, times] of Object.entries({
    "an end that has passed": { expiresAt: "2020-01-01T00:00:00Z" },
    "an end before the start": { scheduledAt: "2026-12-24T18:00:00Z", expiresAt: "2026-12-24T17:59:59Z" },
  })) {
    test(`refuses ${what}`, async () => assert.equal(await codeOf({ ...simpleMessage, ...times }), "invalid_request"));
  }

  test("holds a message for a server that must be reconnected, does not publish it, and announces the hold", async () => {
    const connection = { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 } as const;
    await bench.addServer("srv_dead", { connection, username: "dead@example.com" });
    const { id, value } = await bench.accepted({ ...simpleMessage, server: "srv_dead" });
    assert.ok(value.status === "held");
    assert.equal(value.because, "reconnect_required");
    assert.deepEqual(bench.published, []);
    assert.deepEqual(
      bench.announced.map(({ type, subject }) => [type, subject]),
      [["relais.message.held.v1", id]],
    );
  });

  test("refuses an address beyond ASCII to the Gmail API, and to an SMTP server known not to support it", async () => {
    const connection = validConnection();
    await bench.addServer("srv_api", { transport: "gmail_api", connection, username: "api@example.com" });
    const wanted = { ...simpleMessage, to: "zoë@example.org" };
    assert.equal(await codeOf({ ...wanted, server: "srv_api" }), "invalid_request");
    assert.equal(await codeOf({ ...wanted, server: "srv_ada" }), "accepted");
    await bench.addServer("srv_plain", { smtpUtf8: false, connection, username: "plain@example.com" });
    assert.equal(await codeOf({ ...wanted, server: "srv_plain" }), "invalid_request");
    assert.equal(await codeOf({ ...simpleMessage, server: "srv_plain" }), "accepted");
  });

  test("asks an SMTP server about addresses beyond ASCII if nothing is known yet, and remembers its answer", async () => {
    const wanted = { ...simpleMessage, server: "srv_ada", replyTo: "zoë@example.org" };
    let asked = 0;
    const accept = async (json: unknown, says: boolean | null) => {
      const offersSmtpUtf8 = async () => {
        asked += 1;
        return says;
      };
      const result = await acceptMessage({ ...bench, offersSmtpUtf8 }, submission(json));
      return result.ok ? result.value.kind : result.problem.code;
    };
    assert.equal(await accept(simpleMessage, false), "accepted");
    assert.equal(asked, 0, "for addresses in ASCII nobody is asked");
    assert.equal(await accept(wanted, null), "accepted", "who does not answer may be able to");
    assert.equal(await accept(wanted, false), "invalid_request");
    assert.equal(await accept(wanted, true), "invalid_request", "as it said");
    assert.equal(asked, 2);
    const server = await bench.records.get("mailServers", "srv_ada");
    assert.equal(server?.value.smtpUtf8, false);
  });

  test("requires a key with the permission to send", async () => {
    assert.equal(await codeOf(simpleMessage, { principal: { ...KEY, permissions: ["read"] } }), "forbidden");
  });

  test("says what would happen in a dry run, and stores nothing", async () => {
    const dry = { ...simpleMessage, dryRun: true };
    const good = await bench.accept(dry, { key: "k" });
    assert.deepEqual(good, {
      ok: true,
      value: { kind: "dry_run", server: "srv_ada", from: "ada@example.com", problems: [] },
    });
    const bad = await bench.accept({ ...dry, from: "eve@example.com" });
    assert.ok(bad.ok && bad.value.kind === "dry_run");
    assert.deepEqual(
      bad.value.problems.map(({ code }) => code),
      ["from_not_allowed"],
    );
    const pause = { ...defaultSettings(bench.environment), paused: true };
    await bench.records.commit([{ op: "create", kind: "settings", id: SETTINGS_ID, value: pause }]);
    const held = await bench.accept(dry);
    assert.ok(held.ok && held.value.kind === "dry_run");
    assert.deepEqual([held.value.server, held.value.problems], ["srv_ada", [{ code: "paused" }]]);
    assert.equal(await codeOf({ ...dry, to: "b" }), "invalid_request");
    assert.deepEqual(await kept(), []);
    assert.deepEqual(bench.published, []);
    assert.equal((await bench.accepted(simpleMessage, { key: "k" })).value.status, "queued", "its key is still free");
  });
});

suite("A large body", () => {
  const content = Buffer.alloc(3_000_000, "Ünï").toString("base64");
  const large = { ...simpleMessage, text: "🌞é".repeat(100_000), attachments: [{ content }] };

  test("is stored in chunks that fit into a record, and is read back unchanged", async () => {
    const { value } = await bench.accepted(large);
    assert.ok(value.body.kind === "chunks");
    const body = await readBody(bench, value);
    assert.equal(body?.text, large.text);
    assert.equal(body?.attachments[0]?.content, content);
    await eraseBody(bench, value);
    await eraseBody(bench, value);
    await assert.rejects(readBody(bench, value), /missing/);
  });

  test("is written before the record that names it", async () => {
    const order: string[] = [];
    const commit = (writes: readonly Write[]) => {
      for (const { kind } of writes) if (order.at(-1) !== kind) order.push(kind);
      return bench.records.commit(writes);
    };
    const records = { get: bench.records.get, query: bench.records.query, commit };
    assert.ok((await acceptMessage({ ...bench, records }, submission(large))).ok);
    assert.deepEqual(order, ["bodyChunks", "messages"]);
  });

  test("leaves only its own chunks if it is sent twice at once with one key", async () => {
    const put = new Set<string>();
    const commit = (writes: readonly Write[]) => {
      for (const { op, kind, id } of writes) if (kind === "bodyChunks") op === "delete" ? put.delete(id) : put.add(id);
      return bench.records.commit(writes);
    };
    const deps = { ...bench, records: { get: bench.records.get, query: bench.records.query, commit } };
    await Promise.all([1, 2, 3].map(() => acceptMessage(deps, submission(large, "k"))));
    const [message] = await kept();
    assert.ok(message?.value.body.kind === "chunks");
    // Its chunks, and the marker by which they are found if no message names them.
    assert.equal(put.size, message.value.body.count + 1);
    assert.equal((await readBody(bench, message.value))?.text, large.text);
  });
});

suite("An idempotency key", () => {
  test("makes one message with one id of 50 concurrent requests", async () => {
    const results = await Promise.all(
      Array.from({ length: 50 }, () => bench.accept(simpleMessage, { key: "order-42" })),
    );
    const ids = new Set(
      results.map((result) => (result.ok && result.value.kind === "accepted" ? result.value.message.id : "?")),
    );
    assert.equal(ids.size, 1);
    assert.equal((await kept()).length, 1);
    assert.equal(
      results.filter((result) => result.ok && result.value.kind === "accepted" && !result.value.replayed).length,
      1,
    );
    assert.equal(bench.published.length, 1);
  });

  test("answers with the present status", async () => {
    const { id, value, version } = await bench.accepted(simpleMessage, { key: "k" });
    const sent = { ...value, status: "sent", dueAtMs: null, finalAtMs: 1 } as const;
    await bench.records.commit([{ op: "replace", kind: "messages", id, version, value: sent }]);
    const again = await bench.accept(simpleMessage, { key: "k" });
    assert.ok(again.ok && again.value.kind === "accepted" && again.value.replayed);
    assert.equal(again.value.message.value.status, "sent");
    assert.equal(again.value.message.value.messageId, value.messageId);
  });

  test("ignores the order of members, but not their values", async () => {
    const { to, subject, text } = simpleMessage;
    const first = await bench.accepted({ to, subject, text }, { key: "k" });
    assert.equal((await bench.accepted({ text, subject, to }, { key: "k" })).id, first.id);
    assert.equal(await codeOf({ to, subject, text: "autre" }, { key: "k" }), "idempotency_key_reused");
  });

  test("belongs to its caller", async () => {
    const first = await bench.accepted(simpleMessage, { key: "k" });
    assert.notEqual((await bench.accepted(simpleMessage, { key: "k", principal: KEY })).id, first.id);
  });

  test("is not used up by a refused body", async () => {
    assert.equal(await codeOf({ ...simpleMessage, from: "eve@example.com" }, { key: "k" }), "from_not_allowed");
    assert.equal(await codeOf({ ...simpleMessage, to: "b" }, { key: "k" }), "invalid_request");
    assert.equal(await codeOf(simpleMessage, { key: "k" }), "accepted");
  });

  test("works even if the message's times have passed and its server is gone", async () => {
    const timed = { ...simpleMessage, expiresAt: "2026-11-22T10:00:00Z" };
    const first = await bench.accepted(timed, { key: "k" });
    bench.clock.advance(3_600_000);
    assert.equal((await bench.accepted(timed, { key: "k" })).id, first.id);
    const server = await bench.records.get("mailServers", "srv_ada");
    assert.ok(server);
    await bench.records.commit([{ op: "delete", kind: "mailServers", id: "srv_ada" }]);
    assert.equal((await bench.accepted(timed, { key: "k" })).id, first.id);
  });
});

suite("A batch", () => {
  test("answers each item on its own, and names places within the whole request", async () => {
    const items = [
      { ...simpleMessage, idempotencyKey: "a" },
      { ...simpleMessage, to: "b", idempotencyKey: "b" },
      { ...simpleMessage, from: "eve@example.com" },
      { ...simpleMessage, idempotencyKey: "" },
      { ...simpleMessage, expiresAt: "2020-01-01T00:00:00Z" },
      { ...simpleMessage, idempotencyKey: "a" },
      7,
    ];
    const batch = await acceptBatch(bench, OPERATOR, { items });
    assert.ok(batch.ok);
    const seen = batch.value.map((item) => {
      if (item.ok) return item.value.kind;
      return "fields" in item.problem ? item.problem.fields[0]?.path : item.problem.code;
    });
    assert.deepEqual(seen, [
      "accepted",
      "/items/1/to",
      "from_not_allowed",
      "/items/3/idempotencyKey",
      "/items/4/expiresAt",
      "accepted",
      "/items/6",
    ]);
    assert.equal((await kept()).length, 1, "the same item twice under one key is one message");
  });

  test("keeps its order, oldest first, even if everything arrives in one millisecond", async () => {
    const subjects = Array.from({ length: 30 }, (_, n) => `${n}`);
    const items = subjects.map((subject) => ({ ...simpleMessage, subject }));
    assert.ok((await acceptBatch(bench, OPERATOR, { items })).ok);
    const oldest = await bench.records.query(
      "messagesOfServerOldest",
      { serverId: "srv_ada", status: "queued" },
      { limit: 50 },
    );
    assert.ok(oldest !== "bad_cursor");
    assert.deepEqual(
      oldest.items.map(({ value }) => value.subject),
      subjects,
    );
  });

  test("uses keys that are the same as in the header", async () => {
    const alone = await bench.accepted(simpleMessage, { key: "a" });
    const batch = await acceptBatch(bench, OPERATOR, { items: [{ ...simpleMessage, idempotencyKey: "a" }] });
    const [item] = batch.ok ? batch.value : [];
    assert.ok(item?.ok && item.value.kind === "accepted" && item.value.replayed);
    assert.equal(item.value.message.id, alone.id);
  });

  test("keeps the first of several items with one key, even if a later one would be stored sooner", async () => {
    const large = { ...simpleMessage, text: "x".repeat(2_000_000), idempotencyKey: "a" };
    const items = [large, { ...simpleMessage, idempotencyKey: "a" }, large];
    const batch = await acceptBatch(bench, OPERATOR, { items });
    assert.ok(batch.ok);
    const [first, other, again] = batch.value;
    assert.ok(first?.ok && first.value.kind === "accepted" && !first.value.replayed);
    assert.ok(other && !other.ok && other.problem.code === "idempotency_key_reused");
    assert.ok(again?.ok && again.value.kind === "accepted" && again.value.replayed);
  });

  test("is refused as a whole if it is empty, too long, or of another shape", async () => {
    for (const body of [
      { items: [] },
      { items: Array(101).fill(simpleMessage) },
      { items: {} },
      {},
      [],
      { items: [simpleMessage], x: 1 },
    ]) {
      const batch = await acceptBatch(bench, OPERATOR, body);
      assert.equal(batch.ok ? "accepted" : batch.problem.code, "invalid_request");
    }
    assert.deepEqual(await kept(), []);
  });

  test("continues if the store fails in the middle of it", async () => {
    let commits = 0;
    const commit: Records["commit"] = async (writes) => {
      commits += 1;
      if (commits === 2) throw new Unavailable("write records", { cause: null });
      return bench.records.commit(writes);
    };
    const deps = { ...bench, records: { get: bench.records.get, query: bench.records.query, commit } };
    const batch = await acceptBatch(deps, OPERATOR, { items: [simpleMessage, simpleMessage, simpleMessage] });
    assert.ok(batch.ok);
    assert.deepEqual(batch.value.map((item) => (item.ok ? "accepted" : item.problem.code)).sort(), [
      "accepted",
      "accepted",
      "unavailable",
    ]);
  });
});
