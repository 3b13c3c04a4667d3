import assert from "node:assert/strict";
import type { Principal } from "../../functions/domain/access/records.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import { serverNameId } from "../../functions/domain/mail-servers/server-name.ts";
import { type Acceptance, type AcceptDeps, acceptMessage } from "../../functions/domain/messages/accept/accept.ts";
import { HTTP_SIZE_LIMIT } from "../../functions/domain/messages/accept/message-input.ts";
import type { MoveDeps } from "../../functions/domain/messages/delivery-deps.ts";
import type { Message, MessageState } from "../../functions/domain/messages/message.ts";
import type { Announcement, Topic, TopicMessage } from "../../functions/domain/publisher.ts";
import { RecordChanges } from "../../functions/domain/record-changes.ts";
import type { Versioned } from "../../functions/domain/records.ts";
import type { Result } from "../../functions/domain/result.ts";
import { type TestClock, testClock } from "./clock.ts";
import { mailServer, OPERATOR, validConnection } from "./mail-server.ts";
import { testRandom, testStore } from "./store.ts";
import { telling } from "./telling.ts";

export interface MessageBench extends MoveDeps, AcceptDeps {
  /** Nothing is told here: what the records are told of, a test says. */
  readonly changes: RecordChanges;
  readonly clock: TestClock;
  /** Everything published on the topics, in order. */
  readonly published: { readonly topic: Topic; readonly message: TopicMessage }[];
  readonly announced: Announcement[];
  readonly logged: string[];
  addServer(id: string, changes?: Partial<MailServer>): Promise<void>;
  /** Accepts a message with a key of its own, or as the operator. */
  accept(
    json: unknown,
    options?: { readonly principal?: Principal; readonly key?: string },
  ): Promise<Result<Acceptance>>;
  /** Accepts a message and returns it; fails the test if it is refused. */
  accepted(
    json: unknown,
    options?: { readonly principal?: Principal; readonly key?: string },
  ): Promise<Versioned<Message>>;
  close(): void;
}

/** The accepting side on a real store in memory, with a clock that stands still. */
export const messageBench = (): MessageBench => {
  const clock = testClock();
  const store = testStore(clock);
  const published: MessageBench["published"] = [];
  const announced: Announcement[] = [];
  const logged: string[] = [];
  const line = (code: string): void => void logged.push(code);
  const ports: Omit<MoveDeps & AcceptDeps, "tell"> & { readonly clock: TestClock } = {
    clock,
    random: testRandom,
    records: store.records,
    log: { info: line, warn: line, error: line },
    publisher: { publish: async (topic, message) => void published.push({ topic, message }) },
    announce: async (announcement) => void announced.push(announcement),
    offersSmtpUtf8: async () => null,
    environment: {
      operators: [],
      members: [],
      callers: [],
      retentionDays: 30,
      smtpDoor: null,
      publicUrl: "http://localhost:8080",
    },
  };
  const deps = telling(ports);
  const accept: MessageBench["accept"] = (json, { principal = OPERATOR, key = undefined } = {}) =>
    acceptMessage(deps, { principal, json, idempotencyKey: key ?? null, sizeLimit: HTTP_SIZE_LIMIT });
  return {
    ...deps,
    changes: new RecordChanges(),
    published,
    announced,
    logged,
    accept,
    accepted: async (json, options) => {
      const result = await accept(json, options);
      assert.ok(result.ok, result.ok ? "" : JSON.stringify(result));
      assert.equal(result.value.kind, "accepted");
      if (result.value.kind !== "accepted") throw new Error("unreachable");
      return result.value.message;
    },
    addServer: async (id, changes = {}) => {
      const value = mailServer({ connection: validConnection(), name: id, ...changes });
      const outcome = await store.records.commit([
        { op: "create", kind: "mailServers", id, value },
        { op: "create", kind: "serverNames", id: serverNameId(value.name), value: { serverId: id } },
      ]);
      assert.ok(outcome.done);
    },
    close: () => store.close(),
  };
};

export const simpleMessage = { to: "b@example.org", subject: "Bonjour", text: "Une ligne." } as const;

/** Puts the message into this state, as if moves had led there that the test does not make. */
export const inState = (message: Message, state: MessageState, nowMs = 1): Message => {
  const entry = { atMs: nowMs, status: state.status, note: null };
  return { ...message, updatedAtMs: nowMs, timeline: [...message.timeline, entry], ...state };
};
