import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { GmailApiAccount } from "../../../functions/adapters/gmail-api/gmail-account.ts";
import { GmailApiTransport } from "../../../functions/adapters/gmail-api/gmail-transport.ts";
import type { Login, OutgoingMail } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { FULL_MAIL, SEND_ONLY } from "../../builders/mail-server.ts";
import { sandboxToken } from "../../builders/sandbox-token.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const ADA = "ada@example.com";
const clock = systemClock();
/** Its time-outs are at their minimum of a second, for what is never answered. */
const hasty = systemClock(200);
let sandbox: GoogleSandbox;
let sender: Login;
let full: Login;
let transport: GmailApiTransport;
let account: GmailApiAccount;

before(async () => {
  sandbox = await startGoogleSandbox();
  sender = { username: ADA, accessToken: await sandboxToken(sandbox, ADA, [SEND_ONLY]) };
  full = { username: ADA, accessToken: await sandboxToken(sandbox, ADA, [FULL_MAIL]) };
  transport = new GmailApiTransport(clock, { rootUrl: sandbox.origin });
  account = new GmailApiAccount(clock, { rootUrl: sandbox.origin });
});
after(() => sandbox.close());
afterEach(() => {
  sandbox.control.clear();
  sandbox.control.clearMails();
});

const mail = (to: readonly string[] = ["b@y.org"], size = 0): OutgoingMail => ({
  envelope: { from: ADA, to },
  raw: Buffer.from(
    `From: ${ADA}\r\nTo: "hidden@y.org" <b@y.org>\r\nMessage-ID: <m1@example.com>\r\n\r\n${"y".repeat(70)}\r\n${`${"z".repeat(70)}\r\n`.repeat(size)}`,
  ),
});
const yes = async (): Promise<boolean> => true;

test("a mail arrives, with Gmail's id for it", async () => {
  const outcome = await transport.send(mail(), sender, yes);
  assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
  const sent = sandbox.control.mails().at(0);
  assert.equal(outcome.providerId, sent?.id);
  assert.deepEqual(sent?.envelope.to, ["b@y.org"]);
});

test("recipients that no field shows receive it too, even one whose address is part of someone's name", async () => {
  const outcome = await transport.send(mail(["b@y.org", "hidden@y.org", "c@y.org"]), sender, yes);
  assert.equal(outcome.kind, "accepted");
  const sent = sandbox.control.mails().at(0);
  assert.deepEqual([...(sent?.envelope.to ?? [])].toSorted(), ["b@y.org", "c@y.org", "hidden@y.org"]);
  assert.doesNotMatch(sent?.raw.toString() ?? "", /^Bcc:/im);
});

test("a recipient with a line break is refused before anything is sent", async () => {
  const outcome = await transport.send(mail(["b@y.org", "c@y.org\r\nSubject: evil"]), sender, yes);
  assert.equal(outcome.kind, "refused");
  assert.equal(sandbox.control.mails().length, 0);
});

test("20 MB go through", async () => {
  const large = mail(["b@y.org"], 280_000);
  const outcome = await transport.send(large, sender, yes);
  assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
  assert.ok((sandbox.control.mails().at(0)?.raw.length ?? 0) >= large.raw.length);
});

test("if the mark cannot be set, nothing is asked of Gmail", async () => {
  assert.equal((await transport.send(mail(), sender, async () => false)).kind, "abandoned");
  assert.equal(sandbox.control.mails().length, 0);
});

test("5xx or silence after the whole request means unknown, and nothing is repeated", async () => {
  sandbox.control.set({ fault: "http_error", at: "messages.send", status: 503, afterWork: true });
  assert.equal((await transport.send(mail(), sender, yes)).kind, "unknown");
  assert.equal(sandbox.control.mails().length, 1);
  sandbox.control.clear();
  sandbox.control.set({ fault: "stall", at: "messages.send", afterWork: true });
  const impatient = new GmailApiTransport(hasty, { rootUrl: sandbox.origin });
  assert.equal((await impatient.send(mail(), sender, yes)).kind, "unknown");
  assert.equal(sandbox.control.mails().length, 2);
});

test("a limit is reported with the time to wait, and not as a bad token", async () => {
  sandbox.control.set({ fault: "http_error", at: "messages.send", status: 429, retryAfterSeconds: 30 });
  const limited = await transport.send(mail(), sender, yes);
  assert.ok(limited.kind === "refused");
  assert.deepEqual([limited.stage, limited.reply.code, limited.retryAfterMs], ["body", 429, 30_000]);
  sandbox.control.clear();
  const reason = "userRateLimitExceeded";
  sandbox.control.set({ fault: "http_error", at: "messages.send", status: 403, reason });
  const rate = await transport.send(mail(), sender, yes);
  assert.ok(rate.kind === "refused");
  assert.equal(rate.stage, "body");
});

