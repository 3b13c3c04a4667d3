import assert from "node:assert/strict";
import { test } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { validConnection } from "../../builders/mail-server.ts";
import { inState, messageBench } from "../../builders/messages.ts";
import { Chance } from "../../simulator/chance.ts";
import { MemoryRecords } from "../../simulator/memory-records.ts";
import { Timeline } from "../../simulator/timeline.ts";
import { WatchMail } from "../../simulator/watch-mail.ts";
import { Weather } from "../../simulator/weather.ts";

const nothing = (): void => {};

const accepted = async (to: readonly string[]) => {
  const bench = messageBench();
  await bench.addServer("srv_ada");
  const message = await bench.accepted({ to, text: "x" });
  const server = await bench.records.get("mailServers", "srv_ada");
  bench.close();
  assert.ok(server !== undefined);
  return { message, server: server.value, nowMs: bench.clock.nowMs() };
};

const watching = (nowMs: number) => {
  const timeline = new Timeline(nowMs);
  const weather = new Weather(timeline, new Chance(1));
  weather.calmDown();
  const records = new MemoryRecords();
  const accused: string[] = [];
  const accuse = (_: string, message: string): void => void accused.push(message);
  const hooks = { onDoubt: nothing, onFailed: nothing, forget: nothing };
  const watch = new WatchMail({ timeline, weather, records: () => records, accuse, ...hooks });
  return { timeline, records, watch, accused };
};

test("a message may be called off after some of its recipients have it, but not with one that has it and is not said to", async () => {
  const { message, nowMs } = await accepted(["a@example.org", "b@example.org"]);
  const accusedOf = (state: "accepted" | "pending"): readonly string[] => {
    const { records, watch, accused } = watching(nowMs);
    watch.onWrite(message.id, undefined, message.value);
    const sending = { status: "sending", phase: "data", leaseUntilMs: nowMs, dueAtMs: nowMs } as const;
    records.write([
      { op: "put", kind: "messages", id: message.id, value: { ...message.value, ...sending } as Message },
    ]);
    watch.onTaken(message.value.messageId, ["a@example.org"]);
    watch.noteCanceled(message.id);
    const recipients = message.value.recipients.map((one, at) => (at === 0 ? { ...one, state } : one));
    const moved = { atMs: nowMs, status: "canceled", note: null } as const;
    const canceled = {
      ...inState(message.value, { status: "canceled", finalAtMs: nowMs, dueAtMs: null }),
      recipients,
      timeline: [...message.value.timeline, moved],
    } as Message;
    watch.onWrite(message.id, message.value, canceled);
    return accused;
  };
  assert.deepEqual(accusedOf("accepted"), []);
  assert.match(accusedOf("pending").join(), /is canceled, a@example\.org is pending, but Gmail has it/);
});

test("held mail is stuck only when its server has been able to send for two hours", async () => {
  const { message, server, nowMs } = await accepted(["a@example.org"]);
  const held = inState(message.value, {
    ...{ status: "held", because: "reconnect_required" },
    ...{ dueAtMs: nowMs + 48 * HOUR, sinceMs: nowMs },
  });
  const gone: MailServer = { ...server, connection: { state: "not_connected", reason: null } };
  const accusedWhenBackAfter = async (ms: number): Promise<readonly string[]> => {
    const { timeline, records, watch, accused } = watching(nowMs);
    watch.onServer("srv_ada", undefined, gone);
    watch.onWrite(message.id, undefined, held);
    records.write([{ op: "put", kind: "messages", id: message.id, value: held }]);
    records.write([{ op: "put", kind: "mailServers", id: "srv_ada", value: gone }]);
    timeline.after(ms, () => {
      const back: MailServer = { ...server, connection: validConnection() };
      records.write([{ op: "put", kind: "mailServers", id: "srv_ada", value: back }]);
      watch.onServer("srv_ada", gone, back);
    });
    await timeline.run(nowMs + 13 * HOUR);
    return accused;
  };
  assert.deepEqual(await accusedWhenBackAfter(12 * HOUR - MINUTE), []);
  assert.match((await accusedWhenBackAfter(9 * HOUR)).join(), /is held for \d+ h/);
});
