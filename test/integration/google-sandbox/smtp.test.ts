import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { eventually } from "../../builders/eventually.ts";
import { API_SCOPE, connect, revokeByForm } from "../../google-sandbox/client-program.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { type SmtpDialogue, smtpDialogue, xoauth2 } from "../../google-sandbox/smtp-dialogue.ts";

const MAIL =
  "From: Ada <ada@example.com>\r\nTo: b@y.org\r\nMessage-ID: <m1@example.com>\r\nDate: Sun, 22 Nov 2026 09:00:00 +0000\r\n\r\nHello\r\n";

describe("the sandbox's SMTP", () => {
  let sandbox: GoogleSandbox;
  let token: string;
  const open: SmtpDialogue[] = [];
  before(async () => {
    sandbox = await startGoogleSandbox();
    token = (await connect(sandbox)).body.access_token ?? "";
  });
  afterEach(() => {
    for (const dialogue of open.splice(0)) dialogue.close();
    sandbox.control.clear();
    sandbox.control.clearMails();
    sandbox.control.clearTranscripts();
  });
  after(() => sandbox.close());

  const greeted = async (): Promise<SmtpDialogue> => {
    const dialogue = await smtpDialogue({ ...sandbox.smtp, ca: sandbox.ca });
    open.push(dialogue);
    return dialogue;
  };
  const authenticated = async (user = "ada@example.com", accessToken = token): Promise<SmtpDialogue> => {
    const dialogue = await greeted();
    await dialogue.say("EHLO client.example.com");
    assert.match((await dialogue.say(xoauth2(user, accessToken))) ?? "", /^235 2\.7\.0 /);
    return dialogue;
  };
  const readyForData = async (from = "ada@example.com"): Promise<SmtpDialogue> => {
    const dialogue = await authenticated();
    assert.match((await dialogue.say(`MAIL FROM:<${from}>`)) ?? "", /^250 2\.1\.0 /);
    assert.match((await dialogue.say("RCPT TO:<b@y.org>")) ?? "", /^250 2\.1\.5 /);
    return dialogue;
  };
  const send = async (mime: string | Buffer): Promise<string | null> => {
    const dialogue = await readyForData();
    assert.match((await dialogue.say("DATA")) ?? "", /^354 /);
    return dialogue.write(Buffer.concat([Buffer.from(mime), Buffer.from(".\r\n")]));
  };
  const refused = async (user: string, accessToken: string): Promise<void> => {
    const dialogue = await greeted();
    await dialogue.say("EHLO client.example.com");
    const challenge = (await dialogue.say(xoauth2(user, accessToken))) ?? "";
    assert.match(challenge, /^334 /);
    assert.deepEqual(JSON.parse(Buffer.from(challenge.slice(4), "base64").toString()), {
      status: "400",
      schemes: "Bearer",
      scope: "https://mail.google.com/",
    });
    assert.match((await dialogue.say("")) ?? "", /^535-5\.7\.8 Username and Password not accepted/);
  };

  it("refuses an address that nobody has, at any domain, and no other", async () => {
    const dialogue = await authenticated();
    assert.match((await dialogue.say("MAIL FROM:<ada@example.com>")) ?? "", /^250 /);
    for (const address of ["no-such-user@example.com", "No-Such-User@elsewhere.org"])
      assert.match((await dialogue.say(`RCPT TO:<${address}>`)) ?? "", /^550 5\.1\.1 .*does not exist/);
    for (const address of ["user@example.com", "a-no-such-user@example.com"])
      assert.match((await dialogue.say(`RCPT TO:<${address}>`)) ?? "", /^250 /);
  });

  it("greets with a certificate that is valid for the address and for localhost, and offers what Gmail offers", async () => {
    const dialogue = await greeted();
    assert.match(dialogue.greeting ?? "", /^220 smtp\.gmail\.com ESMTP /);
    const offered = (await dialogue.say("EHLO client.example.com"))?.split("\r\n").map((line) => line.slice(4));
    for (const extension of ["SIZE 35882577", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES", "AUTH XOAUTH2"]) {
      assert.ok(offered?.includes(extension), extension);
    }
    const byName = await smtpDialogue({ host: "localhost", port: sandbox.smtp.port, ca: sandbox.ca });
    byName.close();
  });

  it("accepts logins on the other port only after STARTTLS", async () => {
    const dialogue = await smtpDialogue(sandbox.smtpStartTls);
    open.push(dialogue);
    assert.match((await dialogue.say("EHLO client.example.com")) ?? "", /STARTTLS/);
    assert.match((await dialogue.say(xoauth2("ada@example.com", token))) ?? "", /^5\d\d /);
    assert.match((await dialogue.say("STARTTLS")) ?? "", /^220 /);
    await dialogue.startTls(sandbox.ca);
    await dialogue.say("EHLO client.example.com");
    assert.match((await dialogue.say(xoauth2("ada@example.com", token))) ?? "", /^235 /);
  });

  it("answers a wrong, foreign or insufficient token with 334 and its reasons, then 535", async () => {
    await refused("ada@example.com", "ya29.wrong");
    await refused("grace@example.com", token);
    const narrow = await connect(sandbox, { account: "grace@example.com" }, { scope: API_SCOPE });
    await refused("grace@example.com", narrow.body.access_token ?? "");
    const revoked = await connect(sandbox, { account: "facturation@example.com" });
    await revokeByForm(sandbox, revoked.body.refresh_token ?? "");
    await refused("facturation@example.com", revoked.body.access_token ?? "");
    const stale = await connect(sandbox, { account: "operator@example.com" });
    sandbox.control.advance(3_600_000);
    await refused("operator@example.com", stale.body.access_token ?? "");
    token = (await connect(sandbox)).body.access_token ?? "";
  });

  it("accepts the address in any case", async () => {
    await authenticated("ADA@Example.com");
  });

  it("keeps a message byte for byte, including dots and eight-bit bytes", async () => {
    const body = Buffer.concat([
      Buffer.from(`${MAIL}.\r\n..two\r\n...\r\n`),
      Buffer.from([0xc3, 0xa9, 0xff, 0x0d, 0x0a]),
    ]);
    const stuffed = Buffer.from(body.toString("latin1").replace(/^\./gm, ".."), "latin1");
    assert.match((await send(stuffed)) ?? "", /^250 2\.0\.0 /);
    const [mail] = sandbox.control.mails();
    assert.deepEqual(mail?.raw, body);
    assert.equal(mail?.messageId, "<m1@example.com>");
    assert.deepEqual(mail?.envelope, { from: "ada@example.com", to: ["b@y.org"], givenFrom: "ada@example.com" });
  });

  it("rewrites From and envelope silently, unless From is a verified alias", async () => {
    await send(MAIL.replace("ada@example.com", "boss@elsewhere.org"));
    await send(MAIL.replace("ada@example.com", "sales@example.com"));
    await send(MAIL.replace("ada@example.com", "billing@example.com"));
    const froms = sandbox.control.mails().map((mail) => /^From: (.*)\r$/m.exec(mail.raw.toString())?.[1]);
    assert.deepEqual(froms, ["Ada <ada@example.com>", "Ada <ada@example.com>", "Ada <billing@example.com>"]);
    assert.ok(sandbox.control.mails().every((mail) => mail.raw.toString().endsWith("\r\n\r\nHello\r\n")));
    const dialogue = await readyForData("boss@elsewhere.org");
    await dialogue.say("DATA");
    await dialogue.write(`${MAIL}.\r\n`);
    assert.equal(sandbox.control.mails().at(-1)?.envelope.from, "ada@example.com");
  });

  it("removes Bcc and adds what is missing", async () => {
    await send("From: ada@example.com\r\nTo: b@y.org\r\nBcc: secret@y.org\r\n\r\nHello\r\n");
    const raw = sandbox.control.mails()[0]?.raw.toString() ?? "";
    assert.doesNotMatch(raw, /Bcc|secret/);
    assert.match(raw, /^Message-ID: <CA.+@mail\.gmail\.com>\r$/m);
    assert.match(raw, /^Date: /m);
  });

  it("refuses a message that is announced as too large, and the 101st recipient", async () => {
    const dialogue = await authenticated();
    assert.match((await dialogue.say("MAIL FROM:<ada@example.com> SIZE=35882578")) ?? "", /^552 5\.3\.4 /);
    await dialogue.say("MAIL FROM:<ada@example.com>");
    const replies: (string | null)[] = [];
    for (let count = 0; count <= 100; count += 1) replies.push(await dialogue.say(`RCPT TO:<r${count}@y.org>`));
    assert.ok(replies.slice(0, 100).every((reply) => reply?.startsWith("250 ")));
    assert.match(replies[100] ?? "", /^452 4\.5\.3 /);
  });

  it("records each session without tokens and contents", async () => {
    const dialogue = await readyForData();
    assert.match((await dialogue.say("RSET")) ?? "", /^250 /);
    await dialogue.say("QUIT");
    const [transcript] = sandbox.control.transcripts();
    assert.equal(transcript?.account, "ada@example.com");
    const commands = transcript?.lines.filter((line) => line.startsWith("C: "));
    assert.deepEqual(commands, [
      "C: EHLO client.example.com",
      "C: AUTH XOAUTH2 [redacted]",
      "C: MAIL FROM:<ada@example.com>",
      "C: RCPT TO:<b@y.org>",
      "C: RSET",
      "C: QUIT",
    ]);
    assert.ok(transcript?.lines.includes("S: 235 2.7.0 Accepted"));
    await send(MAIL);
    await refused("ada@example.com", "ya29.wrong-token");
    const all = JSON.stringify(sandbox.control.transcripts());
    assert.doesNotMatch(all, /Hello|ya29|wrong-token/);
    assert.equal(all.includes(Buffer.from("auth=Bearer").toString("base64").slice(2, 10)), false);
  });

  const commands: readonly [stage: "mail" | "rcpt" | "data", from: () => Promise<SmtpDialogue>, line: string][] = [
    ["mail", () => authenticated(), "MAIL FROM:<ada@example.com>"],
    ["rcpt", () => mailGiven(), "RCPT TO:<b@y.org>"],
    ["data", () => readyForData(), "DATA"],
  ];
  const mailGiven = async (): Promise<SmtpDialogue> => {
    const dialogue = await authenticated();
    await dialogue.say("MAIL FROM:<ada@example.com>");
    return dialogue;
  };
  for (const [stage, from, line] of commands) {
    it(`replies as scripted at ${stage}, as often as told, and continues the session`, async () => {
      const dialogue = await from();
      sandbox.control.set({ fault: "smtp_reply", stage, code: 451, enhanced: "4.3.0", text: "Later" }, { times: 1 });
      assert.equal(await dialogue.say(line), "451 4.3.0 Later");
      assert.match((await dialogue.say(line)) ?? "", stage === "data" ? /^354 / : /^250 /);
    });
  }

  it("replies as scripted to the connection, to the login and after the body", async () => {
    const { control } = sandbox;
    control.set(
      { fault: "smtp_reply", stage: "connect", code: 421, enhanced: "4.7.0", text: "Try again later" },
      { times: 1 },
    );
    assert.equal((await greeted()).greeting, "421 4.7.0 Try again later");
    control.set(
      { fault: "smtp_reply", stage: "auth", code: 454, enhanced: "4.7.0" },
      { times: 1, account: "ada@example.com" },
    );
    const dialogue = await greeted();
    await dialogue.say("EHLO client.example.com");
    assert.match((await dialogue.say(xoauth2("ada@example.com", token))) ?? "", /^454 4\.7\.0 /);
    control.set({ fault: "smtp_reply", stage: "body", code: 552, enhanced: "5.7.0", text: "Blocked" }, { times: 1 });
    assert.equal(await send(MAIL), "552 5.7.0 Blocked");
    assert.deepEqual(control.mails(), []);
  });

  it("refuses one recipient of several", async () => {
    sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1", recipient: "no@y.org" });
    const dialogue = await mailGiven();
    assert.match((await dialogue.say("RCPT TO:<yes@y.org>")) ?? "", /^250 /);
    assert.match((await dialogue.say("RCPT TO:<NO@y.org>")) ?? "", /^550 5\.1\.1 /);
  });

  it("answers 550 5.4.5 at the daily limit and 454 4.7.0 after too many logins, for the named account", async () => {
    sandbox.control.set({ fault: "smtp_daily_limit" }, { account: "ada@example.com" });
    assert.match((await (await readyForData()).say("DATA")) ?? "", /^550 5\.4\.5 Daily user sending limit exceeded/);
    sandbox.control.clear();
    sandbox.control.set({ fault: "smtp_daily_limit", stage: "body" }, { account: "grace@example.com" });
    assert.match((await send(MAIL)) ?? "", /^250 /);
    sandbox.control.set({ fault: "smtp_too_many_logins" }, { times: 1 });
    const dialogue = await greeted();
    await dialogue.say("EHLO client.example.com");
    assert.match((await dialogue.say(xoauth2("ada@example.com", token))) ?? "", /^454 4\.7\.0 Too many login attempts/);
  });

  it("hangs up before DATA, in the middle of the body and after the last byte", async () => {
    const { control } = sandbox;
    control.set({ fault: "smtp_drop", when: "before_data" }, { times: 1 });
    assert.equal(await (await readyForData()).say("DATA"), null);
    control.set({ fault: "smtp_drop", when: "mid_body" }, { times: 1 });
    const dialogue = await readyForData();
    await dialogue.say("DATA");
    assert.equal(await dialogue.write("From: ada@example.com\r\n"), null);
    control.set({ fault: "smtp_drop", when: "after_last_byte", stored: false }, { times: 1 });
    assert.equal(await send(MAIL), null);
    assert.deepEqual(control.mails(), []);
    control.set({ fault: "smtp_drop", when: "after_last_byte" }, { times: 1 });
    assert.equal(await send(MAIL), null);
    assert.deepEqual(
      control.mails().map(({ messageId }) => messageId),
      ["<m1@example.com>"],
    );
  });

  for (const when of ["connect", "auth", "mail", "rcpt"] as const) {
    it(`hangs up at ${when}`, async () => {
      sandbox.control.set({ fault: "smtp_drop", when }, { times: 1 });
      const dialogue = await greeted();
      const said = [dialogue.greeting];
      for (const line of [
        "EHLO c.example",
        xoauth2("ada@example.com", token),
        "MAIL FROM:<ada@example.com>",
        "RCPT TO:<b@y.org>",
      ]) {
        if (said.at(-1) !== null) said.push(await dialogue.say(line));
      }
      assert.equal(said.indexOf(null), { connect: 0, auth: 2, mail: 3, rcpt: 4 }[when]);
    });
  }

  it("refuses TLS, at once and after STARTTLS", async () => {
    sandbox.control.set({ fault: "smtp_refuse_tls" }, { times: 1 });
    await assert.rejects(greeted());
    sandbox.control.set({ fault: "smtp_refuse_tls" }, { times: 1 });
    const dialogue = await smtpDialogue(sandbox.smtpStartTls);
    await dialogue.say("EHLO client.example.com");
    await dialogue.say("STARTTLS");
    await assert.rejects(dialogue.startTls(sandbox.ca));
  });

  it("falls silent when told to", async () => {
    for (const stage of ["connect", "mail", "body"] as const) {
      sandbox.control.set({ fault: "smtp_stall", stage }, { times: 1 });
      const exchange = stage === "connect" ? greeted() : stage === "mail" ? mailGiven() : send(MAIL);
      await eventually("the silence begins", () => sandbox.control.switches().length === 0);
      const first = await Promise.race([exchange, new Promise((resolve) => setTimeout(resolve, 400, "silence"))]);
      assert.equal(first, "silence", stage);
    }
    assert.deepEqual(sandbox.control.mails(), []);
  });
});
