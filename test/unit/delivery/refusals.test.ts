import assert from "node:assert/strict";
import { beforeEach, suite, test } from "node:test";
import { MINUTE } from "../../../functions/domain/clock.ts";
import type { SmtpReply, SmtpStage } from "../../../functions/domain/google/replies.ts";
import type { SendOutcome } from "../../../functions/domain/google/transports.ts";
import { deliverMessage } from "../../../functions/domain/messages/deliver/deliver.ts";
import { dispatchDue } from "../../../functions/domain/messages/due/dispatch.ts";
import { acceptedMessage, acceptsAll, type Delivery, delivery, type Gmail } from "../../builders/delivery.ts";
import { grant, SEND_ONLY, validConnection } from "../../builders/mail-server.ts";

let stack: Delivery;
beforeEach(async () => {
  stack = await delivery();
});

const said = (code: number, enhanced: string | null, response: string): SmtpReply => ({ code, enhanced, response });
const refuses =
  (stage: SmtpStage, reply: SmtpReply, more: Partial<Extract<SendOutcome, { kind: "refused" }>> = {}): Gmail =>
  async (_mail, beforeData) => {
    if (stage === "body") await beforeData([]);
    return { kind: "refused", stage, reply, refused: [], retryAfterMs: null, ...more };
  };
/** Answers RCPT as told, and accepts the mail for the others. */
const atRcpt =
  (replies: Readonly<Record<string, SmtpReply>>): Gmail =>
  async (mail, beforeData) => {
    const refused = mail.envelope.to.flatMap((address) => {
      const reply = replies[address];
      return reply === undefined ? [] : [{ address, reply }];
    });
    const taken = mail.envelope.to.filter((address) => replies[address] === undefined);
    const last = refused.at(-1);
    if (taken.length === 0 && last !== undefined) {
      return { kind: "refused", stage: "rcpt", reply: last.reply, refused, retryAfterMs: null };
    }
    if (!(await beforeData(refused))) return { kind: "abandoned" };
    return { kind: "accepted", accepted: taken, refused, reply: said(250, "2.0.0", "OK"), providerId: null };
  };

const connection = async () => (await stack.deps.records.get("mailServers", "srv_one"))?.value.connection;
const deliverAll = async (count: number): Promise<readonly string[]> => {
  const ids = Array.from({ length: count }, (_, at) => `msg_${at + 1}`);
  for (const id of ids) await stack.accept(id);
  for (const id of ids) await deliverMessage(stack.deps, id);
  return Promise.all(ids.map(async (id) => (await stack.message(id)).status));
};
const nextTry = async (id: string): Promise<void> => {
  const { dueAtMs } = await stack.message(id);
  stack.clock.advance(Math.max(0, (dueAtMs ?? 0) - stack.clock.nowMs()));
  await dispatchDue(stack.deps);
  for (const published of stack.published()) await deliverMessage(stack.deps, published);
};

const DENIED = said(550, "5.7.0", "Mail Sending denied. - gsmtp");
const OFF = said(400, null, "Precondition check failed.");

const ACCOUNT_WIDE: readonly (readonly [what: string, "smtp" | "gmail_api", Gmail])[] = [
  ["denied at MAIL", "smtp", refuses("mail", DENIED)],
  ["denied at RCPT", "smtp", atRcpt({ "b@y.org": DENIED })],
  ["denied to DATA", "smtp", refuses("data", DENIED)],
  ["denied to the mail itself", "smtp", refuses("body", DENIED)],
  ["534 to the login", "smtp", refuses("auth", said(534, "5.7.14", "Please log in via your web browser"))],
  ["535 under a fresh token", "smtp", refuses("auth", said(535, "5.7.8", "Username and Password not accepted"))],
  ["the account disabled", "smtp", refuses("data", said(550, "5.7.1", "This account is disabled."))],
  ["the API's mail service off", "gmail_api", refuses("body", OFF, { reasons: ["failedprecondition"] })],
  ["the API's words alone", "gmail_api", refuses("body", said(400, null, "Mail service not enabled"))],
  ["the domain's policy", "gmail_api", refuses("auth", said(403, null, "no"), { reasons: ["domainpolicy"] })],
  ["401 under a fresh token", "gmail_api", refuses("auth", said(401, null, "Invalid Credentials"))],
  ["a bare 403", "gmail_api", refuses("auth", said(403, null, "Forbidden"))],
];

