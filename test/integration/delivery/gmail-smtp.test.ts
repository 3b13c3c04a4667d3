import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { GmailSmtpTransport } from "../../../functions/adapters/gmail-smtp/smtp-transport.ts";
import type { Clock } from "../../../functions/domain/clock.ts";
import type { Login, OutgoingMail } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { movableClock } from "../../builders/clock.ts";
import { eventually } from "../../builders/eventually.ts";
import { sandboxToken } from "../../builders/sandbox-token.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const ADA = "ada@example.com";
/** Real time that a test can advance. */
const clock = movableClock();
/** Its time-outs are at their minimum of a second, for what is never answered. */
const hasty = systemClock(200);

let sandbox: GoogleSandbox;
let login: Login;
const open: GmailSmtpTransport[] = [];

before(async () => {
  sandbox = await startGoogleSandbox();
  login = { username: ADA, accessToken: await sandboxToken(sandbox) };
});
after(() => sandbox.close());
afterEach(async () => {
  for (const transport of open.splice(0)) await transport.close();
  sandbox.control.clear();
  sandbox.control.clearMails();
  sandbox.control.clearTranscripts();
});

const transportTo = (
  changes: Partial<ConstructorParameters<typeof GmailSmtpTransport>[1]> = {},
  by: Clock = clock,
): GmailSmtpTransport => {
  const endpoint = { ...sandbox.smtp, security: "tls" as const, ca: sandbox.ca, ...changes };
  const transport = new GmailSmtpTransport(by, endpoint);
  open.push(transport);
  return transport;
};

const mail = (n = 1, to: readonly string[] = ["b@y.org"]): OutgoingMail => ({
  envelope: { from: ADA, to },
  raw: Buffer.from(
    `From: ${ADA}\r\nTo: b@y.org\r\nMessage-ID: <m${n}@example.com>\r\nSubject: s\r\n\r\n.dot\r\nend\r\n`,
  ),
});
const yes = async (): Promise<boolean> => true;
const sessions = (): number => sandbox.control.transcripts().length;

test("a mail arrives byte for byte, over TLS from the first byte and by STARTTLS", async () => {
  for (const changes of [{}, { ...sandbox.smtpStartTls, security: "starttls" as const }]) {
    const outcome = await transportTo(changes).send(mail(), login, yes);
    assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
    const sent = sandbox.control.mails().at(-1);
    assert.equal(sent?.messageId, "<m1@example.com>");
    assert.match(sent?.raw.toString() ?? "", /\r\n\.dot\r\nend\r\n$/);
  }
});

test("nothing more is said to a server without STARTTLS", async () => {
  sandbox.control.set({ fault: "smtp_refuse_tls" });
  const outcome = await transportTo({ ...sandbox.smtpStartTls, security: "starttls" }).send(mail(), login, yes);
  assert.ok(outcome.kind === "not_sent" || outcome.kind === "refused");
  assert.equal(outcome.stage, "tls");
  const said = sandbox.control.transcripts().flatMap(({ lines }) => lines);
  assert.equal(said.filter((line) => /^C: AUTH/.test(line)).length, 0);
});

test("a certificate of an unknown authority, or for another name, is refused", async () => {
  const unknown = await transportTo({ ca: null }).send(mail(), login, yes);
  assert.ok(unknown.kind === "not_sent");
  assert.equal(unknown.stage, "tls");
  const [first] = await transportTo({ host: "localhost.localdomain.invalid" }).probe(login);
  assert.deepEqual([first?.stage, first?.ok], ["dns", false]);
});

test("a refused token is answered after its 334, and its status is reported", async () => {
  const outcome = await transportTo().send(mail(), { username: ADA, accessToken: new Secret("wrong") }, yes);
  assert.ok(outcome.kind === "refused");
  assert.equal(outcome.stage, "auth");
  assert.equal(outcome.reply.code, 535);
  assert.equal(outcome.reply.enhanced, "5.7.8");
  assert.match(outcome.reply.response, /XOAUTH2 status 4\d\d/);
});

