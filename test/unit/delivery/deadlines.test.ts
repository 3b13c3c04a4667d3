import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { readBody } from "../../../functions/domain/messages/body-store.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, losesReply, refuses } from "../../builders/delivery.ts";
import { grant, validConnection } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ID = "msg_1";
const status = async (): Promise<string> => (await stack.message(ID)).status;
/** Runs ticks for that long, as the scheduler does, and delivers what they publish. */
const ticksFor = async (ms: number): Promise<void> => {
  for (const endMs = stack.clock.nowMs() + ms; stack.clock.nowMs() < endMs; ) {
    stack.clock.advance(MINUTE);
    await dispatchDue(stack.deps);
    for (const id of stack.published()) await deliverMessage(stack.deps, id);
  }
};
const toBeReconnected = {
  connection: { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 },
} as const;

test("a message that waits for a reconnect expires within a minute of its expiresAt", async () => {
  await stack.setServer(toBeReconnected);
  await stack.accept(ID, { expiresAtMs: stack.clock.nowMs() + 5 * MINUTE });
  await deliverMessage(stack.deps, ID);
  await ticksFor(4 * MINUTE);
  assert.equal(await status(), "held");
  await ticksFor(2 * MINUTE);
  assert.equal(await status(), "expired");
});

test("a deferred message expires within a minute of its expiresAt, however late its next attempt is", async () => {
  await stack.accept(ID, { expiresAtMs: stack.clock.nowMs() + 5 * MINUTE });
  stack.gmail = refuses("body", 550, "5.4.5");
  await deliverMessage(stack.deps, ID);
  assert.equal(await status(), "deferred");
  await ticksFor(6 * MINUTE);
  assert.equal(await status(), "expired");
  assert.equal(stack.attempts.length, 1);
});

test("a reconnect between the look at the server and the hold costs minutes, not an hour", async () => {
  await stack.setServer(toBeReconnected);
  await stack.accept(ID);
  await deliverMessage(stack.deps, ID);
  assert.equal(await status(), "held");
  // Its own release found nothing to release yet.
  await stack.setServer({ connection: validConnection() });
  await ticksFor(2 * MINUTE);
  assert.equal(await status(), "sent");
});

const chunked = async (): Promise<() => Promise<number>> => {
  const { records } = stack.deps;
  const text = JSON.stringify(await readBody(stack.deps, await bodyOf()));
  const chunk = { messageId: ID, index: 0, text, createdAtMs: stack.clock.nowMs() };
  const marker = { ...chunk, index: 1, text: "", sweepAtMs: stack.clock.nowMs() + HOUR };
  await records.commit([
    { op: "put", kind: "bodyChunks", id: "set.0", value: chunk },
    { op: "put", kind: "bodyChunks", id: "set.marker", value: marker },
  ]);
  return async () => {
    const found = await Promise.all(["set.0", "set.marker"].map((id) => records.get("bodyChunks", id)));
    return found.filter((one) => one !== undefined).length;
  };
};
const bodyOf = async () => {
  await stack.accept("msg_model");
  return stack.message("msg_model");
};

test("the body of a failed message goes before its record, even if records are kept for less than seven days", async () => {
  stack.deps.environment satisfies { readonly retentionDays: number };
  const deps = { ...stack.deps, environment: { ...stack.deps.environment, retentionDays: 1 } };
  const left = await chunked();
  await stack.accept(ID, { body: { kind: "chunks", count: 1, set: "set" } });
  stack.gmail = refuses("body", 550, "5.7.1");
  await deliverMessage(deps, ID);
  const failed = await stack.message(ID);
  assert.equal(failed.status, "failed");
  assert.ok((failed.dueAtMs ?? Number.NaN) < (failed.eraseAtMs ?? 0), "the body is due first");
  stack.clock.advance((failed.dueAtMs ?? 0) - stack.clock.nowMs());
  await dispatchDue(deps);
  assert.equal(await left(), 0);
});

test("a body whose record was deleted first is found and erased", async () => {
  const left = await chunked();
  await stack.accept(ID, { body: { kind: "chunks", count: 1, set: "set" } });
  stack.gmail = refuses("body", 550, "5.7.1");
  await deliverMessage(stack.deps, ID);
  await ticksFor(2 * HOUR);
  assert.equal(await left(), 2, "it is kept for a retry");
  await stack.deps.records.commit([{ op: "delete", kind: "messages", id: ID }]);
  stack.clock.advance(DAY);
  await dispatchDue(stack.deps);
  assert.equal(await left(), 0);
});

