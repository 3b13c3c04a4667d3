import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Topic, TopicMessage } from "../../../functions/domain/publisher.ts";
import type { PushMessage } from "../../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { testSystem } from "../../builders/edge.ts";
import { mailServer, validConnection } from "../../builders/mail-server.ts";
import { telling } from "../../builders/telling.ts";

let base: ReturnType<typeof testSystem>;
let system: System;
let published: { topic: Topic; message: TopicMessage }[];

beforeEach(async () => {
  base = testSystem();
  published = [];
  const publish = async (topic: Topic, message: TopicMessage) => void published.push({ topic, message });
  const announce: System["announce"] = async ({ type, subject }) =>
    void published.push({ topic: "mail-events", message: { data: { type, subject }, attributes: {} } });
  system = telling({ ...base, publisher: { publish }, announce });
  await connect("srv_ada");
});
afterEach(() => base.close());

const connect = async (id: string, changes: Parameters<typeof mailServer>[0] = {}): Promise<void> => {
  const value = mailServer({ connection: validConnection(), ...changes });
  await system.records.commit([{ op: "put", kind: "mailServers", id, value }]);
};

const push = (data: unknown, attributes: Readonly<Record<string, string>> = {}, messageId = "1"): PushMessage => ({
  data: Buffer.from(typeof data === "string" ? data : JSON.stringify(data)),
  attributes,
  messageId,
  deliveryAttempt: 1,
});
const messages = async () => {
  const page = await system.records.query("messagesNewest", {}, { limit: 50 });
  assert.ok(page !== "bad_cursor");
  return page.items.map(({ value }) => value);
};
const topics = (): string[] => published.map(({ topic }) => topic);

const MAIL = { to: "b@y.org", subject: "Bonjour", text: "Bonjour" };

test("a message that a program publishes becomes a record, once per Pub/Sub id or key", async () => {
  const take = deliverMail(system);
  assert.equal(await take(push(MAIL)), "ack");
  assert.equal(await take(push(MAIL)), "ack");
  assert.equal((await messages()).length, 1);
  assert.equal(await take(push(MAIL, { idempotencyKey: "k" }, "2")), "ack");
  assert.equal(await take(push(MAIL, { idempotencyKey: "k" }, "3")), "ack");
  const kept = await messages();
  assert.equal(kept.length, 2);
  assert.ok(kept.every(({ status, caller }) => status === "queued" && caller === "topic:mail-send"));
  assert.ok(topics().includes("mail-send"));
});

const NEVER = [
  ["no JSON at all", "{", "invalid_json"],
  ["no recipient", { text: "x" }, "invalid_request"],
  ["an unknown member", { ...MAIL, bccc: "x@y.org" }, "invalid_request"],
  ["an address that no server may use", { ...MAIL, from: "someone@elsewhere.org" }, "from_not_allowed"],
  ["an unknown server", { ...MAIL, server: "nowhere" }, "not_found"],
] as const;
for (const [name, data, problem] of NEVER) {
  test(`a message that can never be sent (${name}) is recorded as failed once, announced and acknowledged`, async () => {
    const take = deliverMail(system);
    assert.equal(await take(push(data)), "ack");
    assert.equal(await take(push(data)), "ack");
    const [failed, ...others] = await messages();
    assert.equal(others.length, 0);
    assert.equal(failed?.status, "failed");
    const told = failed?.attempts.at(-1)?.problem;
    assert.ok(told === problem || (problem === "not_found" && told !== undefined), `${told}`);
    assert.deepEqual(topics(), ["mail-events"]);
  });
}

test("an unknown id of ours, or a missing one, is acknowledged", async () => {
  const take = deliverMail(system);
  assert.equal(await take(push({ id: "msg_gone" }, { relais: "deliver" })), "ack");
  assert.equal(await take(push("nonsense", { relais: "deliver" })), "ack");
  assert.equal((await messages()).length, 0);
});

test("a server that can send again releases its held messages, oldest first", async () => {
  await connect("srv_ada", {
    connection: { state: "reconnect_required", grant: validConnectionGrant(), reason: "unclear", sinceMs: 0 },
  });
  for (const n of [1, 2, 3]) await deliverMail(system)(push({ ...MAIL, subject: `${n}` }, {}, `${n}`));
  const held = await messages();
  assert.ok(held.every(({ status }) => status === "held"));
  published.length = 0;
  await dispatchDue(system)(push({ server: "srv_ada" }));
  assert.equal(published.length, 0, "not while it cannot send");
  await connect("srv_ada");
  await dispatchDue(system)(push({ server: "srv_ada" }));
  const released = published.map(({ message }) => Reflect.get(Object(message.data), "id"));
  const ages = await Promise.all(released.map((id) => system.records.get("messages", String(id))));
  assert.deepEqual(
    ages.map((found) => found?.value.subject),
    ["1", "2", "3"],
  );
});

test("room that was given back goes to the oldest messages that wait for it and fit, but not while the server cannot send", async () => {
  const limits = { perMinute: 2, perDay: 1_000 };
  for (const n of [1, 2, 3]) await deliverMail(system)(push({ ...MAIL, subject: `${n}` }, {}, `${n}`));
  const queued = await system.records.query("messagesNewest", {}, { limit: 50 });
  assert.ok(queued !== "bad_cursor");
  for (const { id, value } of queued.items) {
    const waits = { status: "held", because: "limit_reached", dueAtMs: 0, sinceMs: 0 } as const;
    await system.records.commit([{ op: "put", kind: "messages", id, value: { ...value, ...waits } }]);
  }
  await connect("srv_ada", {
    limits,
    connection: { state: "reconnect_required", grant: validConnectionGrant(), reason: "unclear", sinceMs: 0 },
  });
  await dispatchDue(system)(push({ room: "srv_ada" }));
  assert.ok((await messages()).every(({ status }) => status === "held"));
  await connect("srv_ada", { limits });
  await dispatchDue(system)(push({ room: "srv_ada" }));
  assert.deepEqual(
    (await messages()).map(({ subject, status }) => [subject, status]),
    [
      ["3", "held"],
      ["2", "queued"],
      ["1", "queued"],
    ],
  );
});

test("a tick requests a check of each due server, and of no other", async () => {
  const nowMs = system.clock.nowMs();
  for (const [id, nextCheckAtMs] of [
    ["srv_due", nowMs - 1],
    ["srv_later", nowMs + 60_000],
    ["srv_never", null],
  ] as const) {
    await connect(id, { name: id, nextCheckAtMs });
  }
  await refreshTokens(system)(push({ tick: true }));
  assert.deepEqual(
    published.map(({ topic, message }) => [topic, message.data]),
    [["token-checks", { server: "srv_due", due: true }]],
  );
});

test("a check of a deleted server is acknowledged", async () => {
  assert.equal(await refreshTokens(system)(push({ server: "srv_gone" })), "ack");
});

function validConnectionGrant() {
  const connection = validConnection();
  assert.ok(connection.state === "valid");
  return connection.grant;
}