test("a token that could smuggle a field is never sent", async () => {
  const outcome = await transportTo().send(mail(), { username: `${ADA}\u0001x`, accessToken: login.accessToken }, yes);
  assert.ok(outcome.kind === "refused");
  const said = sandbox.control.transcripts().flatMap(({ lines }) => lines);
  assert.equal(said.filter((line) => /AUTH XOAUTH2/.test(line) && line.startsWith("C:")).length, 0);
});

/** What EHLO leaves out, which decides how many round trips a mail takes. */
const DIALOGUES = {
  "in one flight": [],
  "with DATA": ["CHUNKING"],
  "line by line": ["CHUNKING", "PIPELINING"],
} as const;
type DialogueName = keyof typeof DIALOGUES;
const NAMES: readonly DialogueName[] = ["in one flight", "with DATA", "line by line"];

const speak = (name: DialogueName): void => {
  sandbox.control.set({ fault: "smtp_lacks", extensions: [...DIALOGUES[name]] });
};

/** A transport that will use the dialogue: one flight comes once a session of it is known to go on after a mail. */
const speaking = async (name: DialogueName, by: Clock = clock): Promise<GmailSmtpTransport> => {
  speak(name);
  const transport = transportTo({}, by);
  if (name !== "in one flight") return transport;
  for (const n of [-1, 0]) assert.equal((await transport.send(mail(n), login, yes)).kind, "accepted");
  sandbox.control.clearMails();
  return transport;
};

test("a mail arrives byte for byte in every dialogue, to one recipient or to several", async () => {
  for (const name of NAMES) {
    for (const to of [["b@y.org"], ["b@y.org", "c@y.org"]]) {
      sandbox.control.clear();
      const transport = await speaking(name);
      let marks = 0;
      const outcome = await transport.send(mail(1, to), login, async () => {
        marks += 1;
        return true;
      });
      assert.deepEqual([outcome.kind, marks], ["accepted", 1], `${name}: ${JSON.stringify(outcome)}`);
      const sent = sandbox.control.mails().at(-1);
      assert.deepEqual(sent?.envelope.to, to, name);
      assert.ok(sent?.raw.toString().endsWith(mail().raw.toString()), name);
    }
  }
});

/** How each mail went out: its commands, in the order of the sessions. */
const verbs = (): readonly string[] =>
  sandbox.control
    .transcripts()
    .flatMap(({ lines }) => lines.filter((line) => /^C: (MAIL|RCPT|BDAT|DATA)/.test(line)))
    .map((line) => line.slice(3, 7));

const BY_DATA = ["MAIL", "RCPT", "DATA"];
const BY_CHUNK = ["MAIL", "RCPT", "BDAT"];

test("where CHUNKING is offered, a mail is one flight after the mark once a session has gone on after one", async () => {
  const transport = transportTo();
  const sendNext = async (n: number): Promise<void> =>
    assert.equal((await transport.send(mail(n), login, yes)).kind, "accepted");
  await sendNext(1);
  await sendNext(2);
  assert.deepEqual(verbs(), [...BY_DATA, ...BY_DATA]);
  let before: readonly string[] = ["no mark"];
  const outcome = await transport.send(mail(3), login, async () => {
    before = verbs().slice(6);
    return true;
  });
  assert.equal(outcome.kind, "accepted");
  assert.deepEqual(before, []);
  assert.deepEqual(verbs().slice(6), BY_CHUNK);
  // That is known of the server, so another session pays for its own first mail alone.
  const renewed = { username: ADA, accessToken: await sandboxToken(sandbox) };
  for (const n of [4, 5]) assert.equal((await transport.send(mail(n), renewed, yes)).kind, "accepted");
  assert.deepEqual(verbs().slice(9), [...BY_DATA, ...BY_CHUNK]);
});

