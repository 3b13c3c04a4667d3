import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { tellForgotten } from "../../../functions/domain/notices/tell.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Publisher, TopicMessage } from "../../../functions/domain/publisher.ts";
import { announcer } from "../../../functions/runtime/announce.ts";
import type { OnPush } from "../../../functions/runtime/event-edge.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { noteNothing } from "../../builders/no-documents.ts";
import { telling } from "../../builders/telling.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

const ADA = "ada@example.com";
const DIED = "relais.server.reconnect_required.v1";

describe("news that could not be delivered at once", () => {
  let relais: Relais;
  let system: System;
  let topicIsSilent: boolean;
  let events: TopicMessage[];
  let check: (id: string) => ReturnType<OnPush>;
  let tick: () => Promise<void>;
  let ada: string;

  beforeEach(async () => {
    relais = await startRelais();
    topicIsSilent = false;
    events = [];
    const publisher: Publisher = {
      publish: async (topic, message) => {
        if (topic !== "mail-events") return relais.system.publisher.publish(topic, message);
        if (topicIsSilent) throw new Unavailable("publish", { cause: null });
        events.push(message);
      },
    };
    const platform = { ...relais.system, publisher };
    system = telling({
      ...platform,
      announce: announcer({ ...platform, noteDelivery: noteNothing, publicUrl: "http://relais.test" }),
    });
    check = push(refreshTokens(system));
    const dispatch = dispatchDue(system);
    tick = async () => {
      relais.clock.advance(5 * MINUTE);
      assert.equal(await dispatch(message({ tick: true })), "ack");
    };
    ada = await relais.addServer({ name: "Facturation" });
    const answer = await (await relais.browser(SETUP)).connect(ada, { account: ADA });
    assert.equal(answer.status, 303, await answer.text());
    await tick();
    events.length = 0;
  });
  afterEach(() => relais.close());

  const message = (data: unknown) => ({
    data: Buffer.from(JSON.stringify(data)),
    attributes: {},
    messageId: "1",
    deliveryAttempt: 1,
  });
  const push = (take: OnPush) => (id: string) => take(message({ server: id }));
  const die = async (): Promise<void> => {
    relais.clock.advance(HOUR);
    relais.sandbox.control.revoke(ADA);
    assert.equal(await check(ada), "ack");
  };
  const told = () => events.map(({ data }) => data as { readonly id: string; readonly type: string; time: string });
  const untold = async () => {
    const page = await system.records.query("noticesDue", { upTo: Number.MAX_SAFE_INTEGER }, { limit: 50 });
    assert.ok(page !== "bad_cursor");
    return page.items;
  };
  const codes = () => relais.lines.map(({ code }) => code);

  it("is delivered at once if nothing is in the way, and leaves nothing behind", async () => {
    await die();
    assert.deepEqual(
      told().map(({ type }) => type),
      [DIED],
    );
    assert.deepEqual(await untold(), []);
    await tick();
    assert.equal(events.length, 1);
  });

  it("is stored while the topic is silent, and then comes with the time at which it happened", async () => {
    topicIsSilent = true;
    await die();
    const diedAt = new Date(relais.clock.nowMs());
    await tick();
    assert.equal((await untold()).length, 1);
    topicIsSilent = false;
    await tick();
    const [event, ...more] = told();
    assert.ok(event?.type === DIED && more.length === 0);
    assert.ok(Math.abs(new Date(event.time).getTime() - diedAt.getTime()) < MINUTE, event.time);
    assert.deepEqual(await untold(), []);
  });

  it("is the same event if it is delivered twice because the first attempt could not record its success", async () => {
    const { commit } = system.records;
    const keeps = { ...system, records: { ...system.records, commit: withoutDeletingNotices(commit) } };
    const { get, query } = system.records;
    await refreshTokensOf(telling({ ...keeps, records: { ...keeps.records, get, query } }));
    await tick();
    const ids = told().map(({ id, type }) => `${type} ${id}`);
    assert.equal(ids.length, 2);
    assert.equal(new Set(ids).size, 1);
  });

  const withoutDeletingNotices =
    (commit: System["records"]["commit"]): System["records"]["commit"] =>
    async (writes) => {
      if (writes.some(({ op, kind }) => op === "delete" && kind === "notices")) throw new Error("killed");
      return commit(writes);
    };
  const refreshTokensOf = async (mortal: System): Promise<void> => {
    relais.clock.advance(HOUR);
    relais.sandbox.control.revoke(ADA);
    assert.equal(await refreshTokens(mortal)(message({ server: ada })), "ack");
  };

  it("reaches operators who could not be reached by the tick, and then the subscribers", async () => {
    const alert: System["alert"] = async () => {
      throw new Unavailable("accept", { cause: null });
    };
    await refreshTokensOf(telling({ ...system, alert }));
    assert.deepEqual(told(), []);
    assert.ok(codes().includes("notice_not_told"));
    const alerted: unknown[] = [];
    relais.clock.advance(5 * MINUTE);
    const tellers = telling({ ...system, alert: async (about: unknown) => void alerted.push(about) });
    const counts = await Promise.all([tellForgotten(tellers), tellForgotten(tellers)]);
    assert.ok(Math.max(...counts) === 1, `${counts}`);
    assert.equal(alerted.length, 1, "two ticks at once tell it once");
    assert.equal(told().length, 1);
  });

  it("is stored for a message as well", async () => {
    topicIsSilent = true;
    await system.announce({ type: "relais.message.sent.v1", subject: "msg_1", data: { id: "msg_1" } });
    assert.ok(codes().includes("announce_failed"));
    topicIsSilent = false;
    await tick();
    assert.deepEqual(
      told().map(({ type }) => type),
      ["relais.message.sent.v1"],
    );
    assert.ok(codes().includes("notices_told"));
  });

  it("is lost only if neither topic nor store accepts it, and the log says so", async () => {
    const commit: System["records"]["commit"] = async () => {
      throw new Unavailable("write", { cause: null });
    };
    const deaf: Publisher = {
      publish: async () => {
        throw new Unavailable("publish", { cause: null });
      },
    };
    const announce = announcer({
      ...system,
      publisher: deaf,
      records: { commit },
      noteDelivery: noteNothing,
      publicUrl: "http://relais.test",
    });
    await announce({ type: "relais.message.sent.v1", subject: "msg_1", data: {} });
    assert.ok(codes().includes("event_lost"));
  });
});
