import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { cancelMessage, cancelOpenMessages } from "../../../functions/domain/messages/commands/cancel.ts";
import { rescheduleMessage } from "../../../functions/domain/messages/commands/reschedule.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { finish } from "../../../functions/domain/messages/finish.ts";
import type { Message, MessageState, MessageStatus } from "../../../functions/domain/messages/message.ts";
import { isIn, MESSAGE_STATUSES } from "../../../functions/domain/messages/statuses.ts";
import type { Records, Versioned } from "../../../functions/domain/records.ts";
import type { Result } from "../../../functions/domain/result.ts";
import { OPERATOR } from "../../builders/mail-server.ts";
import { inState, type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
});
afterEach(() => bench.close());

const stateOf = (status: MessageStatus): MessageState => {
  switch (status) {
    case "queued":
    case "deferred":
      return { status, dueAtMs: 1 };
    case "scheduled":
      return { status, dueAtMs: 1, scheduledAtMs: 1 };
    case "held":
      return { status, dueAtMs: 1, because: "limit_reached", sinceMs: 1 };
    case "sending":
      return { status, dueAtMs: 1, fence: 1, phase: "claimed" };
    case "unknown":
      return { status, dueAtMs: null, lookups: 4, sinceMs: 1 };
    default:
      return { status, dueAtMs: null, finalAtMs: 1 };
  }
};

const replace = async (before: Versioned<Message>, value: Message): Promise<Versioned<Message>> => {
  const { id, version } = before;
  const outcome = await bench.records.commit([{ op: "replace", kind: "messages", id, version, value }]);
  assert.ok(outcome.done);
  return { id, value, version: outcome.versions[0] ?? "" };
};

const messageIn = async (status: MessageStatus, json: object = simpleMessage): Promise<string> => {
  const before = await bench.accepted(json);
  await replace(before, inState(before.value, stateOf(status), bench.clock.nowMs()));
  bench.published.length = 0;
  return before.id;
};

const now = async (id: string): Promise<Message> => {
  const message = await bench.records.get("messages", id);
  assert.ok(message);
  return message.value;
};
const auditLines = async () => {
  const page = await bench.records.query("auditNewest", {}, { limit: 50 });
  assert.ok(page !== "bad_cursor");
  return page.items.map(({ value }) => `${value.actor} ${value.action} ${value.target}`);
};
const codeOf = (result: Result<unknown>): string => (result.ok ? "done" : result.problem.code);

suite("A move that a caller requests", () => {
  const soon = { scheduledAt: "2026-12-01T00:00:00Z" };
  const acts: Readonly<Record<string, readonly [readonly MessageStatus[], (id: string) => Promise<Result<unknown>>]>> =
    {
      cancel: [["queued", "scheduled", "held", "deferred"], (id) => cancelMessage(bench, OPERATOR, id)],
      retry: [["failed"], (id) => retryMessage(bench, OPERATOR, id)],
      resolve: [["unknown"], (id) => resolveByPerson(bench, OPERATOR, { id, body: { as: "sent" } })],
      reschedule: [["scheduled"], (id) => rescheduleMessage(bench, OPERATOR, { id, body: soon })],
    };
  for (const [name, [from, act]] of Object.entries(acts)) {
    test(`${name} is possible from ${from.join(", ")}, and from no other status`, async () => {
      for (const status of MESSAGE_STATUSES) {
        const id = await messageIn(status);
        assert.equal(codeOf(await act(id)), from.includes(status) ? "done" : "wrong_status", status);
        if (!from.includes(status)) assert.equal((await now(id)).status, status);
      }
    });

    test(`${name} is allowed to someone who may see the message and send, and is recorded in the audit`, async () => {
      const [status] = from;
      assert.ok(status);
      const id = await messageIn(status);
      assert.equal(codeOf(await act("msg_none")), "not_found");
      assert.equal(codeOf(await act("../x")), "not_found");
      assert.deepEqual(await auditLines(), []);
      assert.equal(codeOf(await act(id)), "done");
      assert.deepEqual(await auditLines(), [`olga@example.com message.${name} ${id}`]);
    });
  }

  test("a key may move what it sent; another key needs `read` for that, and no key may without `send`", async () => {
    const key = (
      id: string,
      permissions: readonly ("send" | "read")[],
      servers: readonly string[] = [],
    ): Principal => ({
      kind: "key",
      id,
      name: id,
      servers,
      permissions,
    });
    const { id } = await bench.accepted(simpleMessage, { principal: key("a", ["send"]) });
    assert.equal(codeOf(await cancelMessage(bench, key("b", ["send"]), id)), "forbidden");
    const elsewhere = key("c", ["send", "read"], ["srv_elsewhere"]);
    assert.equal(codeOf(await cancelMessage(bench, elsewhere, id)), "server_not_allowed");
    assert.equal(codeOf(await cancelMessage(bench, key("b", ["read"]), id)), "forbidden");
    assert.equal(codeOf(await cancelMessage(bench, key("a", ["send"]), id)), "done");
  });
});