for (const [transport, code] of [
  ["smtp", 534],
  ["gmail_api", 403],
] as const) {
  test(`an account that Gmail refuses for good (${code}) is not retried for 72 hours: its mail waits for a person`, async () => {
    await stack.setServer({ transport, connection: validConnection() });
    await stack.accept(ID);
    stack.gmail = refuses("auth", code, code === 534 ? "5.7.14" : null);
    await deliverMessage(stack.deps, ID);
    assert.equal((await stack.message(ID)).status, "deferred", "once may be a mood");
    await ticksFor(HOUR);
    const held = await stack.message(ID);
    assert.ok(held.status === "held" && held.because === "reconnect_required", held.status);
    assert.equal((await stack.deps.records.get("mailServers", "srv_one"))?.value.connection.state, "error");
    assert.equal(held.attempts.at(-1)?.problem, "gmail_refused");
  });
}

test("after a change of transport, the Gmail API sends only to those who do not have the mail yet", async () => {
  await stack.accept(ID, {
    recipients: [
      { address: "b@y.org", state: "accepted", reply: null },
      { address: "c@y.org", state: "pending", reply: null },
    ],
    body: {
      kind: "inline",
      json: JSON.stringify({
        ...(await readBody(stack.deps, await bodyOf())),
        to: [{ name: "B", address: "B@y.org" }],
        cc: [{ name: "C", address: "c@y.org" }],
      }),
    },
  });
  await stack.setServer({ transport: "gmail_api", connection: validConnection() });
  stack.gmail = acceptsAll;
  await deliverMessage(stack.deps, ID);
  const raw = stack.attempts[0]?.mail.raw.toString() ?? "";
  assert.doesNotMatch(raw, /b@y\.org/i);
  assert.match(raw, /^Cc: C <c@y\.org>/m);
});

/** Accepted for `b@y.org`; Gmail asks to try `c@y.org` later. */
const halfSent = async (changes: { readonly expiresAtMs?: number } = {}): Promise<void> => {
  const refused = [{ address: "c@y.org", reply: { code: 451, enhanced: "4.2.1", response: "later" } }];
  await stack.accept(ID, { ...acceptedMessage(stack.clock, ID, ["b@y.org", "c@y.org"]), ...changes });
  stack.gmail = async (_mail, beforeData) => {
    await beforeData(refused);
    const reply = { code: 250, enhanced: null, response: "OK" };
    return { kind: "accepted", accepted: ["b@y.org"], refused, reply, providerId: null };
  };
  await deliverMessage(stack.deps, ID);
  assert.equal(await status(), "deferred");
};
const states = async () => (await stack.message(ID)).recipients.map(({ state }) => state);

test("a message that has reached anyone is never reported as expired or failed, but as sent, with the others rejected", async () => {
  await halfSent({ expiresAtMs: stack.clock.nowMs() + 30_000 });
  await ticksFor(2 * MINUTE);
  assert.equal(await status(), "sent");
  assert.deepEqual(await states(), ["accepted", "rejected"]);
  assert.equal(stack.events.at(-1)?.type, "relais.message.sent.v1");
});

for (const [what, late] of [
  ["by the tick", true],
  ["by a push", false],
] as const) {
  test(`if 72 hours end while it waits, as seen ${what}, it counts as sent to those it has reached`, async () => {
    await halfSent();
    stack.clock.advance(73 * HOUR);
    if (late) await ticksFor(MINUTE);
    else await deliverMessage(stack.deps, ID);
    assert.equal(await status(), "sent");
    assert.deepEqual(await states(), ["accepted", "rejected"]);
    assert.equal((await stack.message(ID)).attempts.at(-1)?.problem, "attempts_exhausted");
  });
}

test("a message in doubt is neither sent again nor reported as expired after its expiresAt: a person decides", async () => {
  await stack.accept(ID, { onUnknown: "resend", expiresAtMs: stack.clock.nowMs() + 30 * MINUTE });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  await ticksFor(2 * HOUR);
  const doubt = await stack.message(ID);
  assert.ok(doubt.status === "unknown" && doubt.dueAtMs === null, doubt.status);
  assert.match(doubt.timeline.at(-1)?.note ?? "", /expired.*person/);
  assert.equal(stack.attempts.length, 1);
});
