import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { createMailServer } from "../../../functions/domain/mail-servers/create-mail-server.ts";
import { type DeleteDeps, deleteMailServer } from "../../../functions/domain/mail-servers/delete-mail-server.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { openMessages } from "../../../functions/domain/messages/commands/open-messages.ts";
import { EMPTY_LEDGER } from "../../../functions/domain/messages/limits/room.ts";
import type { Message, MessageState, MessageStatus } from "../../../functions/domain/messages/message.ts";
import { closeLedger } from "../../../functions/domain/messages/stats/ledger-tally.ts";
import { fail, ok } from "../../../functions/domain/result.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { testClock } from "../../builders/clock.ts";
import { grant, memberOf, OPERATOR } from "../../builders/mail-server.ts";
import { testRandom, testStore } from "../../builders/store.ts";

const clock = testClock();
let store: ReturnType<typeof testStore>;
let calls: string[];
beforeEach(() => {
  store = testStore(clock);
  calls = [];
});
afterEach(() => store.close());

const refreshToken = (serverId: string) => ({ kind: "refresh_token", serverId }) as const;
const read = async (id: string) => (await store.records.get("mailServers", id)) ?? assert.fail("the server is gone");

const writeConnection = async (id: string, connection: MailServer["connection"]) => {
  const { version, value } = await read(id);
  const outcome = await store.records.commit([
    { op: "replace", kind: "mailServers", id, version, value: { ...value, connection } },
  ]);
  assert.ok(outcome.done);
};

const deps = (changes: Partial<DeleteDeps> = {}): DeleteDeps => ({
  records: store.records,
  vault: store.vault,
  clock,
  random: testRandom,
  openMessages: openMessages(store),
  closeLedger: (serverId) => closeLedger({ records: store.records, clock, random: testRandom }, serverId),
  cancelWaiting: async (id) => {
    calls.push("cancel");
    for (const message of await messagesOf(id, "queued")) {
      const { version, value } = message;
      const state = { status: "canceled", dueAtMs: null, finalAtMs: clock.nowMs() } as const;
      await store.records.commit([
        { op: "replace", kind: "messages", id: message.id, version, value: { ...value, ...state } },
      ]);
    }
  },
  disconnect: async (id) => {
    const server = await store.records.get("mailServers", id);
    if (server === undefined) return fail({ code: "not_found" });
    const { version, value } = server;
    calls.push(`disconnect ${value.active ? "active" : "archived"}`);
    const connection = { state: "not_connected", reason: "disconnected_by_operator" } as const;
    const write = { op: "replace", kind: "mailServers", id, version, value: { ...value, connection } } as const;
    return (await store.records.commit([write])).done ? ok(null) : fail({ code: "contended", retryAfterS: 1 });
  },
  ...changes,
});

const messagesOf = async (serverId: string, status: MessageStatus) => {
  const page = await store.records.query("messagesOfServerByStatus", { serverId, status }, { limit: 50 });
  return page === "bad_cursor" ? assert.fail() : page.items;
};

const STATES: Readonly<Record<MessageStatus, MessageState>> = {
  queued: { status: "queued", dueAtMs: 1 },
  scheduled: { status: "scheduled", dueAtMs: 1, scheduledAtMs: 1 },
  held: { status: "held", dueAtMs: null, because: "paused", sinceMs: 1 },
  deferred: { status: "deferred", dueAtMs: 1 },
  sending: { status: "sending", dueAtMs: 1, fence: 1, phase: "claimed" },
  unknown: { status: "unknown", dueAtMs: null, lookups: 0, sinceMs: 1 },
  sent: { status: "sent", dueAtMs: null, finalAtMs: 1 },
  failed: { status: "failed", dueAtMs: null, finalAtMs: 1 },
  canceled: { status: "canceled", dueAtMs: null, finalAtMs: 1 },
  expired: { status: "expired", dueAtMs: null, finalAtMs: 1 },
};

const putMessage = async (serverId: string, status: MessageStatus) => {
  const value: Message = {
    messageId: "<m@example.com>",
    caller: "olga@example.com",
    serverId,
    createdAtMs: 1,
    updatedAtMs: 1,
    from: "ada@example.com",
    subject: "",
    recipients: [],
    recipientAddresses: [],
    body: { kind: "inline", json: "{}" },
    sizeBytes: 0,
    tags: {},
    onUnknown: "hold",
    expiresAtMs: null,
    firstTriedAtMs: null,
    agelessMs: 0,
    attempts: [],
    timeline: [],
    providerId: null,
    requestSha256: null,
    ...STATES[status],
  };
  await store.records.commit([{ op: "create", kind: "messages", id: `msg_${status}`, value }]);
};

