import assert from "node:assert/strict";
import { afterEach, describe, test } from "node:test";
import type { Publisher, Topic, TopicMessage } from "../../functions/domain/publisher.ts";
import { eventually } from "../builders/eventually.ts";

/** A publisher with a subscriber behind each internal topic. */
export interface OpenedPublisher {
  readonly publisher: Publisher;
  /** Starts to deliver; before that, messages only wait. */
  start(): Promise<void>;
  close(): Promise<void>;
}
export type Subscriber = (topic: Topic, message: TopicMessage) => Promise<"ack" | "nack">;

/** What every publisher guarantees: at-least-once delivery (`domain/publisher.ts`). */
export const publisherContract = (name: string, open: (subscriber: Subscriber) => Promise<OpenedPublisher>): void => {
  describe(`publisher on ${name}`, () => {
    let opened: OpenedPublisher | undefined;
    afterEach(async () => {
      await opened?.close();
      opened = undefined;
    });
    const openWith = async (subscriber: Subscriber): Promise<OpenedPublisher> => {
      opened = await open(subscriber);
      return opened;
    };
    /** Receives everything; `seen` lists what came, and `answer` decides. */
    const recorder = (answer: (id: unknown, time: number) => "ack" | "nack" = () => "ack") => {
      const seen: (readonly [Topic, TopicMessage])[] = [];
      const subscriber: Subscriber = async (topic, message) => {
        seen.push([topic, message]);
        return answer(message.data, seen.filter(([, { data }]) => data === message.data).length);
      };
      return { seen, subscriber };
    };

    test("delivers a message to its topic's subscriber with its data and attributes unchanged", {
      timeout: 240_000,
    }, async () => {
      const { seen, subscriber } = recorder();
      const { publisher, start } = await openWith(subscriber);
      await start();
      const message = {
        data: { id: "msg_1", text: "é \u{1F4E7}", deep: [[1], null] },
        attributes: { relais: "deliver", note: "Été" },
      };
      await publisher.publish("mail-send", message);
      await publisher.publish("mail-dispatch", { data: null, attributes: {} });
      await publisher.publish("token-checks", { data: { long: "x".repeat(100_000) }, attributes: {} });
      await eventually("three deliveries", () => new Set(seen.map(([topic]) => topic)).size === 3);
      const got = new Map(seen);
      assert.deepEqual(got.get("mail-send"), message);
      assert.deepEqual(got.get("mail-dispatch"), { data: null, attributes: {} });
      assert.deepEqual(got.get("token-checks")?.data, { long: "x".repeat(100_000) });
    });

    test("delivers later what was published before delivery started", { timeout: 240_000 }, async () => {
      const { seen, subscriber } = recorder();
      const { publisher, start } = await openWith(subscriber);
      for (let at = 0; at < 5; at += 1) await publisher.publish("mail-send", { data: at, attributes: {} });
      assert.equal(seen.length, 0);
      await start();
      await eventually("all five", () => new Set(seen.map(([, { data }]) => data)).size === 5);
    });

    test("repeats a message until it is acknowledged", { timeout: 240_000 }, async () => {
      const { seen, subscriber } = recorder((_, time) => (time < 3 ? "nack" : "ack"));
      const { publisher, start } = await openWith(subscriber);
      await start();
      await publisher.publish("mail-send", { data: "again", attributes: {} });
      await eventually("a third delivery", () => seen.length >= 3, 200_000);
    });

    test("repeats a message whose subscriber throws", { timeout: 240_000 }, async () => {
      let times = 0;
      const { publisher, start } = await openWith(async () => {
        times += 1;
        if (times === 1) throw new Error("a defect of the subscriber, on purpose");
        return "ack";
      });
      await start();
      await publisher.publish("mail-send", { data: "thrown", attributes: {} });
      await eventually("a second delivery", () => times >= 2, 200_000);
    });

    test("does not delay other messages because of a refused one", { timeout: 240_000 }, async () => {
      const { seen, subscriber } = recorder((data) => (data === "bad" ? "nack" : "ack"));
      const { publisher, start } = await openWith(subscriber);
      await start();
      await publisher.publish("mail-send", { data: "bad", attributes: {} });
      await Promise.all(
        Array.from({ length: 20 }, (_, at) => publisher.publish("mail-send", { data: at, attributes: {} })),
      );
      await eventually("all twenty", () => new Set(seen.map(([, { data }]) => data)).size === 21);
    });
  });
};
