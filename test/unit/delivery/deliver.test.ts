import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { releaseHeld } from "../../../functions/domain/messages/due/release.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, losesReply, refuses } from "../../builders/delivery.ts";
import { eventually } from "../../builders/eventually.ts";
import { grant, SEND_ONLY, validConnection } from "../../builders/mail-server.ts";
import { testStore } from "../../builders/store.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ID = "msg_1";
const deliver = (): Promise<void> => deliverMessage(stack.deps, ID);
const status = async (): Promise<string> => (await stack.message(ID)).status;
const types = (): string[] => stack.events.map(({ type }) => type.replace(/^relais\.message\.|\.v1$/g, ""));
/** Moves the clock to when the message is due, lets the tick publish it, and delivers what was published. */
const nextTick = async (): Promise<void> => {
  const { dueAtMs } = await stack.message(ID);
  assert.ok(dueAtMs !== null);
  stack.clock.advance(Math.max(0, dueAtMs - stack.clock.nowMs()));
  stack.published();
  await dispatchDue(stack.deps);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
};

test("a queued message is sent: its body is erased and its recipients are accepted", async () => {
  await stack.accept(ID);
  await deliver();
  const message = await stack.message(ID);
  assert.equal(message.status, "sent");
  assert.equal(message.body.kind, "erased");
  assert.deepEqual(
    message.recipients.map(({ state }) => state),
    ["accepted"],
  );
  assert.deepEqual(
    message.timeline.map((entry) => entry.status),
    ["queued", "sending", "sent"],
  );
  assert.equal(message.eraseAtMs, stack.clock.nowMs() + 30 * DAY);
  assert.equal(stack.attempts[0]?.mail.envelope.from, "ada@example.com");
  assert.match(stack.attempts[0]?.mail.raw.toString() ?? "", /Message-ID: <msg_1@example.com>/);
  assert.deepEqual(types(), ["sent"]);
});

test("a push that comes twice, in turn or at once, sends one mail", async () => {
  await stack.accept(ID);
  await Promise.all([deliver(), deliver(), deliver()]);
  await deliver();
  assert.equal(stack.attempts.length, 1);
});

test("the mark is durable before DATA, and names the recipients", async () => {
  await stack.accept(ID, { ...acceptedMessage(stack.clock, ID, ["b@y.org", "c@y.org"]) });
  const reply = { code: 550, enhanced: "5.1.1", response: "No such user" };
  stack.gmail = async (mail, beforeData, token) => {
    assert.ok(await beforeData([{ address: "c@y.org", reply }]));
    const marked = await stack.message(ID);
    assert.ok(marked.status === "sending" && marked.phase === "data");
    assert.deepEqual(
      marked.recipients.map(({ state }) => state),
      ["pending", "rejected"],
    );
    return { ...(await acceptsAll(mail, async () => true, token)), refused: [{ address: "c@y.org", reply }] } as never;
  };
  await deliver();
  assert.equal(await status(), "sent");
});

test("an outcome is told once it is durable, and its place is free for the next mail before that", async () => {
  const store = testStore();
  const { records } = store;
  stack = await delivery(records);
  const disk = Promise.withResolvers<void>();
  const commit: typeof records.commit = async (writes, options) => {
    const outcome = await records.commit(writes, options);
    return options?.early === true ? { ...outcome, durable: () => disk.promise } : outcome;
  };
  const deps = { ...stack.deps, records: { ...records, commit } };
  // One more than an account may have under way.
  const ids = Array.from({ length: 9 }, (_, n) => `msg_${n}`);
  for (const id of ids) await stack.accept(id);
  const delivering = Promise.all(ids.map((id) => deliverMessage(deps, id)));
  await eventually("all have reached Gmail", async () => stack.attempts.length === ids.length);
  await eventually("the last is sent", async () => {
    const states = await Promise.all(ids.map(async (id) => (await stack.message(id)).status));
    return states.every((state) => state === "sent");
  });
  assert.deepEqual(types(), []);
  disk.resolve();
  await delivering;
  assert.deepEqual(types(), Array(9).fill("sent"));
  store.close();
});