suite("The effect of a move", () => {
  test("a canceled message loses its body, later its record, and is announced", async () => {
    const id = await messageIn("queued");
    assert.ok((await cancelMessage(bench, OPERATOR, id)).ok);
    const message = await now(id);
    assert.equal(message.body.kind, "erased");
    assert.equal(message.eraseAtMs, bench.clock.nowMs() + 30 * 86_400_000);
    assert.deepEqual(
      bench.announced.map(({ type, subject }) => [type, subject]),
      [["relais.message.canceled.v1", id]],
    );
  });

  test("a canceled message with a large body leaves no chunk of it", async () => {
    const id = await messageIn("scheduled", { ...simpleMessage, text: "x".repeat(2_000_000) });
    const { body } = await now(id);
    assert.ok(body.kind === "chunks");
    assert.ok(await bench.records.get("bodyChunks", `${body.set}.0`));
    assert.ok((await cancelMessage(bench, OPERATOR, id)).ok);
    for (let index = 0; index < body.count; index += 1) {
      assert.equal(await bench.records.get("bodyChunks", `${body.set}.${index}`), undefined);
    }
    assert.equal((await now(id)).body.kind, "erased");
  });

  test("a retried message is queued and published for all refused recipients, with 72 hours of its own", async () => {
    const before = await bench.accepted({ ...simpleMessage, to: ["a@example.org", "b@example.org"] });
    const nowMs = bench.clock.nowMs();
    const [taken, refused] = before.value.recipients;
    assert.ok(taken && refused);
    const recipients = [
      { ...taken, state: "accepted" as const },
      { ...refused, state: "rejected" as const },
    ];
    assert.ok(isIn(before.value, "queued"));
    const failed = finish(bench.clock, before.value, {
      status: "failed",
      nowMs,
      retentionDays: 30,
      facts: { recipients, firstTriedAtMs: 5 },
    });
    await replace(before, failed);
    bench.published.length = 0;
    assert.ok((await retryMessage(bench, OPERATOR, before.id)).ok);
    const message = await now(before.id);
    assert.equal(message.status, "queued");
    assert.equal(message.firstTriedAtMs, null);
    assert.equal(message.eraseAtMs, undefined);
    assert.deepEqual(
      message.recipients.map(({ state }) => state),
      ["accepted", "pending"],
    );
    assert.equal(message.messageId, before.value.messageId);
    assert.deepEqual(
      bench.published.map(({ message: { data } }) => data),
      [{ id: before.id }],
    );
  });

  test("a failed message without its body cannot be retried", async () => {
    const before = await bench.accepted(simpleMessage);
    const state = stateOf("failed");
    await replace(before, { ...inState(before.value, state), body: { kind: "erased", atMs: 1 } });
    assert.equal(codeOf(await retryMessage(bench, OPERATOR, before.id)), "body_erased");
  });

  for (const [as, status, recipient] of [
    ["sent", "sent", "accepted"],
    ["failed", "failed", "pending"],
    ["resend", "queued", "pending"],
  ] as const) {
    test(`resolving as ${as} makes it ${status}`, async () => {
      const id = await messageIn("unknown");
      assert.ok((await resolveByPerson(bench, OPERATOR, { id, body: { as } })).ok);
      const message = await now(id);
      assert.equal(message.status, status);
      assert.equal(message.recipients[0]?.state, recipient);
      assert.equal(message.body.kind, as === "sent" ? "erased" : "inline");
      assert.equal(bench.published.length, as === "resend" ? 1 : 0);
      assert.deepEqual(
        bench.announced.map(({ type }) => type),
        ["relais.message.resolved.v1"],
      );
    });
  }

  test("resolving as sent still retries the recipients whom Gmail had deferred", async () => {
    const before = await bench.accepted({ ...simpleMessage, to: ["b@example.org", "c@example.org"] });
    const later = { code: 451, enhanced: "4.2.1", response: "later" };
    const recipients = before.value.recipients.map((one, at) => (at === 1 ? { ...one, reply: later } : one));
    await replace(before, inState({ ...before.value, recipients }, stateOf("unknown")));
    bench.published.length = 0;
    assert.ok((await resolveByPerson(bench, OPERATOR, { id: before.id, body: { as: "sent" } })).ok);
    const message = await now(before.id);
    assert.equal(message.status, "queued");
    assert.deepEqual(
      message.recipients.map(({ state }) => state),
      ["accepted", "pending"],
    );
    assert.equal(bench.published.length, 1);
  });

  test("resolve and reschedule accept exactly their own member", async () => {
    const unknown = await messageIn("unknown");
    for (const body of [{}, { as: "lost" }, { as: "sent", x: 1 }, null]) {
      assert.equal(codeOf(await resolveByPerson(bench, OPERATOR, { id: unknown, body })), "invalid_request");
    }
    const scheduled = await messageIn("scheduled");
    for (const body of [{}, { scheduledAt: "tomorrow" }, { scheduledAt: "2026-12-01T00:00:00Z", subject: "x" }, []]) {
      assert.equal(codeOf(await rescheduleMessage(bench, OPERATOR, { id: scheduled, body })), "invalid_request");
    }
  });

  test("rescheduling sets the new time; a past time means now, and no time may be after expiresAt", async () => {
    const { id } = await bench.accepted({
      ...simpleMessage,
      scheduledAt: "2026-12-01T00:00:00Z",
      expiresAt: "2026-12-03T00:00:00Z",
    });
    const at = (scheduledAt: string) => rescheduleMessage(bench, OPERATOR, { id, body: { scheduledAt } });
    assert.ok((await at("2026-12-02T00:00:00Z")).ok);
    assert.equal((await now(id)).dueAtMs, Date.parse("2026-12-02T00:00:00Z"));
    assert.equal(codeOf(await at("2026-12-04T00:00:00Z")), "invalid_request");
    assert.deepEqual(bench.published, []);
    assert.ok((await at("2020-01-01T00:00:00Z")).ok);
    assert.equal((await now(id)).status, "queued");
    assert.equal(bench.published.length, 1);
  });
});

