import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import type { DocumentDelivery } from "../../../functions/domain/document-delivery.ts";
import { newNotice } from "../../../functions/domain/news.ts";
import { tellForgotten } from "../../../functions/domain/notices/tell.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Announcement } from "../../../functions/domain/publisher.ts";
import { announcer } from "../../../functions/runtime/announce.ts";
import { type MessageBench, messageBench } from "../../builders/messages.ts";
import { telling } from "../../builders/telling.ts";

const of = { database: "(default)", path: "mail/a", createTime: "1", version: "1", attempt: 1, expiresAtMs: null };
const DOCUMENT: DocumentDelivery = { of, startedAtMs: 0, state: "PROCESSING" };
const EVENT: Announcement = {
  type: "relais.message.sent.v1",
  subject: "msg_1",
  data: {},
  as: { id: "evt_1", atMs: 0 },
  document: DOCUMENT,
};

describe("an event of a message that came from a document", () => {
  let bench: MessageBench;
  let away: { topic: boolean; document: boolean };
  let done: { topic: number; document: number };
  let announce: ReturnType<typeof announcer>;
  let tick: () => Promise<number>;
  let storeFails: boolean;

  afterEach(() => bench.close());
  beforeEach(() => {
    bench = messageBench();
    away = { topic: false, document: false };
    done = { topic: 0, document: 0 };
    storeFails = false;
    const act = (what: "topic" | "document") => async () => {
      if (away[what]) throw new Unavailable(`reach the ${what}`, { cause: null });
      done[what] += 1;
    };
    const platform = { ...bench, publisher: { publish: act("topic") } };
    const commit: typeof bench.records.commit = async (writes) => {
      if (storeFails) throw new Unavailable("write", { cause: null });
      return bench.records.commit(writes);
    };
    announce = announcer({
      ...platform,
      records: { commit },
      noteDelivery: act("document"),
      publicUrl: "https://relais.test",
    });
    const { tell } = telling({ ...platform, announce });
    tick = () => {
      bench.clock.advance(3_600_000);
      return tellForgotten({ ...platform, tell });
    };
  });

  it("is published once, however long its document is away", async () => {
    away.document = true;
    await announce(EVENT);
    for (const _ of [1, 2, 3]) assert.equal(await tick(), 1);
    assert.deepEqual(done, { topic: 1, document: 0 });
    away.document = false;
    assert.equal(await tick(), 1);
    assert.deepEqual(done, { topic: 1, document: 1 });
    assert.equal(await tick(), 0);
  });

  it("is published late if the topic was away", async () => {
    away.topic = true;
    await announce(EVENT);
    assert.equal(await tick(), 1);
    away.topic = false;
    assert.equal(await tick(), 1);
    assert.equal(done.topic, 1);
    assert.ok(done.document >= 1);
    assert.equal(await tick(), 0);
  });

  it("is not lost if neither the topic takes it nor the store, for one write, what is left of it", async () => {
    const value = newNotice(bench.clock, { kind: "event", event: EVENT }, 0);
    await bench.records.commit([{ op: "put", kind: "notices", id: "evt_1", value }]);
    away.topic = true;
    storeFails = true;
    assert.equal(await tick(), 1);
    assert.ok(bench.logged.includes("notice_not_told"));
    assert.ok(!bench.logged.includes("event_lost"));
    away.topic = false;
    storeFails = false;
    assert.equal(await tick(), 1);
    assert.equal(done.topic, 1);
    assert.equal(await tick(), 0);
  });
});
