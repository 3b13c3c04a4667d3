import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { recordRefused } from "../../../functions/domain/messages/accept/record-refused.ts";
import { cancelMessage } from "../../../functions/domain/messages/commands/cancel.ts";
import { retryMessage } from "../../../functions/domain/messages/commands/retry-message.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { closeLedger } from "../../../functions/domain/messages/stats/ledger-tally.ts";
import { readStats, type StatsRow, type StatsWanted } from "../../../functions/domain/messages/views/stats.ts";
import type { Write } from "../../../functions/domain/records.ts";
import { acceptsAll, type Delivery, delivery, losesReply, refuses, SERVER } from "../../builders/delivery.ts";
import { eventually } from "../../builders/eventually.ts";
import { grant, memberOf, OPERATOR, validConnection } from "../../builders/mail-server.ts";

const NOW = Date.parse("2026-11-22T09:00:00Z");
const OTHER = "srv_other";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
  await stack.setServer({ username: "grace@example.com", connection: validConnection() }, OTHER);
});

const ask = (wanted: Partial<StatsWanted> = {}, who: Principal = OPERATOR) =>
  readStats(stack.deps, who, { by: "hour", fromMs: null, toMs: null, server: null, ...wanted });

const rows = async (...asked: Parameters<typeof ask>): Promise<readonly StatsRow[]> => {
  const view = await ask(...asked);
  assert.ok(view.ok, JSON.stringify(view));
  return view.value.items;
};

/** The numbers that are not zero, by hour: `22T09 sent 1`. */
const said = async (...asked: Parameters<typeof ask>): Promise<string[]> =>
  (await rows(...asked)).flatMap(({ at, server: _, ...numbers }) =>
    Object.entries(numbers).flatMap(([what, by]) => (by === 0 ? [] : [`${at.slice(8, 13)} ${what} ${by}`])),
  );

const refused = async (...asked: Parameters<typeof ask>): Promise<unknown> => {
  const view = await ask(...asked);
  assert.ok(!view.ok);
  return view.problem.code === "invalid_request"
    ? view.problem.fields.map(({ path, code }) => `${path} ${code}`)
    : view.problem.code;
};

const send = async (id: string, changes: Parameters<Delivery["accept"]>[1] = {}): Promise<void> => {
  await stack.accept(id, changes);
  await deliverMessage(stack.deps, id);
};

/** Counts the writes of each kind from here on. */
const watchWrites = (): (() => string[]) => {
  const { records } = stack.deps;
  const seen: Write[] = [];
  const commit: typeof records.commit = async (writes) => {
    seen.push(...writes);
    return records.commit(writes);
  };
  const [get, query] = [records.get.bind(records), records.query.bind(records)];
  Object.assign(stack.deps, { records: { get, query, commit } });
  return () => seen.splice(0).map(({ op, kind }) => `${op} ${kind}`);
};