test("after a session has ended behind its second mail, others are not relied on there until one goes on", async () => {
  const transport = transportTo();
  const sendSome = async (...ns: readonly number[]): Promise<void> => {
    for (const n of ns) assert.equal((await transport.send(mail(n), login, yes)).kind, "accepted");
  };
  await sendSome(1, 2);
  sandbox.control.set({ fault: "smtp_reply", stage: "mail", code: 421 }, { times: 1 });
  await sendSome(3);
  assert.equal(sessions(), 2);
  // The third mail of this session meets the doubt by DATA, and the one after it is a flight again.
  const before = verbs().length;
  await sendSome(4, 5, 6);
  assert.deepEqual(verbs().slice(before), [...BY_CHUNK, ...BY_DATA, ...BY_CHUNK]);
});

for (const name of NAMES) {
  test(`some of several recipients refused, ${name}: the mark names them before the mail goes out to the others`, async () => {
    const transport = await speaking(name);
    sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, recipient: "c@y.org" });
    const named: string[][] = [];
    const outcome = await transport.send(mail(1, ["b@y.org", "c@y.org", "d@y.org"]), login, async (refused = []) => {
      assert.equal(sandbox.control.mails().length, 0);
      named.push(refused.map(({ address }) => address));
      return true;
    });
    assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
    assert.deepEqual(outcome.accepted, ["b@y.org", "d@y.org"]);
    assert.deepEqual(named.at(-1), ["c@y.org"]);
    assert.deepEqual(sandbox.control.mails()[0]?.envelope.to, ["b@y.org", "d@y.org"]);
  });

  test(`all recipients refused, ${name}: nobody gets it, and the session serves the next mail`, async () => {
    for (const to of [["b@y.org"], ["b@y.org", "c@y.org"]]) {
      const transport = await speaking(name);
      sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550 }, { times: to.length });
      const outcome = await transport.send(mail(1, to), login, yes);
      assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
      assert.deepEqual([outcome.stage, outcome.refused.map(({ address }) => address)], ["rcpt", to]);
      assert.equal(sandbox.control.mails().length, 0);
      const before = sessions();
      assert.equal((await transport.send(mail(2, to), login, yes)).kind, "accepted");
      assert.equal(sessions(), before);
      sandbox.control.clear();
      sandbox.control.clearMails();
    }
  });

  test(`the mark says no, ${name}: nobody gets it, and the session serves the next mail`, async () => {
    for (const to of [["b@y.org"], ["b@y.org", "c@y.org"]]) {
      const transport = await speaking(name);
      assert.equal((await transport.send(mail(1, to), login, async () => false)).kind, "abandoned");
      assert.equal(sandbox.control.mails().length, 0);
      assert.equal((await transport.send(mail(2, to), login, yes)).kind, "accepted");
      sandbox.control.clear();
      sandbox.control.clearMails();
    }
  });
}

/** In one flight, the last octet goes out with the envelope: whatever breaks then, the mail may have been sent. */
const mayBeOut = (name: DialogueName, to: readonly string[], stage: string): boolean =>
  stage === "after_last_byte" ||
  stage === "body" ||
  (name === "in one flight" && (/data/.test(stage) || (to.length === 1 && /mail|rcpt/.test(stage))));

const isWhileOpening = (stage: string): boolean => stage === "connect" || stage === "auth";

const DROPS = ["connect", "auth", "mail", "rcpt", "before_data", "after_last_byte"] as const;
for (const when of DROPS) {
  test(`a connection that drops at ${when} means not_sent while the last octet has not gone out`, async () => {
    for (const name of NAMES) {
      for (const to of [["b@y.org"], ["b@y.org", "c@y.org"]]) {
        const transport = await (isWhileOpening(when) ? transportTo() : speaking(name));
        sandbox.control.set({ fault: "smtp_drop", when });
        const outcome = await transport.send(mail(1, to), login, yes);
        const expected = mayBeOut(name, to, when) ? "unknown" : "not_sent";
        assert.equal(outcome.kind, expected, `${name}, ${to}: ${JSON.stringify(outcome)}`);
        assert.equal(sandbox.control.mails().length, when === "after_last_byte" ? 1 : 0);
        sandbox.control.clear();
        sandbox.control.clearMails();
      }
    }
  });
}

