import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, it } from "node:test";
import { Contended, Unavailable } from "../../../functions/domain/problem.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import {
  answerPush,
  jsonData,
  type PushMessage,
  parsePushEnvelope,
  serveEvents,
} from "../../../functions/runtime/event-edge.ts";
import { systemRandom } from "../../../functions/runtime/randomness.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");
const bytes = (value: unknown): Buffer => Buffer.from(typeof value === "string" ? value : JSON.stringify(value));

const ENVELOPE = {
  message: { data: base64('{"id":"msg_1"}'), attributes: { relais: "deliver" }, messageId: "77" },
  subscription: "projects/p/subscriptions/s",
  deliveryAttempt: 3,
};

describe("parsePushEnvelope", () => {
  it("reads data, attributes, id and delivery attempt", () => {
    const message = parsePushEnvelope(bytes(ENVELOPE));
    assert.ok(message);
    assert.equal(message.messageId, "77");
    assert.deepEqual(message.attributes, { relais: "deliver" });
    assert.equal(message.deliveryAttempt, 3);
    assert.deepEqual(jsonData(message), { ok: true, value: { id: "msg_1" } });
  });

  it("reads the id under its other name, and accepts a push without data, attributes and attempt", () => {
    const message = parsePushEnvelope(bytes({ message: { message_id: "78" } }));
    assert.deepEqual(message, { messageId: "78", attributes: {}, data: Buffer.alloc(0), deliveryAttempt: null });
  });

  for (const [what, envelope] of [
    ["nothing", ""],
    ["no JSON", "{"],
    ["a list", []],
    ["null", "null"],
    ["no message", { subscription: "s" }],
    ["a message without id", { message: { data: "" } }],
    ["data that is not base64", { message: { messageId: "1", data: "***" } }],
    ["data of another type", { message: { messageId: "1", data: 7 } }],
    ["attributes of another type", { message: { messageId: "1", attributes: "x" } }],
    ["more values than a message can need", { message: { messageId: "1", extra: Array(200_000).fill(0) } }],
    ["an endless nest", `{"message":{"messageId":"1","x":${"[".repeat(100)}${"]".repeat(100)}}}`],
  ] as const) {
    it(`rejects ${what} as an envelope`, () => {
      assert.equal(parsePushEnvelope(bytes(envelope)), undefined);
    });
  }

  it("leaves it to the function to notice that the data is not JSON", () => {
    const message = parsePushEnvelope(bytes({ message: { messageId: "1", data: base64("{") } }));
    const read = message && jsonData(message);
    assert.equal(read?.ok === false && read.problem.code, "invalid_json");
  });
});

describe("answerPush", () => {
  const answer = async (onPush: (message: PushMessage) => Promise<"ack" | "nack">, body: Buffer = bytes(ENVELOPE)) => {
    const logged: string[] = [];
    const note = (code: string): void => void logged.push(code);
    const status = await answerPush(onPush, { log: { info: note, warn: note, error: note } }, body);
    return { status, logged };
  };

  it("acknowledges what was handled", async () => {
    assert.deepEqual(await answer(async () => "ack"), { status: 204, logged: [] });
  });

  it("requests another delivery if the function does, if the store is down, and after a defect", async () => {
    const down = async () => {
      throw new Unavailable("read", { cause: null });
    };
    const contended = async () => {
      throw new Contended("edit a mail server");
    };
    const defect = async () => {
      throw new TypeError("x");
    };
    assert.deepEqual(await answer(async () => "nack"), { status: 503, logged: [] });
    assert.deepEqual(await answer(down), { status: 503, logged: ["dependency_unavailable"] });
    assert.deepEqual(await answer(contended), { status: 503, logged: ["write_contended"] });
    assert.deepEqual(await answer(defect), { status: 500, logged: ["push_defect"] });
  });

  it("acknowledges what can never be a message, logs it, and calls no handler", async () => {
    const never = async (): Promise<"ack"> => assert.fail("was called");
    assert.deepEqual(await answer(never, bytes("{")), { status: 204, logged: ["push_malformed"] });
  });
});

describe("serveEvents", () => {
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  const build = { version: "1.2.3", commit: "abc" };
  const system = { build, config: loadConfig({}), log: silent, random: systemRandom, clock: systemClock() };
  const ask = async (path: string, init: RequestInit, outcome: "ack" | "nack" = "ack"): Promise<Response> => {
    const server = createServer(serveEvents(async () => outcome, system)).listen(0, "127.0.0.1");
    await once(server, "listening");
    try {
      return await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, init);
    } finally {
      server.close();
      server.closeIdleConnections();
    }
  };
  const push = { method: "POST", body: JSON.stringify(ENVELOPE) };

  it("reports what it was built from, and offers nothing else to read", async () => {
    assert.deepEqual(await (await ask("/health", {})).json(), build);
    for (const method of ["GET", "HEAD"]) {
      assert.equal((await ask("/health", { method })).status, 200);
      assert.equal((await ask("/other", { method })).status, 404);
    }
  });

  it("answers 405 with the allowed methods", async () => {
    for (const method of ["PUT", "DELETE", "OPTIONS", "PATCH"]) {
      const answer = await ask("/", { method });
      assert.deepEqual([answer.status, answer.headers.get("allow")], [405, "POST, GET, HEAD"]);
    }
  });

  it("acknowledges a push, or says when to repeat it", async () => {
    const taken = await ask("/", push);
    assert.deepEqual([taken.status, taken.headers.get("retry-after")], [204, null]);
    const refused = await ask("/", push, "nack");
    assert.deepEqual([refused.status, refused.headers.get("retry-after")], [503, "5"]);
    assert.equal(refused.headers.get("cache-control"), "private, no-store");
  });
});