test("a bad token or an insufficient scope is a refusal of the login", async () => {
  const bad = await transport.send(mail(), { username: ADA, accessToken: new Secret("wrong") }, yes);
  assert.ok(bad.kind === "refused");
  assert.deepEqual([bad.stage, bad.reply.code], ["auth", 401]);
  const scopeless = await sandboxToken(sandbox, ADA, []);
  const small = await transport.send(mail(), { username: ADA, accessToken: scopeless }, yes);
  assert.ok(small.kind === "refused");
  assert.deepEqual([small.stage, small.reply.code], ["auth", 403]);
});

test("if nobody answers, the mail was not sent", async () => {
  const nowhere = new GmailApiTransport(clock, { rootUrl: "http://127.0.0.1:1" });
  const outcome = await nowhere.send(mail(), sender, yes);
  assert.ok(outcome.kind === "not_sent");
  assert.equal(outcome.stage, "tls");
});

test("a probe proves the token without sending, and recognizes a bad one", async () => {
  const stages = await transport.probe(sender);
  assert.deepEqual(
    stages.map(({ stage, ok }) => [stage, ok]),
    [
      ["dns", true],
      ["tls", true],
      ["auth", true],
    ],
  );
  const bad = await transport.probe({ username: ADA, accessToken: new Secret("wrong") });
  assert.deepEqual([bad.at(-1)?.stage, bad.at(-1)?.ok, bad.at(-1)?.reply?.code], ["auth", false, 401]);
  assert.equal(sandbox.control.mails().length, 0);
});

test("a sent mail is found by its Message-ID if the scopes allow a search", async () => {
  const wanted = { messageId: "<m1@example.com>", sinceMs: Date.now() - 60_000 };
  assert.equal(await account.findSent(full, wanted), "not_found");
  await transport.send(mail(), sender, yes);
  assert.equal(await account.findSent(full, wanted), "found");
  assert.equal(await account.findSent(full, { ...wanted, sinceMs: Date.now() + 60_000 }), "not_found");
  assert.equal(await account.findSent(sender, wanted), "forbidden");
  assert.equal(await account.findSent({ username: ADA, accessToken: new Secret("wrong") }, wanted), "token_refused");
  for (const at of ["messages.get", "messages.list"] as const) {
    sandbox.control.set({ fault: "http_error", at, status: 500 }, { times: 1 });
    assert.equal(await account.findSent(full, wanted), "unavailable");
  }
});

test("a copy whose time Gmail does not tell is a copy, and its time is not asked for if nobody else has the id", async () => {
  const messageId = "<m1@example.com>";
  const sinceMs = Date.now() - 60_000;
  await transport.send(mail(), sender, yes);
  for (const status of [404, 405, 501]) {
    sandbox.control.set({ fault: "http_error", at: "messages.get", status });
    assert.equal(await account.findSent(full, { messageId, sinceMs }), "found", String(status));
    sandbox.control.clear();
  }
  sandbox.control.set({ fault: "http_error", at: "messages.get", status: 500 });
  assert.equal(await account.findSent(full, { messageId, sinceMs: null }), "found");
  assert.equal(await account.findSent(full, { messageId: "<other@example.com>", sinceMs: null }), "not_found");
  sandbox.control.clear();
});

test("an account that does not offer the search forbids it; any other failure may be over later", async () => {
  for (const [status, answer] of [
    [404, "forbidden"],
    [405, "forbidden"],
    [501, "forbidden"],
    [429, "unavailable"],
    [503, "unavailable"],
  ] as const) {
    sandbox.control.set({ fault: "http_error", at: "messages.list", status }, { times: 1 });
    assert.equal(
      await account.findSent(full, { messageId: "<m1@example.com>", sinceMs: null }),
      answer,
      String(status),
    );
  }
});

test("a Message-ID that would say more in a search than itself is not searched for", async () => {
  await transport.send(mail(), sender, yes);
  for (const messageId of [
    "",
    "<m1@example.com OR in:sent>",
    '<"m1@example.com">',
    "<{m1@example.com x}>",
    "<é@example.com>",
  ]) {
    assert.equal(await account.findSent(full, { messageId, sinceMs: 0 }), "unsearchable");
  }
});

test("the send-as addresses are the account and its aliases, except pending ones", async () => {
  assert.deepEqual(await account.sendAs(full), [ADA, "billing@example.com", "contact@example.com"]);
  assert.equal(await account.sendAs(sender), "forbidden");
});