/** A connected server: its token is in the vault, its cached access token and its ledger in the store. */
const connected = async (): Promise<string> => {
  const body = { name: "Facturation", username: "ada@example.com" };
  const made = await createMailServer(deps(), OPERATOR, body);
  assert.ok(made.ok);
  const { id } = made.value;
  const secretVersion = await store.vault.add(refreshToken(id), new Secret("1//token"));
  await writeConnection(id, { state: "valid", grant: grant({ secretVersion }) });
  await store.records.commit([
    {
      op: "put",
      kind: "accessTokens",
      id,
      value: { generation: 1, sealed: "x", expiresAtMs: 1, leaseUntilMs: null, scopes: [] },
    },
    { op: "put", kind: "quotas", id, value: EMPTY_LEDGER },
  ]);
  return id;
};

const remove = async (id: string, cancel = false, changes: Partial<DeleteDeps> = {}) => {
  const result = await deleteMailServer(deps(changes), OPERATOR, { id, cancel });
  return result.ok ? "deleted" : result.problem.code;
};

test("deleting removes everything of the server: record, name, token, cached token and ledger", async () => {
  const id = await connected();
  assert.equal(await remove(id), "deleted");
  assert.deepEqual(calls, ["disconnect archived"]);
  for (const kind of ["mailServers", "accessTokens", "quotas"] as const) {
    assert.equal(await store.records.get(kind, id), undefined, kind);
  }
  assert.deepEqual(await store.vault.versions(refreshToken(id)), []);
  const again = await createMailServer(deps(), OPERATOR, { name: "FACTURATION", username: "ada@example.com" });
  assert.ok(again.ok, "its name is free");
  assert.equal(await remove(id), "not_found");
});

for (const status of ["queued", "scheduled", "held", "deferred", "sending", "unknown"] as const) {
  test(`a message that is ${status} prevents the deletion of its server, which stays as it was`, async () => {
    const id = await connected();
    await putMessage(id, status);
    const before = await read(id);
    assert.equal(await remove(id), "has_open_messages");
    assert.deepEqual(await read(id), before);
    assert.deepEqual(calls, []);
  });
}

for (const status of ["sent", "failed", "canceled", "expired"] as const) {
  test(`a message that is ${status} does not prevent the deletion`, async () => {
    const id = await connected();
    await putMessage(id, status);
    assert.equal(await remove(id), "deleted");
  });
}

test("a deletion with cancel: true cancels what waits before it disconnects", async () => {
  const id = await connected();
  await putMessage(id, "queued");
  assert.equal(await remove(id, true), "deleted");
  assert.deepEqual(calls, ["cancel", "disconnect archived"]);
});

for (const status of ["sending", "unknown"] as const) {
  test(`cancel: true does not help against a message that is ${status}`, async () => {
    const id = await connected();
    await putMessage(id, status);
    assert.equal(await remove(id, true), "has_open_messages");
    assert.deepEqual(calls, []);
  });
}

test("if the server is reconnected while it is deleted, the new token is destroyed too", async () => {
  const id = await connected();
  let reconnects = 1;
  const disconnect: DeleteDeps["disconnect"] = async (server) => {
    const done = await deps().disconnect(server);
    if (reconnects > 0) {
      reconnects -= 1;
      const secretVersion = await store.vault.add(refreshToken(server), new Secret("1//new"));
      await writeConnection(server, { state: "valid", grant: grant({ secretVersion }) });
    }
    return done;
  };
  assert.equal(await remove(id, false, { disconnect }), "deleted");
  assert.equal(calls.length, 2);
  assert.deepEqual(await store.vault.versions(refreshToken(id)), []);
});

test("an interrupted deletion can be repeated, and leaves no token without its server", async () => {
  for (const cut of ["cancelWaiting", "disconnect"] as const) {
    const id = await connected();
    const crash = async (): Promise<never> => {
      throw new Error("killed");
    };
    await assert.rejects(remove(id, true, { [cut]: crash }), /killed/);
    assert.equal((await read(id)).value.active, false, "no new message chooses it");
    assert.equal(await remove(id, true), "deleted", cut);
    assert.deepEqual(await store.vault.versions(refreshToken(id)), []);
  }
});

test("two deletions at once count as one", async () => {
  const id = await connected();
  const outcomes = await Promise.all([remove(id), remove(id)]);
  assert.ok(outcomes.includes("deleted"));
  assert.equal(await store.records.get("mailServers", id), undefined);
  const audit = await store.records.query("auditNewest", {}, { limit: 50 });
  const deeds = audit === "bad_cursor" ? [] : audit.items.filter(({ value }) => value.action === "mail_server.delete");
  assert.equal(deeds.length, 1);
});

test("a member cannot delete a server, and learns nothing about others", async () => {
  const id = await connected();
  const by = async (email: string) => {
    const result = await deleteMailServer(deps(), memberOf(email), { id, cancel: false });
    return result.ok ? "deleted" : result.problem.code;
  };
  assert.equal(await by("ada@example.com"), "forbidden");
  assert.equal(await by("eve@example.com"), "not_found");
});