suite("A refusal of the account by Gmail", () => {
  for (const [what, transport, gmail] of ACCOUNT_WIDE) {
    test(`${what}: no mail fails; after three refusals the server is in error and its mail is held`, async () => {
      await stack.setServer({ transport });
      stack.gmail = gmail;
      assert.deepEqual(await deliverAll(5), ["deferred", "deferred", "held", "held", "held"]);
      const now = await connection();
      assert.ok(now?.state === "error" && now.reason === "gmail_refused");
      const message = await stack.message("msg_3");
      assert.ok(message.status === "held" && message.because === "reconnect_required");
      assert.deepEqual(
        message.recipients.map(({ state }) => state),
        ["pending"],
      );
      const last = message.attempts.at(-1);
      assert.equal(last?.problem, "gmail_refused");
      assert.ok((last?.smtp?.code ?? 0) >= 400, "what Gmail said is shown");
      const later = await stack.message("msg_5");
      assert.equal(later.attempts.at(-1)?.problem, "gmail_refused", "nobody is told to reconnect for it");
      await stack.setServer({ transport });
      stack.gmail = acceptsAll;
      stack.clock.advance(60 * MINUTE);
      await dispatchDue(stack.deps);
      for (const id of stack.published()) await deliverMessage(stack.deps, id);
      for (const id of ["msg_1", "msg_3", "msg_5"]) assert.equal((await stack.message(id)).status, "sent");
    });
  }

  test("in five workers at once: none fails and none is left sending", async () => {
    stack.gmail = refuses("mail", DENIED);
    const ids = ["a", "b", "c", "d", "e"];
    for (const id of ids) await stack.accept(id);
    await Promise.all(ids.map((id) => deliverMessage(stack.deps, id)));
    assert.equal((await connection())?.state, "error");
    for (const id of ids) assert.match((await stack.message(id)).status, /^(held|deferred)$/);
  });

  test("counts only consecutive refusals: a mail that Gmail accepts resets the count", async () => {
    for (let round = 0; round < 4; round += 1) {
      for (const [at, gmail] of [refuses("mail", DENIED), refuses("mail", DENIED), acceptsAll].entries()) {
        stack.gmail = gmail;
        const id = `msg_${round}_${at}`;
        await stack.accept(id);
        await deliverMessage(stack.deps, id);
      }
    }
    assert.equal((await connection())?.state, "valid");
  });

  test("resets the count once the server works again", async () => {
    stack.gmail = refuses("mail", DENIED);
    await deliverAll(3);
    assert.equal((await connection())?.state, "error");
    await stack.setServer({});
    await stack.accept("msg_later");
    await deliverMessage(stack.deps, "msg_later");
    assert.equal((await stack.message("msg_later")).status, "deferred");
    assert.equal((await connection())?.state, "valid");
  });

  test("does not count refusals of single mails: three mails refused for their content leave the server as it is", async () => {
    stack.gmail = refuses("body", said(550, "5.7.1", "likely unsolicited mail"));
    assert.deepEqual(await deliverAll(3), ["failed", "failed", "failed"]);
    assert.equal((await connection())?.state, "valid");
  });
});