test("the first mail of a session is not_sent if the connection drops before the reply to DATA, whatever is offered", async () => {
  for (const when of ["mail", "rcpt", "before_data"] as const) {
    sandbox.control.set({ fault: "smtp_drop", when });
    assert.equal((await transportTo().send(mail(), login, yes)).kind, "not_sent", when);
    sandbox.control.clear();
  }
});

test("a connection that drops in the middle of a large mail means not_sent", async () => {
  sandbox.control.set({ fault: "smtp_drop", when: "mid_body" });
  const raw = Buffer.concat([mail().raw, Buffer.from(`${"y".repeat(70)}\r\n`.repeat(200_000))]);
  const outcome = await transportTo().send({ ...mail(), raw }, login, yes);
  assert.ok(outcome.kind === "not_sent", JSON.stringify(outcome));
  assert.equal(outcome.stage, "body");
});

const REFUSALS = ["mail", "rcpt", "data", "body"] as const;
for (const stage of REFUSALS) {
  test(`a refusal at ${stage} names the stage and the reply, and the session goes on`, async () => {
    for (const name of NAMES) {
      const transport = await speaking(name);
      const fault = { fault: "smtp_reply", stage, code: 451, enhanced: "4.3.0", text: "Try later" } as const;
      sandbox.control.set(fault, { times: 1 });
      const outcome = await transport.send(mail(), login, yes);
      assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
      // A chunk has one reply to its command and its content.
      assert.equal(outcome.stage, name === "in one flight" && stage === "data" ? "body" : stage);
      assert.deepEqual(outcome.reply, { code: 451, enhanced: "4.3.0", response: "Try later" });
      assert.equal((await transport.send(mail(2), login, yes)).kind, "accepted");
      assert.deepEqual(
        sandbox.control.mails().map(({ messageId }) => messageId),
        ["<m2@example.com>"],
      );
      sandbox.control.clear();
      sandbox.control.clearMails();
    }
  });
}

test("the daily limit and too many logins are reported with their codes", async () => {
  sandbox.control.set({ fault: "smtp_daily_limit" }, { times: 1 });
  const daily = await transportTo().send(mail(), login, yes);
  assert.ok(daily.kind === "refused");
  assert.deepEqual([daily.reply.code, daily.reply.enhanced], [550, "5.4.5"]);
  sandbox.control.set({ fault: "smtp_too_many_logins" }, { times: 1 });
  const logins = await transportTo().send(mail(), login, yes);
  assert.ok(logins.kind === "refused");
  assert.deepEqual([logins.stage, logins.reply.code, logins.reply.enhanced], ["auth", 454, "4.7.0"]);
});

for (const stage of ["connect", "auth", "mail", "rcpt", "data", "body"] as const) {
  test(`silence at ${stage} ends with a time-out`, async () => {
    for (const name of NAMES) {
      const transport = await (isWhileOpening(stage) ? transportTo({}, hasty) : speaking(name, hasty));
      sandbox.control.set({ fault: "smtp_stall", stage });
      const outcome = await transport.send(mail(), login, yes);
      const expected = mayBeOut(name, ["b@y.org"], stage) ? "unknown" : "not_sent";
      assert.equal(outcome.kind, expected, `${name}: ${JSON.stringify(outcome)}`);
      sandbox.control.clear();
    }
  });
}

test("a session carries several mails, but none with another token", async () => {
  const transport = transportTo();
  for (const n of [1, 2, 3]) assert.equal((await transport.send(mail(n), login, yes)).kind, "accepted");
  assert.equal(sessions(), 1);
  const renewed = { username: ADA, accessToken: await sandboxToken(sandbox) };
  assert.equal((await transport.send(mail(4), renewed, yes)).kind, "accepted");
  assert.equal(sessions(), 2);
});

