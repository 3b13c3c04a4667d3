import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { resolveByPerson } from "../../../functions/domain/messages/commands/resolve-by-person.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import type { Message } from "../../../functions/domain/messages/message.ts";
import { searchEntries } from "../../../functions/domain/messages/views/message-search.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, losesReply, SERVER } from "../../builders/delivery.ts";
import { grant, OPERATOR, SEND_ONLY } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const ID = "msg_1";
const UNSEARCHABLE = {
  transport: "gmail_api",
  connection: { state: "valid", grant: grant({ scopes: [SEND_ONLY] }) },
} as const;

/** Runs ticks for that many minutes, and delivers twice what each of them publishes. */
const run = async (minutes: number): Promise<void> => {
  for (let minute = 0; minute < minutes; minute += 1) {
    await dispatchDue(stack.deps);
    for (const id of stack.published().flatMap((id) => [id, id])) await deliverMessage(stack.deps, id);
    stack.clock.advance(MINUTE);
  }
};

test("if Gmail loses every reply, copies are sent more and more rarely, and after 72 hours a person decides", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID, { onUnknown: "resend" });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  await run(10);
  assert.ok(stack.attempts.length >= 3 && stack.attempts.length <= 5, `${stack.attempts.length} in ten minutes`);
  for (let hours = 0; hours < 4 * 24; hours += 1) {
    await run(3);
    stack.clock.advance(HOUR - 3 * MINUTE);
  }
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.dueAtMs === null);
  assert.match(message.timeline.at(-1)?.note ?? "", /72 hours/);
  assert.ok(stack.attempts.length < 90, `${stack.attempts.length} copies`);
});

test("a repeated decision sends no further copy, even if the message is in doubt again by then", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  const decide = (idempotencyKey: string | null, principal = OPERATOR) =>
    resolveByPerson(stack.deps, principal, { id: ID, body: { as: "resend" }, idempotencyKey });
  const inDoubtAfter = async (copies: number): Promise<void> => {
    for (let minutes = 0; (await stack.message(ID)).status !== "unknown" && minutes < 30; minutes += 1) await run(1);
    assert.equal((await stack.message(ID)).status, "unknown");
    assert.equal(stack.attempts.length, copies);
  };
  for (const [key, copies] of [
    ["first", 2],
    ["first", 2],
    ["second", 3],
    // A late one, after another decision.
    ["first", 3],
    // Without a key, each request is a decision of its own.
    [null, 4],
    [null, 5],
  ] as const) {
    assert.ok((await decide(key)).ok);
    await inDoubtAfter(copies);
  }
  assert.ok((await decide("first", { kind: "operator", email: "grace@example.com" })).ok);
  await inDoubtAfter(6);
});

test("a message that a person left in doubt for days has its attempts before it once it is resent", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID);
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  stack.clock.advance(5 * DAY);
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "resend" } });
  await run(1);
  assert.equal(stack.attempts.length, 2);
});

test("a message whose server is gone stays in doubt, since failed would say that nobody has it", async () => {
  await stack.setServer(UNSEARCHABLE);
  await stack.accept(ID, { onUnknown: "resend" });
  stack.gmail = losesReply;
  await deliverMessage(stack.deps, ID);
  await stack.deps.records.commit([{ op: "delete", kind: "mailServers", id: SERVER }]);
  await run(3);
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.dueAtMs === null);
  assert.match(message.timeline.at(-1)?.note ?? "", /deleted/);
});

/** Gmail accepts it for `b@y.org` and defers `c@y.org`; the reply to the next attempt, for `c@y.org` alone, is lost. */
const lostForTheSecond = async (onUnknown: "hold" | "resend"): Promise<void> => {
  await stack.accept(ID, { ...acceptedMessage(stack.clock, ID, ["b@y.org", "c@y.org"]), onUnknown });
  const reply = { code: 451, enhanced: null, response: "later" };
  stack.gmail = async (_mail, beforeData) => {
    const refused = [{ address: "c@y.org", reply }];
    await beforeData(refused);
    const taken = { code: 250, enhanced: null, response: "OK" };
    return { kind: "accepted", accepted: ["b@y.org"], refused, reply: taken, providerId: null };
  };
  await deliverMessage(stack.deps, ID);
  stack.gmail = losesReply;
  stack.clock.advance(2 * MINUTE);
  await run(1);
  assert.equal(stack.attempts.length, 2);
};