describe("the statistics", () => {
  it("have a row for every hour or day up to now, also if nothing happened", async () => {
    const hours = await rows();
    assert.equal(hours.length, 24);
    assert.equal(hours.at(-1)?.at, "2026-11-22T09:00:00.000Z");
    const days = await rows({ by: "day", server: SERVER });
    assert.equal(days.length, 30);
    assert.deepEqual(days.at(-1), {
      at: "2026-11-22T00:00:00.000Z",
      server: SERVER,
      sent: 0,
      refused: 0,
      failed: 0,
      held: 0,
      deferred: 0,
      unknown: 0,
      canceled: 0,
      expired: 0,
      recipients: 0,
    });
  });

  it("begin with the hour of `from`, and end before `to`", async () => {
    const at = (wanted: Partial<StatsWanted>) => rows(wanted).then((found) => found.map((row) => row.at.slice(8, 16)));
    assert.deepEqual(await at({ fromMs: NOW + MINUTE, toMs: NOW + 2 * HOUR }), ["22T09:00", "22T10:00"]);
    assert.deepEqual(await at({ fromMs: NOW, toMs: NOW + HOUR + 1 }), ["22T09:00", "22T10:00"]);
    assert.deepEqual(await at({ by: "day", fromMs: NOW, toMs: NOW + 1 }), ["22T00:00"]);
    assert.equal((await at({ fromMs: NOW - 399 * HOUR })).length, 400);
    for (const by of ["hour", "day"] as const) {
      const stepMs = by === "hour" ? HOUR : DAY;
      assert.deepEqual(await refused({ by, fromMs: NOW - 400 * stepMs }), ["/from too_many_rows"]);
      assert.deepEqual(await refused({ by, fromMs: NOW, toMs: NOW }), ["/to not_after_from"]);
      assert.deepEqual(await refused({ by, fromMs: NOW + 1 }), ["/to not_after_from"]);
    }
    assert.equal((await rows({ toMs: NOW - 300 * DAY })).length, 24);
  });

  it("count an ordinary mail without a write of its own", async () => {
    await stack.accept("msg_1");
    const writes = watchWrites();
    await deliverMessage(stack.deps, "msg_1");
    assert.deepEqual(writes(), ["replace messages", "create quotas", "replace messages", "replace messages"]);
    assert.deepEqual(await said(), ["22T09 sent 1", "22T09 recipients 1"]);
    assert.deepEqual(await said({ server: SERVER }), ["22T09 sent 1", "22T09 recipients 1"]);
    assert.deepEqual(await said({ server: OTHER }), []);
  });

  it("are the same before and after counts move from the ledger, by a claim or by a tick", async () => {
    stack.clock.advance(50 * MINUTE);
    await send("msg_1");
    stack.clock.advance(59 * MINUTE);
    await send("msg_2");
    const expected = ["22T09 sent 1", "22T09 recipients 1", "22T10 sent 1", "22T10 recipients 1"];
    assert.deepEqual(await said(), expected);
    const writes = watchWrites();
    stack.clock.advance(MINUTE);
    await send("msg_3");
    assert.equal(writes().filter((write) => write === "add tallies").length, 2, "for the server and for all");
    const more = expected.map((line) => line.replace(/(10 .*) 1$/, "$1 2"));
    assert.deepEqual(await said(), more);
    await send("msg_4");
    stack.clock.advance(HOUR);
    await dispatchDue(stack.deps);
    assert.equal((await stack.deps.records.get("quotas", SERVER))?.value.tally, undefined);
    for (const server of [null, SERVER])
      assert.deepEqual(
        await said({ server }),
        more.map((line) => line.replace(/(10 .*) 2$/, "$1 3")),
      );
    writes();
    await dispatchDue(stack.deps);
    assert.deepEqual(writes(), [], "nothing is moved twice");
  });

  it("count in the hour of the claim, over a change of hour, day and month", async () => {
    stack.clock.advance(Date.parse("2026-11-30T23:59:59.900Z") - NOW);
    stack.gmail = async (mail, beforeData) => {
      await beforeData([]);
      stack.clock.advance(200);
      const reply = { code: 250, enhanced: null, response: "OK" };
      return { kind: "accepted", accepted: mail.envelope.to, refused: [], reply, providerId: null };
    };
    await send("msg_1");
    stack.gmail = refuses("body", 550, "5.4.5");
    await send("msg_2");
    stack.clock.advance(2 * HOUR);
    await dispatchDue(stack.deps);
    assert.deepEqual(await said(), ["30T23 sent 1", "30T23 recipients 1", "01T00 deferred 1"]);
    const days = await rows({ by: "day" });
    assert.deepEqual(
      days.slice(-2).map(({ sent, deferred }) => [sent, deferred]),
      [
        [1, 0],
        [0, 1],
      ],
    );
  });

  it("tell what was sent in part, to how many, and what expired", async () => {
    const reply = { code: 550, enhanced: "5.1.1", response: "no such user" };
    stack.gmail = async (mail, beforeData) => {
      const [address = "", ...accepted] = mail.envelope.to;
      await beforeData([{ address, reply }]);
      return { kind: "accepted", accepted, refused: [{ address, reply }], reply, providerId: null };
    };
    const recipients = ["a@y.org", "b@y.org", "c@y.org"].map(
      (address) => ({ address, state: "pending", reply: null }) as const,
    );
    await send("msg_1", { recipients });
    assert.deepEqual(await said(), ["22T09 sent 1", "22T09 refused 1", "22T09 recipients 2"]);
    stack.gmail = refuses("mail", 451);
    await send("msg_2", { expiresAtMs: NOW + MINUTE });
    stack.clock.advance(HOUR);
    await dispatchDue(stack.deps);
    const both = ["22T09 sent 1", "22T09 refused 1", "22T09 deferred 1", "22T09 recipients 2", "22T10 expired 1"];
    assert.deepEqual(await said(), both);
  });

  it("take a failure back when it is retried, and leave what a message went through", async () => {
    stack.gmail = refuses("body", 554, "5.6.0");
    await send("msg_1");
    assert.deepEqual(await said(), ["22T09 failed 1"]);
    stack.clock.advance(HOUR);
    assert.ok((await retryMessage(stack.deps, OPERATOR, "msg_1")).ok);
    assert.deepEqual(await said(), []);
    stack.gmail = losesReply;
    await deliverMessage(stack.deps, "msg_1");
    assert.deepEqual(await said(), ["22T10 unknown 1"]);
  });

  it("count what is held, canceled or refused before anything was tried", async () => {
    const dead = { state: "reconnect_required", grant: grant(), reason: "unclear", sinceMs: 0 } as const;
    await stack.setServer({ connection: dead });
    await send("msg_1");
    assert.ok((await cancelMessage(stack.deps, OPERATOR, "msg_1")).ok);
    for (const server of ["a name / of no server", OTHER]) {
      const problem = { code: "unauthenticated" } as const;
      await recordRefused(stack.deps, { pubsubId: server, json: { server }, problem });
      await recordRefused(stack.deps, { pubsubId: server, json: { server }, problem });
    }
    assert.deepEqual(await said(), ["22T09 failed 2", "22T09 held 1", "22T09 canceled 1"]);
    assert.deepEqual(await said({ server: OTHER }), ["22T09 failed 1"]);
  });

  it("go on with messages and ledgers of a release that did not count", async () => {
    const claimed = { status: "sending", phase: "claimed", fence: 1, dueAtMs: NOW } as const;
    const entry = { atMs: NOW, status: "sending", note: null } as const;
    await stack.accept("msg_1", { ...claimed, timeline: [entry] } as Parameters<Delivery["accept"]>[1]);
    await stack.accept("msg_2", { status: "failed", finalAtMs: NOW, dueAtMs: null, timeline: [] } as object);
    stack.clock.advance(MINUTE);
    await dispatchDue(stack.deps);
    assert.ok((await retryMessage(stack.deps, OPERATOR, "msg_2")).ok);
    const { records } = stack.deps;
    const zero = await records.query("talliesOf", { scope: "all", upTo: NOW }, { limit: 50 });
    assert.deepEqual(zero, { items: [], next: null }, "nothing is taken back that was not counted");
    await deliverMessage(stack.deps, "msg_1");
    await deliverMessage(stack.deps, "msg_2");
    assert.deepEqual(await said(), ["22T09 sent 2", "22T09 recipients 2"]);
  });

  it("take back what a release that does not count has moved on, at the next move", async () => {
    await stack.accept("msg_1");
    stack.gmail = () => new Promise(() => undefined);
    void deliverMessage(stack.deps, "msg_1");
    await eventually("the claim", async () => (await stack.message("msg_1")).status === "sending");
    const { phase: _, fence: __, ...claimed } = { phase: 0, fence: 0, ...(await stack.message("msg_1")) };
    const value = { ...claimed, status: "deferred", dueAtMs: NOW } as Message;
    await stack.deps.records.commit([{ op: "put", kind: "messages", id: "msg_1", value }]);
    stack.clock.advance(HOUR);
    stack.gmail = acceptsAll;
    await deliverMessage(stack.deps, "msg_1");
    assert.deepEqual(await said(), ["22T10 sent 1", "22T10 recipients 1"]);
  });

  it("outlast their server", async () => {
    await send("msg_1");
    await stack.deps.records.commit([
      { op: "delete", kind: "mailServers", id: SERVER },
      ...(await closeLedger(stack.deps, SERVER)),
    ]);
    assert.equal(await stack.deps.records.get("quotas", SERVER), undefined);
    for (const server of [null, SERVER])
      assert.deepEqual(await said({ server }), ["22T09 sent 1", "22T09 recipients 1"]);
    assert.deepEqual(await closeLedger(stack.deps, OTHER), []);
  });

  it("show members their own servers, and nobody a server that is not theirs", async () => {
    await send("msg_1");
    await send("msg_2", { serverId: OTHER, from: "grace@example.com" });
    const [ada, grace] = [memberOf("ada@example.com"), memberOf("grace@example.com")];
    const one = ["22T09 sent 1", "22T09 recipients 1"];
    assert.deepEqual(await said({}, ada), one);
    assert.deepEqual(await said({}, memberOf("eve@example.com")), []);
    assert.deepEqual(await said({ server: OTHER }, grace), one);
    assert.deepEqual(await said(), ["22T09 sent 2", "22T09 recipients 2"]);
    for (const server of [OTHER, "srv_none", "no such name"]) assert.equal(await refused({ server }, ada), "not_found");
    for (const server of ["srv_none", "no such name"])
      assert.deepEqual(await refused({ server }), ["/server no_such_server"]);
  });
});