test("a session that was idle is checked before use, and replaced if it is gone", async () => {
  const transport = transportTo();
  assert.equal((await transport.send(mail(1), login, yes)).kind, "accepted");
  clock.advance(8_000);
  assert.equal((await transport.send(mail(2), login, yes)).kind, "accepted");
  assert.ok(sandbox.control.transcripts()[0]?.lines.includes("C: NOOP"));
  // The server ends it just as the mail is on its way, and says so.
  sandbox.control.set({ fault: "smtp_reply", stage: "mail", code: 421 }, { times: 1 });
  assert.equal((await transport.send(mail(3), login, yes)).kind, "accepted");
  assert.equal(sandbox.control.mails().length, 3);
  assert.equal(sessions(), 2);
});

test("a session that drops before the message has gone out is replaced", async () => {
  speak("with DATA");
  const transport = transportTo();
  assert.equal((await transport.send(mail(1), login, yes)).kind, "accepted");
  sandbox.control.set({ fault: "smtp_drop", when: "mail" }, { times: 1 });
  assert.equal((await transport.send(mail(2), login, yes)).kind, "accepted");
  assert.equal(sandbox.control.mails().length, 2);
  assert.equal(sessions(), 2);
});

test("a probe shows each stage with its duration, and sends nothing", async () => {
  const stages = await transportTo().probe(login);
  assert.deepEqual(
    stages.map(({ stage, ok }) => [stage, ok]),
    [
      ["dns", true],
      ["tls", true],
      ["auth", true],
      ["envelope", true],
    ],
  );
  const commands = sandbox.control.transcripts()[0]?.lines.filter((line) => line.startsWith("C: ")) ?? [];
  assert.deepEqual(
    commands.map((line) => line.slice(3).split(/[ :]/, 1)[0]),
    ["EHLO", "AUTH", "MAIL", "RCPT", "RSET", "QUIT"],
  );
  assert.equal(sandbox.control.mails().length, 0);
});

test("a probe ends at the stage that fails, and says why", async () => {
  sandbox.control.set({ fault: "smtp_reply", stage: "mail", code: 550, enhanced: "5.7.1", text: "Not you" });
  const stages = await transportTo().probe(login);
  assert.deepEqual(stages.at(-1)?.reply, { code: 550, enhanced: "5.7.1", response: "Not you" });
  const bad = await transportTo().probe({ username: ADA, accessToken: new Secret("wrong") });
  assert.deepEqual([bad.at(-1)?.stage, bad.at(-1)?.ok, bad.at(-1)?.reply?.code], ["auth", false, 535]);
  const closed = await transportTo({ port: 1 }).probe(login);
  assert.deepEqual([closed.at(-1)?.stage, closed.at(-1)?.ok], ["tls", false]);
  assert.match(closed.at(-1)?.reason ?? "", /ECONNREFUSED/);
});

test("closing the transport aborts mails whose end has not gone out, and sends none of them again", async () => {
  for (const stage of ["rcpt", "data"] as const) {
    speak("with DATA");
    const transport = transportTo();
    // The session lay idle before; usually its loss would lead to a new session.
    assert.equal((await transport.send(mail(1), login, yes)).kind, "accepted");
    const before = sessions();
    sandbox.control.set({ fault: "smtp_stall", stage });
    const sending = transport.send(mail(2), login, yes);
    await eventually("it stands still", () => saidLast(stage));
    await transport.close();
    const outcome = await sending;
    assert.deepEqual([outcome.kind, sessions()], ["not_sent", before], JSON.stringify(outcome));
    sandbox.control.clear();
  }
});

const saidLast = (stage: "rcpt" | "data"): boolean =>
  sandbox.control.transcripts().at(-1)?.lines.at(-1)?.startsWith(`C: ${stage.toUpperCase()}`) ?? false;