test("only the deferred recipients are tried again", async () => {
  await stack.accept(ID, acceptedMessage(stack.clock, ID, ["b@y.org", "c@y.org", "d@y.org"]));
  const refused = [
    { address: "c@y.org", reply: { code: 451, enhanced: "4.2.1", response: "later" } },
    { address: "d@y.org", reply: { code: 550, enhanced: "5.1.1", response: "never" } },
  ];
  stack.gmail = async (_mail, beforeData) => {
    await beforeData(refused);
    const reply = { code: 250, enhanced: null, response: "OK" };
    return { kind: "accepted", accepted: ["b@y.org"], refused, reply, providerId: null };
  };
  await deliver();
  assert.equal(await status(), "deferred");
  stack.gmail = acceptsAll;
  await nextTick();
  assert.deepEqual(stack.attempts.at(-1)?.mail.envelope.to, ["c@y.org"]);
  const message = await stack.message(ID);
  assert.equal(message.status, "sent");
  assert.deepEqual(
    message.recipients.map(({ state }) => state),
    ["accepted", "accepted", "rejected"],
  );
});

test("a permanent refusal fails the message and keeps its body for seven days", async () => {
  await stack.accept(ID);
  stack.gmail = refuses("body", 550, "5.7.1");
  await deliver();
  const failed = await stack.message(ID);
  assert.equal(failed.status, "failed");
  assert.equal(failed.body.kind, "inline");
  assert.equal(failed.attempts.at(-1)?.problem, "message_refused");
  stack.clock.advance(7 * DAY);
  await dispatchDue(stack.deps);
  assert.equal((await stack.message(ID)).body.kind, "erased");
});

test("a server that lacks SMTPUTF8 when an address needs it is remembered as lacking it", async () => {
  const reply = { code: 550, enhanced: "5.6.7", response: "no" };
  stack.gmail = async () => ({
    kind: "refused",
    stage: "mail",
    reply,
    refused: [],
    retryAfterMs: null,
    lacks: "smtputf8",
  });
  await stack.accept("msg_1");
  await deliverMessage(stack.deps, "msg_1");
  assert.equal((await stack.message("msg_1")).status, "failed");
  assert.equal((await stack.deps.records.get("mailServers", "srv_one"))?.value.smtpUtf8, false);
});

test("a temporary refusal defers the message, which is sent once the server accepts it", async () => {
  await stack.accept(ID);
  stack.gmail = refuses("body", 451, "4.3.0");
  await deliver();
  assert.equal(await status(), "deferred");
  await deliver();
  assert.equal(stack.attempts.length, 1, "not before it is due");
  stack.gmail = acceptsAll;
  await nextTick();
  assert.equal(await status(), "sent");
  assert.deepEqual(types(), ["deferred", "sent"]);
});

test("after 72 hours of attempts a message has failed; time on hold does not count", async () => {
  await stack.accept(ID);
  stack.gmail = refuses("body", 451);
  await deliver();
  await stack.setServer({ connection: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 } });
  await nextTick();
  assert.equal(await status(), "held");
  stack.clock.advance(10 * DAY);
  await stack.setServer({});
  await releaseHeld(stack.deps, "srv_one");
  await deliver();
  assert.equal(await status(), "deferred");
  const start = stack.clock.nowMs();
  while ((await status()) === "deferred") await nextTick();
  assert.equal(await status(), "failed");
  const triedMs = stack.clock.nowMs() - start;
  assert.ok(triedMs > 70 * HOUR && triedMs < 74 * HOUR, `${triedMs / HOUR} h`);
  assert.equal((await stack.message(ID)).attempts.at(-1)?.problem, "attempts_exhausted");
});

test("Gmail's daily limit defers the message and holds the server's other messages", async () => {
  await stack.accept(ID);
  await stack.accept("msg_2");
  stack.gmail = refuses("body", 550, "5.4.5");
  await deliver();
  const message = await stack.message(ID);
  assert.equal(message.status, "deferred");
  assert.equal(message.attempts.at(-1)?.problem, "quota_reached");
  await deliverMessage(stack.deps, "msg_2");
  const other = await stack.message("msg_2");
  assert.ok(other.status === "held" && other.because === "limit_reached");
  assert.equal(stack.attempts.length, 1);
});