test("an earlier copy to some is no proof for the others: a person decides, or it is sent again", async () => {
  // The sent mail shows the first copy.
  stack.lookup = "found";
  await lostForTheSecond("hold");
  await run(90);
  const held = await stack.message(ID);
  assert.ok(held.status === "unknown" && held.dueAtMs === null);
  assert.match(held.timeline.at(-1)?.note ?? "", /earlier attempt/);
  assert.deepEqual(
    held.recipients.map(({ state }) => state),
    ["accepted", "pending"],
  );
});

test("the same holds with resend: it is sent again to those who may not have it", async () => {
  stack.lookup = "found";
  await lostForTheSecond("resend");
  stack.gmail = acceptsAll;
  await run(3);
  assert.equal((await stack.message(ID)).status, "sent");
  assert.deepEqual(stack.attempts.at(-1)?.mail.envelope.to, ["c@y.org"]);
  assert.equal(stack.attempts.length, 3);
});

test("a message that a person declares failed, and that has reached some, is sent with the others rejected", async () => {
  await lostForTheSecond("hold");
  await resolveByPerson(stack.deps, OPERATOR, { id: ID, body: { as: "failed" } });
  const { status, recipients } = await stack.message(ID);
  assert.equal(status, "sent");
  assert.deepEqual(
    recipients.map(({ state }) => state),
    ["accepted", "rejected"],
  );
});

test("an access token that ended before its time keeps no message in doubt: the search is made with a new one", async () => {
  stack.gmail = losesReply;
  await stack.accept(ID);
  await deliverMessage(stack.deps, ID);
  const { gmailAccount } = stack.deps;
  const lookUpIf = (accepted: string): typeof gmailAccount.findSent => {
    return async ({ accessToken }) => (accessToken.reveal() === accepted ? "found" : "token_refused");
  };
  const search = async (accepted: string): Promise<Message> => {
    stack.clock.advance(2 * MINUTE);
    await deliverMessage({ ...stack.deps, gmailAccount: { ...gmailAccount, findSent: lookUpIf(accepted) } }, ID);
    return stack.message(ID);
  };
  const refused = await search("none");
  assert.ok(refused.status === "unknown" && refused.lookups === 0, "a search that was refused is none");
  assert.equal((await search("second")).status, "sent");
});

test("a message whose id no search can name is left to a person, who is told why", async () => {
  await stack.accept(ID);
  stack.gmail = losesReply;
  stack.lookup = "unsearchable";
  await deliverMessage(stack.deps, ID);
  stack.clock.advance(2 * MINUTE);
  await run(1);
  const message = await stack.message(ID);
  assert.ok(message.status === "unknown" && message.dueAtMs === null);
  assert.equal(message.timeline.at(-1)?.noteCode, "id_unsearchable");
  assert.equal(stack.attempts.length, 1);
});