suite("A move at the same moment as another", () => {
  /** Lets someone else's move happen between the read and the first write. */
  const interrupted = (between: (id: string) => Promise<void>): MessageBench => {
    let done = false;
    const commit: Records["commit"] = async (writes) => {
      const [write] = writes;
      if (!done && write?.kind === "messages") {
        done = true;
        await between(write.id);
      }
      return bench.records.commit(writes);
    };
    return { ...bench, records: { get: bench.records.get, query: bench.records.query, commit } };
  };
  const moveBehind = (state: MessageState) => async (id: string) => {
    const before = await bench.records.get("messages", id);
    assert.ok(before);
    await replace(before, inState(before.value, state));
  };

  test("a message that is claimed in between is not canceled", async () => {
    const id = await messageIn("queued");
    assert.equal(
      codeOf(await cancelMessage(interrupted(moveBehind(stateOf("sending"))), OPERATOR, id)),
      "wrong_status",
    );
    assert.equal((await now(id)).status, "sending");
    assert.deepEqual(await auditLines(), [], "what was not done is not in the audit");
  });

  test("a message that is deferred in between is still canceled", async () => {
    const id = await messageIn("queued");
    assert.equal(codeOf(await cancelMessage(interrupted(moveBehind(stateOf("deferred"))), OPERATOR, id)), "done");
    assert.equal((await now(id)).status, "canceled");
  });
});

test("deleting a server cancels what waits for it, and leaves what is in progress or final", async () => {
  await bench.addServer("srv_bob", { username: "bob@example.com" });
  const ids = new Map<MessageStatus, string>();
  for (const status of MESSAGE_STATUSES)
    ids.set(status, await messageIn(status, { ...simpleMessage, server: "srv_ada" }));
  const other = await bench.accepted({ ...simpleMessage, server: "srv_bob" });
  assert.equal(await cancelOpenMessages(bench, "srv_ada"), 4);
  for (const [status, id] of ids) {
    const waits = ["queued", "scheduled", "held", "deferred"].includes(status);
    assert.equal((await now(id)).status, waits ? "canceled" : status);
  }
  assert.equal((await now(other.id)).status, "queued");
  assert.equal(bench.announced.length, 4);
  assert.equal(await cancelOpenMessages(bench, "srv_ada"), 0);
});