test("when Gmail says when to come back, the server's other messages wait until then too", async () => {
  await stack.setServer({ transport: "gmail_api", connection: validConnection() });
  await stack.accept(ID);
  await stack.accept("msg_2");
  stack.gmail = async (_mail, beforeData) => {
    await beforeData();
    const reply = { code: 429, enhanced: null, response: "User-rate limit exceeded." };
    return { kind: "refused", stage: "body", reply, refused: [], retryAfterMs: 15 * MINUTE };
  };
  await deliver();
  await deliverMessage(stack.deps, "msg_2");
  const other = await stack.message("msg_2");
  assert.ok(other.status === "held" && other.because === "limit_reached", other.status);
  assert.equal(stack.attempts.length, 1);
  stack.gmail = acceptsAll;
  stack.clock.advance(15 * MINUTE);
  await dispatchDue(stack.deps);
  for (const id of stack.published()) await deliverMessage(stack.deps, id);
  assert.deepEqual([await status(), (await stack.message("msg_2")).status], ["sent", "sent"]);
});

test("a refused token is replaced once; if the new one is refused too, the message waits", async () => {
  await stack.accept(ID);
  stack.gmail = async (mail, beforeData, token) =>
    token === "first" ? refuses("auth", 535, "5.7.8")(mail, beforeData, token) : acceptsAll(mail, beforeData, token);
  await deliver();
  assert.equal(await status(), "sent");
  assert.deepEqual(
    stack.attempts.map(({ token }) => token),
    ["first", "second"],
  );
  await stack.accept("msg_2");
  stack.gmail = refuses("auth", 535, "5.7.8");
  await deliverMessage(stack.deps, "msg_2");
  assert.equal(stack.attempts.length, 4);
  assert.equal((await stack.message("msg_2")).status, "deferred");
});

test("a dead grant holds the message until the server is reconnected", async () => {
  await stack.accept(ID);
  stack.token = () => ({ ok: false, why: "grant_dead", reason: "password_or_revoked" });
  await deliver();
  const held = await stack.message(ID);
  assert.ok(held.status === "held" && held.because === "reconnect_required");
  assert.deepEqual(types(), ["held"]);
  stack.token = () => ({ ok: true, token: new Secret("new"), expiresAtMs: 0, scopes: [], identity: null });
  assert.equal(await releaseHeld(stack.deps, "srv_one"), 1);
  await deliver();
  assert.equal(await status(), "sent");
});

test("a message is deferred while Google cannot be reached", async () => {
  await stack.accept(ID);
  stack.token = () => ({ ok: false, why: "google_unavailable", retryAfterS: 600 });
  await deliver();
  const message = await stack.message(ID);
  assert.equal(message.status, "deferred");
  assert.equal(message.attempts.at(-1)?.problem, "google_unavailable");
  assert.ok((message.dueAtMs ?? 0) >= stack.clock.nowMs() + 5 * MINUTE);
});

test("a rejected client holds the message, whose time does not run meanwhile", async () => {
  await stack.accept(ID);
  stack.token = () => ({ ok: false, why: "client_rejected" });
  await deliver();
  const held = await stack.message(ID);
  assert.ok(held.status === "held" && held.because === "reconnect_required");
  assert.equal(held.attempts.at(-1)?.problem, "client_rejected");
  stack.clock.advance(100 * HOUR);
  stack.token = () => ({ ok: true, token: new Secret("new"), expiresAtMs: 0, scopes: [], identity: null });
  assert.equal(await releaseHeld(stack.deps, "srv_one"), 1);
  await deliver();
  assert.equal(await status(), "sent");
});

test("paused, archived and expired messages are not attempted", async () => {
  await stack.setServer({ active: false });
  await stack.accept(ID);
  await deliver();
  assert.equal(await status(), "held");
  await stack.accept("msg_2", { expiresAtMs: stack.clock.nowMs() });
  await deliverMessage(stack.deps, "msg_2");
  assert.equal((await stack.message("msg_2")).status, "expired");
  assert.equal(stack.attempts.length, 0);
});

test("after a lost reply the sent mail is searched at growing intervals; a message found there is sent", async () => {
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliver();
  assert.equal(await status(), "unknown");
  await nextTick();
  await nextTick();
  stack.lookup = "unavailable";
  await nextTick();
  const before = await stack.message(ID);
  assert.ok(before.status === "unknown" && before.lookups === 2, "a failed look is no miss");
  stack.lookup = "found";
  await nextTick();
  assert.equal(await status(), "sent");
  assert.equal(stack.attempts.length, 1);
  assert.deepEqual(types(), ["unknown", "resolved"]);
});