suite("A limit of the account that Gmail names", () => {
  for (const [stage, reply] of [
    ["data", said(550, "5.7.1", "Email quota exceeded. - gsmtp")],
    ["mail", said(421, "4.7.0", "Email quota exceeded")],
    ["body", said(552, "5.7.1", "Sending quota exceeded")],
    ["body", said(452, null, "Daily user sending limit exceeded")],
    ["auth", said(454, "4.7.0", "Daily sending quota exceeded")],
  ] as const) {
    test(`${reply.code} ${reply.response} (${stage}) defers the mail and holds the server's other mail`, async () => {
      stack.gmail = refuses(stage, reply);
      assert.deepEqual(await deliverAll(2), ["deferred", "held"]);
      assert.equal((await stack.message("msg_1")).attempts.at(-1)?.problem, "quota_reached");
      const other = await stack.message("msg_2");
      assert.ok(other.status === "held" && other.because === "limit_reached");
      assert.equal((await connection())?.state, "valid");
    });
  }

  test("too fast a pace holds the others for a minute, not for an hour", async () => {
    stack.gmail = refuses("body", said(429, null, "no"), { reasons: ["ratelimitexceeded"] });
    await stack.setServer({ transport: "gmail_api" });
    assert.deepEqual(await deliverAll(2), ["deferred", "held"]);
    assert.equal((await stack.message("msg_1")).attempts.at(-1)?.problem, "rate_limited");
    stack.gmail = acceptsAll;
    stack.clock.advance(2 * MINUTE);
    await dispatchDue(stack.deps);
    for (const id of stack.published()) await deliverMessage(stack.deps, id);
    assert.deepEqual([(await stack.message("msg_1")).status, (await stack.message("msg_2")).status], ["sent", "sent"]);
  });
});

suite("A refusal of some recipients", () => {
  const ALL = ["b@y.org", "c@y.org", "d@y.org"];
  const LATER = [
    said(552, "5.5.3", "Too many recipients. - gsmtp"),
    said(452, "4.5.3", "Too many recipients"),
    said(552, null, "no"),
    said(552, "5.2.2", "The recipient's inbox is out of storage space"),
    said(452, "4.2.2", "The email account that you tried to reach is over quota"),
  ];
  for (const reply of LATER) {
    test(`${reply.code} ${reply.enhanced ?? ""} to one of three: only that one is sent later, and nobody gets the mail twice`, async () => {
      await stack.accept("msg_1", acceptedMessage(stack.clock, "msg_1", ALL));
      stack.gmail = atRcpt({ "c@y.org": reply });
      await deliverMessage(stack.deps, "msg_1");
      const states = async () => (await stack.message("msg_1")).recipients.map(({ state }) => state);
      assert.equal((await stack.message("msg_1")).status, "deferred");
      assert.deepEqual(await states(), ["accepted", "pending", "accepted"]);
      await nextTry("msg_1");
      assert.deepEqual(await states(), ["accepted", "pending", "accepted"]);
      stack.gmail = acceptsAll;
      await nextTry("msg_1");
      assert.equal((await stack.message("msg_1")).status, "sent");
      const reached = stack.attempts.map(({ mail }) => mail.envelope.to.join(" "));
      assert.deepEqual(reached, [ALL.join(" "), "c@y.org", "c@y.org"]);
    });
  }

  test("if all are refused, each follows its own reply: permanent or temporary", async () => {
    await stack.accept("msg_1", acceptedMessage(stack.clock, "msg_1", ALL));
    const gone = said(550, "5.1.1", "The email account that you tried to reach does not exist.");
    stack.gmail = atRcpt({ "b@y.org": said(552, "5.5.3", "Too many recipients"), "c@y.org": gone, "d@y.org": gone });
    await deliverMessage(stack.deps, "msg_1");
    const { status, recipients, attempts } = await stack.message("msg_1");
    assert.deepEqual(
      [status, ...recipients.map(({ state }) => state)],
      ["deferred", "pending", "rejected", "rejected"],
    );
    assert.equal(attempts.at(-1)?.smtp?.code, 552, "the reply that says why it is tried again");
  });

  test("a quota error on the last recipient concerns the account, and refuses nobody", async () => {
    await stack.accept("msg_1", acceptedMessage(stack.clock, "msg_1", ALL));
    const quota = said(550, "5.4.5", "Daily user sending limit exceeded");
    stack.gmail = atRcpt({ "c@y.org": said(451, "4.3.0", "later"), "d@y.org": quota });
    await deliverMessage(stack.deps, "msg_1");
    const message = await stack.message("msg_1");
    assert.deepEqual(
      message.recipients.map(({ state }) => state),
      ["accepted", "pending", "pending"],
    );
    assert.equal(message.attempts.at(-1)?.problem, "quota_reached");
  });

  test("552 to the whole mail still means that it is too large", async () => {
    stack.gmail = refuses("body", said(552, "5.3.4", "Your message exceeded Google's message size limits"));
    await stack.accept("msg_1", acceptedMessage(stack.clock, "msg_1", ALL));
    await deliverMessage(stack.deps, "msg_1");
    const message = await stack.message("msg_1");
    assert.deepEqual([message.status, message.attempts.at(-1)?.problem], ["failed", "message_refused"]);
  });
});

