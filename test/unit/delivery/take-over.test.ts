import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { claimMessage } from "../../../functions/domain/messages/deliver/claim.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { InstanceMemory } from "../../../functions/domain/messages/deliver/instance-memory.ts";
import { Try } from "../../../functions/domain/messages/deliver/try.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { takeOver } from "../../../functions/domain/messages/due/take-over.ts";
import { readLedger } from "../../../functions/domain/messages/limits/ledger.ts";
import { type Delivery, delivery, SERVER } from "../../builders/delivery.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

/** What a process holds that then dies: `marked` messages may be out. */
const hold = async (id: string, { marked = false } = {}): Promise<void> => {
  await stack.accept(id);
  const claim = await claimMessage(stack.deps, id);
  assert.ok(claim);
  if (marked) assert.equal(await new Try(stack.deps, claim).mark(), true);
};
/** The next process remembers nothing. */
const next = () => ({ ...stack.deps, memory: new InstanceMemory(stack.clock) });

test("what a dead process held goes on at once: sent if it bears no mark, in doubt if it does", async () => {
  await hold("msg_claimed");
  await hold("msg_marked", { marked: true });
  const deps = next();
  await dispatchDue(deps);
  assert.deepEqual(stack.published(), [], "the leases last");
  await takeOver(deps);
  await dispatchDue(deps);
  for (const id of stack.published()) await deliverMessage(deps, id);
  assert.equal((await stack.message("msg_claimed")).status, "sent");
  assert.equal((await stack.message("msg_marked")).status, "unknown");
  assert.equal(stack.attempts.length, 1);
});

test("the places of a dead process are free at once, also that of a message whose outcome it had stored", async () => {
  for (let n = 0; n < 8; n += 1) await hold(`msg_${n}`);
  const ended = await stack.message("msg_0");
  const sent = {
    ...ended,
    status: "sent",
    dueAtMs: null,
    finalAtMs: 1,
    eraseAtMs: stack.clock.nowMs() + MINUTE,
  } as const;
  await stack.deps.records.commit([{ op: "put", kind: "messages", id: "msg_0", value: sent }]);
  const deps = next();
  await takeOver(deps);
  const { value } = await readLedger(deps.records, SERVER);
  assert.deepEqual(value.live, []);
  assert.equal(
    value.entries.reduce((sum, { recipients }) => sum + recipients, 0),
    8,
    "the count is given back apart",
  );
  await dispatchDue(deps);
  for (const id of stack.published()) await deliverMessage(deps, id);
  for (let n = 1; n < 8; n += 1) assert.equal((await stack.message(`msg_${n}`)).status, "sent");
});

test("a message that waits for a place of its account gets it as soon as one ends in this process", async () => {
  const held = Promise.withResolvers<void>();
  const accepts = stack.gmail;
  stack.gmail = async (...args) => {
    if (stack.attempts.length <= 8) await held.promise;
    return accepts(...args);
  };
  const ids = Array.from({ length: 12 }, (_, n) => `msg_${n}`);
  for (const id of ids) await stack.accept(id);
  // Time stands still, so nobody looks again by themselves.
  const clock = { ...stack.clock, sleep: (_: number, signal?: AbortSignal) => untilAborted(signal) };
  const deps = { ...stack.deps, clock };
  const delivering = Promise.all(ids.map((id) => deliverMessage(deps, id)));
  while (stack.attempts.length < 8) await new Promise((resolve) => setImmediate(resolve));
  held.resolve();
  await delivering;
  for (const id of ids) assert.equal((await stack.message(id)).status, "sent", id);
});

const untilAborted = (signal?: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal?.addEventListener("abort", () => resolve(), { once: true }));