test("if the last search finds nothing, a person decides, or the message is sent again under the same Message-ID", async () => {
  for (const onUnknown of ["hold", "resend"] as const) {
    stack = await delivery();
    await stack.accept(ID, { onUnknown });
    stack.gmail = losesReply;
    await deliver();
    stack.gmail = acceptsAll;
    for (let looks = 0; looks < 4; looks += 1) await nextTick();
    const message = await stack.message(ID);
    if (onUnknown === "hold") {
      assert.equal(message.status, "unknown");
      assert.equal(message.dueAtMs, null);
      assert.equal(stack.attempts.length, 1);
    } else {
      for (const id of stack.published()) await deliverMessage(stack.deps, id);
      assert.equal(await status(), "sent");
      assert.equal(stack.attempts.length, 2);
      assert.deepEqual(stack.attempts[0]?.mail.raw, stack.attempts[1]?.mail.raw);
    }
  }
});

test("repeated pushes do not bring a search forward", async () => {
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliver();
  for (let pushes = 0; pushes < 10; pushes += 1) await deliver();
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.lookups === 0);
});

test("if the scopes do not allow a search, a person must decide at once, and the message says so", async () => {
  await stack.setServer({
    transport: "gmail_api",
    connection: { state: "valid", grant: grant({ scopes: [SEND_ONLY] }) },
  });
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliver();
  const message = await stack.message(ID);
  assert.equal(message.status, "unknown");
  assert.equal(message.dueAtMs, null);
  assert.match(message.timeline.at(-1)?.note ?? "", /permissions granted do not allow/);
});

test("a worker that dies before the mark costs an attempt; after the mark, the resolver decides", async () => {
  for (const marked of [false, true]) {
    const id = marked ? "msg_marked" : "msg_unmarked";
    await stack.accept(id);
    stack.gmail = async (_mail, beforeData) => {
      if (marked) await beforeData([]);
      // The process is gone, so nothing is settled.
      return new Promise(() => undefined);
    };
    const arrived = stack.attempts.length;
    void deliverMessage(stack.deps, id);
    const phase = marked ? "data" : "claimed";
    await eventually(`the worker stands at ${phase}`, async () => {
      const sending = await stack.message(id);
      return stack.attempts.length > arrived && sending.status === "sending" && sending.phase === phase;
    });
    stack.gmail = acceptsAll;
    stack.clock.advance(10 * MINUTE);
    await dispatchDue(stack.deps);
    for (const published of stack.published()) await deliverMessage(stack.deps, published);
    assert.equal((await stack.message(id)).status, marked ? "unknown" : "sent");
  }
});

test("a worker that lost its lease still records what it knows for certain", async () => {
  await stack.accept(ID);
  stack.gmail = async (mail, beforeData, token) => {
    const outcome = await acceptsAll(mail, beforeData, token);
    stack.clock.advance(10 * MINUTE);
    await dispatchDue(stack.deps);
    assert.equal(await status(), "unknown");
    return outcome;
  };
  await deliver();
  assert.equal(await status(), "sent");
});

for (const written of [false, true]) {
  const though = written ? "after writing it" : "before writing it";
  test(`if the store fails at the mark ${though}, nothing is sent and the message is attempted again`, async () => {
    await failAtTheMark(written);
    assert.equal(await status(), "deferred");
    stack.gmail = acceptsAll;
    await nextTick();
    assert.equal(await status(), "sent");
  });
}

const failAtTheMark = async (written: boolean): Promise<void> => {
  await stack.accept(ID);
  const { records } = stack.deps;
  let failing = false;
  const flaky = {
    ...records,
    get: records.get.bind(records),
    query: records.query.bind(records),
    commit: async (writes: Parameters<typeof records.commit>[0]) => {
      if (failing) {
        failing = false;
        if (written) await records.commit(writes);
        throw new Unavailable("write", { cause: new Error("down") });
      }
      return records.commit(writes);
    },
  };
  stack.gmail = async (mail, beforeData, token) => {
    failing = true;
    return acceptsAll(mail, beforeData, token);
  };
  await deliverMessage({ ...stack.deps, records: flaky }, ID);
};

test("the tick makes up for a lost publication, and two ticks at once publish once", async () => {
  await stack.accept(ID);
  stack.clock.advance(MINUTE);
  await Promise.all([dispatchDue(stack.deps), dispatchDue(stack.deps)]);
  assert.deepEqual(stack.published(), [ID]);
});
