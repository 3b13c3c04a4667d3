import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../../functions/domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../../functions/domain/messages/delivery-deps.ts";
import { changeLedger, LedgerMemory } from "../../../functions/domain/messages/limits/ledger.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { acceptsAll, type Delivery, delivery, losesReply, SERVER } from "../../builders/delivery.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const live = async (): Promise<readonly string[]> =>
  ((await stack.deps.records.get("quotas", SERVER))?.value.live ?? []).map(({ id }) => id);

const send = async (id: string, deps: DeliveryDeps = stack.deps): Promise<Message> => {
  await stack.accept(id);
  await deliverMessage(deps, id);
  return stack.message(id);
};

/** Another instance of `deliver-mail` on the same store. */
const instance = (): DeliveryDeps => ({ ...stack.deps, memory: new InstanceMemory(stack.clock) });

/** The writes of ledgers so far. */
const watchLedger = (deps: DeliveryDeps): { readonly deps: DeliveryDeps; readonly writes: () => number } => {
  let writes = 0;
  const { records } = deps;
  const commit: typeof records.commit = (all) => {
    writes += all.filter(({ kind }) => kind === "quotas").length;
    return records.commit(all);
  };
  return { deps: { ...deps, records: { ...records, commit } }, writes: () => writes };
};

/** Sends so many at once, all of which reach Gmail before the first is accepted. */
const sendAtOnce = async (count: number, deps: DeliveryDeps, name = "msg_burst"): Promise<void> => {
  const all = Promise.withResolvers<void>();
  let arrived = 0;
  stack.gmail = async (...mail) => {
    arrived += 1;
    if (arrived === count) all.resolve();
    await all.promise;
    return acceptsAll(...mail);
  };
  const ids = Array.from({ length: count }, (_, n) => `${name}_${n}`);
  for (const id of ids) await stack.accept(id);
  await Promise.all(ids.map((id) => deliverMessage(deps, id)));
  for (const id of ids) assert.equal((await stack.message(id)).status, "sent");
  stack.gmail = acceptsAll;
};

test("a sender of one mail after the other writes its ledger once a mail, and holds one place at most", async () => {
  const watched = watchLedger(stack.deps);
  for (let n = 0; n < 20; n += 1) {
    assert.equal((await send(`msg_${n}`, watched.deps)).status, "sent");
    assert.deepEqual(await live(), [`msg_${n}`]);
  }
  assert.equal(watched.writes(), 20);
});

test("however many instances have sent, at most three places look taken afterwards, and the next instance sends", async () => {
  for (let n = 0; n < 12; n += 1) {
    assert.equal((await send(`msg_${n}`, instance())).status, "sent");
    assert.ok((await live()).length <= 3, String(await live()));
  }
});

for (const count of [2, 5, 8])
  test(`a burst of ${count} at once leaves at most three places that look taken`, async () => {
    await sendAtOnce(count, stack.deps);
    assert.ok((await live()).length <= 3, String(await live()));
    await sendAtOnce(5, instance(), "msg_others");
  });

test("frees its places after another instance has written the ledger, too", async () => {
  await send("msg_a");
  await changeLedger(stack.deps, { serverId: SERVER }, (ledger) => ({ ...ledger }));
  await send("msg_b");
  assert.deepEqual(await live(), ["msg_b"]);
});

test("of a full account, an end is left only to who waits for the place here, one for each", () => {
  const memory = new LedgerMemory();
  const live = Array.from({ length: 8 }, (_, n) => ({ id: `msg_${n}`, untilMs: 9 }));
  memory.note(SERVER, { value: { ...EMPTY_LEDGER, live }, version: "1" });
  assert.equal(memory.endLater(SERVER, { id: "msg_0", nowMs: 1 }), false);
  void memory.placeFreed(SERVER, new AbortController().signal);
  assert.equal(memory.endLater(SERVER, { id: "msg_0", nowMs: 1 }), true);
  memory.freed(SERVER);
  assert.equal(memory.endLater(SERVER, { id: "msg_1", nowMs: 1 }), false);
  const left = memory.withoutEnded(SERVER, { value: { ...EMPTY_LEDGER, live }, version: "1" }).value.live;
  assert.deepEqual(left, live.slice(1));
  // Another write may have been under way, with the claim still in it: it is not forgotten until one without it is.
  memory.note(SERVER, { value: { ...EMPTY_LEDGER, live }, version: "2" });
  assert.deepEqual(memory.withoutEnded(SERVER, { value: { ...EMPTY_LEDGER, live }, version: "2" }).value.live, left);
});

test("an account that is halved, or was refused before, has each end written", async () => {
  await send("msg_a");
  const untilMs = stack.clock.nowMs() + 60_000;
  await changeLedger(stack.deps, { serverId: SERVER }, (ledger) => ({ ...ledger, live: [], halvedUntilMs: untilMs }));
  await send("msg_b");
  assert.deepEqual(await live(), []);
  stack.clock.advance(60_001);
  await changeLedger(stack.deps, { serverId: SERVER }, (ledger) => ({ ...ledger, refusals: 2 }));
  await send("msg_c");
  assert.deepEqual(await live(), []);
  assert.equal((await stack.deps.records.get("quotas", SERVER))?.value.refusals, 0);
});

test("a message that is tried again here holds its place while it is", async () => {
  await stack.accept("msg_a", { onUnknown: "resend" });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, "msg_a");
  assert.equal((await stack.message("msg_a")).status, "unknown");
  const { value, version } = (await stack.deps.records.get("messages", "msg_a")) ?? assert.fail();
  const queued = { ...value, status: "queued", dueAtMs: stack.clock.nowMs() + 60_000 } as Message;
  await stack.deps.records.commit([{ op: "replace", kind: "messages", id: "msg_a", version, value: queued }]);
  stack.clock.advance(1_000);
  let during: readonly string[] = [];
  stack.gmail = async (...mail) => {
    await send("msg_b", { ...stack.deps, transports: { ...stack.deps.transports, smtp: accepting } });
    during = await live();
    return acceptsAll(...mail);
  };
  await deliverMessage(stack.deps, "msg_a");
  assert.deepEqual(during, ["msg_a", "msg_b"]);
});

const accepting: DeliveryDeps["transports"]["smtp"] = {
  send: (mail, _login, beforeData) => acceptsAll(mail, beforeData, ""),
  probe: async () => [],
  close: async () => undefined,
};

test("an instance remembers so many ledgers and no more, and with a forgotten one whatever had ended", () => {
  const memory = new LedgerMemory();
  const idAt = (at: number): string => `srv_${at}`;
  const live = [{ id: "msg_0", untilMs: 1_000 }];
  for (let at = 0; at < 100_000; at += 1) {
    memory.note(idAt(at), { value: { ...EMPTY_LEDGER, live }, version: "1" });
    assert.equal(memory.endLater(idAt(at), { id: "msg_0", nowMs: 1 }), true);
    // The first one stays in use, so it is never the oldest.
    memory.note(idAt(0), { value: EMPTY_LEDGER, version: String(at) });
  }
  const known = Array.from({ length: 100_000 }, (_, at) => memory.known(idAt(at))).filter((one) => one !== undefined);
  assert.equal(known.length, 1_000);
  assert.equal(memory.known(idAt(0))?.version, "99999");
  const former = { value: { ...EMPTY_LEDGER, live }, version: "1" };
  assert.deepEqual(memory.withoutEnded(idAt(1), former).value.live, live, "it looks taken until its lease ends");
  assert.deepEqual(memory.withoutEnded(idAt(99_999), former).value.live, []);
});