suite("An internal error of the Gmail API", () => {
  const breaks: Gmail = async (_mail, beforeData) => {
    await beforeData();
    return { kind: "unknown", reason: "HTTP 503", reply: said(503, null, "Backend Error") };
  };
  const sendOnly = { transport: "gmail_api", connection: validConnection({ scopes: [SEND_ONLY] }) } as const;

  test("is shown with what Gmail said, and not as a lost reply", async () => {
    await stack.setServer(sendOnly);
    stack.gmail = breaks;
    await stack.accept("msg_1");
    await deliverMessage(stack.deps, "msg_1");
    const message = await stack.message("msg_1");
    assert.ok(message.status === "unknown" && message.dueAtMs === null);
    const { outcome, smtp, problem } = message.attempts.at(-1) ?? assert.fail("there was a try");
    assert.deepEqual([outcome, smtp?.code, smtp?.response, problem], ["unknown", 503, "Backend Error", "gmail_failed"]);
  });

  test("is retried with onUnknown `resend` until Gmail accepts the mail", async () => {
    await stack.setServer(sendOnly);
    stack.gmail = breaks;
    await stack.accept("msg_1", { onUnknown: "resend" });
    await deliverMessage(stack.deps, "msg_1");
    const note = (await stack.message("msg_1")).timeline.at(-1)?.note ?? "";
    assert.match(note, /internal error/);
    assert.doesNotMatch(note, /a person must decide/, "nobody need do anything");
    for (let tries = 0; tries < 6 && (await stack.message("msg_1")).status !== "sent"; tries += 1) {
      if (stack.attempts.length === 3) stack.gmail = acceptsAll;
      await nextTry("msg_1");
      for (const id of stack.published()) await deliverMessage(stack.deps, id);
    }
    assert.equal((await stack.message("msg_1")).status, "sent");
    assert.equal(stack.attempts.length, 4);
    const [first, last] = [stack.attempts[0], stack.attempts.at(-1)];
    assert.deepEqual(first?.mail.raw, last?.mail.raw, "the same mail, under the same Message-ID");
  });

  test("is first looked for in the sent mail if the scopes allow it", async () => {
    await stack.setServer({ ...sendOnly, connection: { state: "valid", grant: grant() } });
    stack.gmail = breaks;
    stack.lookup = "found";
    await stack.accept("msg_1", { onUnknown: "resend" });
    await deliverMessage(stack.deps, "msg_1");
    assert.match((await stack.message("msg_1")).timeline.at(-1)?.note ?? "", /internal error/);
    await nextTry("msg_1");
    assert.equal((await stack.message("msg_1")).status, "sent");
    assert.equal(stack.attempts.length, 1);
  });
});

test("a session that ends at RCPT leaves each recipient its own reply, and none to those who were not asked", async () => {
  const busy = said(421, "4.7.28", "Unusual rate");
  const refused = [
    { address: "never@y.org", reply: said(550, "5.1.1", "No such user") },
    { address: "busy@y.org", reply: busy },
  ];
  const { recipients } = acceptedMessage(stack.clock, "msg_1", ["never@y.org", "busy@y.org", "c@y.org"]);
  await stack.accept("msg_1", { recipients });
  stack.gmail = refuses("rcpt", busy, { refused });
  await deliverMessage(stack.deps, "msg_1");
  const message = await stack.message("msg_1");
  assert.equal(message.status, "deferred");
  assert.deepEqual(
    message.recipients.map(({ state, reply }) => [state, reply?.code ?? null]),
    [
      ["rejected", 550],
      ["pending", 421],
      ["pending", null],
    ],
  );
});
