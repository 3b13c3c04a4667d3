import assert from "node:assert/strict";
import { composeMime } from "../../functions/adapters/nodemailer/compose-mime.ts";
import type { SentMailLookup, WantedCopy } from "../../functions/domain/google/accounts.ts";
import type { AccessTokenOutcome } from "../../functions/domain/google/tokens.ts";
import type { BeforeData, OutgoingMail, SendOutcome } from "../../functions/domain/google/transports.ts";
import type { MailServer } from "../../functions/domain/mail-servers/mail-server.ts";
import { InstanceMemory } from "../../functions/domain/messages/deliver/instance-memory.ts";
import type { DeliveryDeps } from "../../functions/domain/messages/delivery-deps.ts";
import type { Message, MessageBody } from "../../functions/domain/messages/message.ts";
import type { Announcement } from "../../functions/domain/publisher.ts";
import type { Records } from "../../functions/domain/records.ts";
import { Secret } from "../../functions/domain/secret.ts";
import { MemoryRecords } from "../simulator/memory-records.ts";
import { type TestClock, testClock } from "./clock.ts";
import { mailServer, validConnection } from "./mail-server.ts";
import { testRandom } from "./store.ts";
import { telling } from "./telling.ts";

export const SERVER = "srv_one";

/** How Gmail treats a message in a test: returns an outcome, and calls the mark where Gmail would. */
export type Gmail = (mail: OutgoingMail, beforeData: BeforeData, token: string) => Promise<SendOutcome>;

const OK = { code: 250, enhanced: "2.0.0", response: "OK" };
/** Accepts every message, after the mark, as a transport must. */
export const acceptsAll: Gmail = async (mail, beforeData) =>
  (await beforeData([]))
    ? { kind: "accepted", accepted: mail.envelope.to, refused: [], reply: OK, providerId: null }
    : { kind: "abandoned" };

export const refuses =
  (
    stage: "auth" | "mail" | "rcpt" | "data" | "body",
    code: number,
    enhanced: string | null = null,
    response = "no",
  ): Gmail =>
  async (_mail, beforeData) => {
    if (stage === "body") await beforeData([]);
    return { kind: "refused", stage, reply: { code, enhanced, response }, refused: [], retryAfterMs: null };
  };

export const losesReply: Gmail = async (_mail, beforeData) => {
  await beforeData([]);
  return { kind: "unknown", reason: "gone" };
};

export interface Delivery {
  readonly deps: DeliveryDeps;
  readonly clock: TestClock;
  /** Everything that reached Gmail, whatever the outcome. */
  readonly attempts: { readonly mail: OutgoingMail; readonly token: string }[];
  readonly events: Announcement[];
  /** Returns and removes the ids published for delivery, oldest first. */
  published(): string[];
  gmail: Gmail;
  token: (unlike: string | null) => AccessTokenOutcome;
  lookup: SentMailLookup;
  /** What was searched for in the sent mail. */
  readonly searches: WantedCopy[];
  readonly message: (id: string) => Promise<Message>;
  readonly accept: (id: string, changes?: Partial<Message>) => Promise<void>;
  readonly setServer: (changes: Partial<MailServer>, id?: string) => Promise<void>;
}

const content = (to: readonly string[]): MessageBody => ({
  from: { name: "Ada", address: "ada@example.com" },
  to: to.map((address) => ({ name: "", address })),
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "Bonjour",
  text: "Bonjour",
  html: null,
  attachments: [],
  headers: {},
  inReplyTo: null,
  references: [],
  listUnsubscribe: null,
});

/** An accepted message to `b@y.org`, queued now. */
export const acceptedMessage = (clock: TestClock, id: string, to: readonly string[] = ["b@y.org"]): Message => ({
  messageId: `<${id}@example.com>`,
  caller: "olga@example.com",
  serverId: SERVER,
  createdAtMs: clock.nowMs(),
  updatedAtMs: clock.nowMs(),
  from: "ada@example.com",
  subject: "Bonjour",
  recipients: to.map((address) => ({ address, state: "pending", reply: null })),
  recipientAddresses: to,
  body: { kind: "inline", json: JSON.stringify(content(to)) },
  sizeBytes: 7,
  tags: {},
  onUnknown: "hold",
  expiresAtMs: null,
  firstTriedAtMs: null,
  agelessMs: 0,
  attempts: [],
  timeline: [{ atMs: clock.nowMs(), status: "queued", note: null }],
  providerId: null,
  requestSha256: null,
  status: "queued",
  dueAtMs: clock.nowMs() + 60_000,
});

/** Its methods are the object's own, so that a test can replace some of them in a copy. */
const memoryRecords = (): Records => {
  const records = new MemoryRecords();
  return { get: records.get.bind(records), query: records.query.bind(records), commit: records.commit.bind(records) };
};

/**
 * Delivery on a store in memory unless another is given, with a Gmail that the test scripts. It is the simulator's
 * store, which keeps the contract of all stores at half the cost of SQLite.
 */
export const delivery = async (records: Records = memoryRecords()): Promise<Delivery> => {
  const clock = testClock();
  const events: Announcement[] = [];
  const attempts: { mail: OutgoingMail; token: string }[] = [];
  const searches: WantedCopy[] = [];
  let queue: string[] = [];
  const stack: Delivery = {
    clock,
    attempts,
    events,
    gmail: acceptsAll,
    lookup: "not_found",
    searches,
    token: (unlike) => ({
      ok: true,
      token: new Secret(unlike === null ? "first" : "second"),
      expiresAtMs: clock.nowMs() + 3_600_000,
      scopes: [],
      identity: null,
    }),
    published: () => queue.splice(0),
    message: async (id) => {
      const found = await records.get("messages", id);
      assert.ok(found);
      return found.value;
    },
    accept: async (id, changes = {}) => {
      const value = { ...acceptedMessage(clock, id), ...changes } as Message;
      assert.ok((await records.commit([{ op: "create", kind: "messages", id, value }])).done);
    },
    setServer: async (changes, id = SERVER) => {
      const value = mailServer({ connection: validConnection(), ...changes });
      await records.commit([{ op: "put", kind: "mailServers", id, value }]);
    },
    deps: telling(ports()),
  };
  function ports(): Omit<DeliveryDeps, "tell"> {
    return {
      clock,
      random: testRandom,
      records,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
      publisher: {
        publish: async (topic, { data }) => {
          if (topic === "mail-send") queue = [...queue, (data as { id: string }).id];
        },
      },
      announce: async (event) => {
        events.push(event);
      },
      environment: {
        operators: [],
        members: [],
        callers: [],
        retentionDays: 30,
        smtpDoor: null,
        publicUrl: "http://localhost:8080",
      },
      transports: { smtp: fakeTransport(), gmail_api: fakeTransport() },
      composeMime,
      memory: new InstanceMemory(clock),
      accessTokens: { obtain: async (_server, unlike) => stack.token(unlike?.reveal() ?? null) },
      gmailAccount: {
        findSent: async (_login, wanted) => {
          searches.push(wanted);
          return stack.lookup;
        },
        sendAs: async () => "unavailable",
      },
    };
  }
  function fakeTransport(): DeliveryDeps["transports"]["smtp"] {
    return {
      send: async (mail, login, beforeData) => {
        const token = login.accessToken.reveal();
        attempts.push({ mail, token });
        return stack.gmail(mail, beforeData, token);
      },
      probe: async () => [],
      close: async () => undefined,
    };
  }
  await stack.setServer({});
  return stack;
};