suite("several messages with one Message-ID, as programs make that write to each recipient apart", () => {
  const OTHER = "msg_2";
  const SHARED = "<order-42@erp.example.com>";
  const acceptShared = (id: string, to: string, changes: Partial<Message> = {}): Promise<void> => {
    const found = { ...acceptedMessage(stack.clock, id, [to]), messageId: SHARED, ...changes } as Message;
    return stack.accept(id, { ...found, searchPrefixes: searchEntries(found) });
  };
  /** The reply of the message is lost, and the sent mail has a copy with its Message-ID. */
  const loseReply = async (): Promise<void> => {
    stack.gmail = losesReply;
    stack.lookup = "found";
    await deliverMessage(stack.deps, ID);
    stack.clock.advance(2 * MINUTE);
  };

  test("the copy of the one never proves the other: a person must decide, and is told why", async () => {
    await acceptShared(OTHER, "un@example.org");
    await deliverMessage(stack.deps, OTHER);
    await acceptShared(ID, "deux@example.org");
    await loseReply();
    await run(90);
    const message = await stack.message(ID);
    assert.ok(message.status === "unknown" && message.dueAtMs === null);
    assert.equal(message.timeline.at(-1)?.noteCode, "message_id_shared");
    assert.equal((await stack.message(OTHER)).status, "sent");
    assert.equal(stack.attempts.length, 2);
  });

  for (const [name, changes] of Object.entries<Partial<Message>>({
    "was tried, whatever came of it": {},
    "was sent by another server": { serverId: "srv_two" },
    "has the id without its brackets": { messageId: SHARED.slice(1, -1) },
  })) {
    test(`nor if the other ${name}`, async () => {
      await acceptShared(OTHER, "un@example.org", { ...changes, firstTriedAtMs: stack.clock.nowMs() });
      await acceptShared(ID, "deux@example.org");
      await loseReply();
      await run(1);
      assert.equal((await stack.message(ID)).status, "unknown");
    });
  }

  test("nor if the other was claimed while the sent mail was searched", async () => {
    await acceptShared(ID, "deux@example.org");
    await loseReply();
    const { gmailAccount } = stack.deps;
    const findSent: typeof gmailAccount.findSent = async (...asked) => {
      await acceptShared(OTHER, "un@example.org", { firstTriedAtMs: stack.clock.nowMs() });
      return gmailAccount.findSent(...asked);
    };
    await deliverMessage({ ...stack.deps, gmailAccount: { ...gmailAccount, findSent } }, ID);
    assert.equal((await stack.message(ID)).status, "unknown");
  });

  test("one that said so is sent again, to its own recipient alone", async () => {
    await acceptShared(OTHER, "un@example.org");
    await deliverMessage(stack.deps, OTHER);
    await acceptShared(ID, "deux@example.org", { onUnknown: "resend" });
    await loseReply();
    stack.gmail = acceptsAll;
    await run(3);
    assert.equal((await stack.message(ID)).status, "sent");
    assert.deepEqual(
      stack.attempts.map(({ mail }) => mail.envelope.to),
      [["un@example.org"], ["deux@example.org"], ["deux@example.org"]],
    );
  });

  test("another that was never tried has made no copy", async () => {
    await acceptShared(OTHER, "un@example.org", {
      status: "scheduled",
      scheduledAtMs: 9e12,
      dueAtMs: 9e12,
    } as Partial<Message>);
    await acceptShared(ID, "deux@example.org");
    await loseReply();
    await run(1);
    assert.equal((await stack.message(ID)).status, "sent");
  });

  test("a copy from before the first attempt, or of a message whose record may be gone by now, is not looked for", async () => {
    await acceptShared(ID, "deux@example.org", { hasOwnMessageId: true });
    const firstMs = stack.clock.nowMs();
    await loseReply();
    stack.lookup = "not_found";
    await deliverMessage(stack.deps, ID);
    assert.deepEqual(stack.searches, [{ messageId: SHARED, sinceMs: firstMs - 2 * MINUTE }]);
    const retentionMs = 30 * DAY;
    stack.clock.advance(retentionMs + HOUR);
    await deliverMessage(stack.deps, ID);
    assert.equal(stack.searches.at(-1)?.sinceMs, stack.clock.nowMs() - retentionMs);
  });

  test("of a Message-ID that Relais has made any copy is its own, whatever Gmail says about its time", async () => {
    await acceptShared(ID, "deux@example.org");
    await loseReply();
    await deliverMessage(stack.deps, ID);
    assert.deepEqual(stack.searches, [{ messageId: SHARED, sinceMs: null }]);
    assert.equal((await stack.message(ID)).status, "sent");
  });
});
