import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { longAddresses } from "../../builders/raw-mail.ts";
import {
  accepted,
  type Heard,
  problem,
  programSession,
  type RelaisStandIn,
  type Scripted,
  STAND_IN_KEY,
  startRelaisStandIn,
} from "../../builders/relais-stand-in.ts";
import { envelope, MAIL, plain, sendBy, startDoor, type TestDoor } from "../../builders/smtp-door.ts";

const base64 = (text: string): string => Buffer.from(text).toString("base64");

describe("the SMTP door", () => {
  let relais: RelaisStandIn;
  let door: TestDoor;
  before(async () => {
    relais = await startRelaisStandIn();
    door = await startDoor(relais.origin);
  });
  after(async () => {
    await door.close();
    await relais.close();
  });
  const usual = () => ({
    onSession: ({ headers }: Heard): Scripted =>
      headers.authorization === `Bearer ${STAND_IN_KEY}` ? programSession() : problem(401, "unauthenticated"),
    onMail: (): Scripted => accepted(),
  });
  beforeEach(() => {
    Object.assign(relais, usual());
  });

  it("offers the documented extensions, and nothing else", async () => {
    const { ehlo, greeting } = await door.greet();
    assert.match(greeting ?? "", /^220 /);
    const offered = ehlo
      .split("\r\n")
      .slice(1)
      .map((line) => line.slice(4));
    assert.deepEqual(offered.sort(), [
      "8BITMIME",
      "AUTH PLAIN LOGIN",
      "ENHANCEDSTATUSCODES",
      "PIPELINING",
      "SIZE 33000000",
      "SMTPUTF8",
    ]);
  });

  describe("a login", () => {
    it("accepts an API key by PLAIN and by LOGIN, with and without an initial response", async () => {
      const ways: readonly (readonly string[])[] = [
        [plain("relais", STAND_IN_KEY)],
        ["AUTH PLAIN", base64(`\0relais\0${STAND_IN_KEY}`)],
        ["AUTH LOGIN", base64("relais"), base64(STAND_IN_KEY)],
        [`AUTH LOGIN ${base64("relais")}`, base64(STAND_IN_KEY)],
      ];
      for (const lines of ways) {
        const client = await door.greet();
        const replies: (string | null)[] = [];
        for (const line of lines) replies.push(await client.say(line));
        assert.match(replies.at(-1) ?? "", /^235 2\.7\.0 /, lines[0]);
      }
    });

    it("asks Relais about the key once in a while, and again after a refusal", async () => {
      const asked = relais.sessions.length;
      await door.logIn("relais");
      await door.logIn("Billing");
      assert.ok(relais.sessions.length - asked <= 1);
      relais.onMail = () => problem(401, "unauthenticated");
      assert.match((await sendBy(await door.logIn())) ?? "", /^535 5\.7\.8 /);
      relais.onSession = () => problem(401, "unauthenticated");
      const client = await door.greet();
      assert.match((await client.say(plain("relais", STAND_IN_KEY))) ?? "", /^535 5\.7\.8 /);
    });

    const otherKey = `rk_${"0b".repeat(9)}_${"w".repeat(43)}`;
    it("is answered 535 for a wrong key, and Relais is asked only about what can be a key", async () => {
      const client = await door.greet();
      assert.match((await client.say(plain("relais", otherKey))) ?? "", /^535 5\.7\.8 /);
      const asked = relais.sessions.length;
      for (const password of ["", "hunter2", "rk_1_x\r\nHost: evil", `${STAND_IN_KEY}é`, "a".repeat(5_000)]) {
        const another = await door.greet();
        assert.match((await another.say(plain("relais", password))) ?? "", /^535 5\.7\.8 /);
      }
      const nameless = await door.greet();
      assert.match((await nameless.say(plain("", STAND_IN_KEY))) ?? "", /^535 5\.7\.8 /);
      assert.equal(relais.sessions.length, asked);
    });

    it("is answered 535 for a key that may not send, and for anyone who is not a program", async () => {
      const answers: readonly Scripted[] = [
        programSession(["read"]),
        { status: 200, body: { actor: "ada@example.com", role: "operator", permissions: ["send"], csrf: null } },
      ];
      for (const answer of answers) {
        relais.onSession = () => answer;
        const client = await door.greet();
        assert.match((await client.say(plain("relais", otherKey))) ?? "", /^535 5\.7\.8 /);
      }
    });

    it("is answered 454 if Relais cannot be reached, or if something else answers in its place", async () => {
      const answers: readonly Scripted[] = [
        "hang_up",
        problem(503, "unavailable"),
        problem(429, "rate_limited"),
        { status: 404, body: "<h1>Not found</h1>" },
        { status: 200, body: "<h1>Please log in to this network</h1>" },
        { status: 302, body: "", headers: { location: "https://elsewhere.example.com" } },
        { status: 200, body: "x".repeat(1_000_000) },
      ];
      for (const answer of answers) {
        relais.onSession = () => answer;
        const client = await door.greet();
        const reply = await client.say(plain("relais", otherKey));
        assert.match(reply ?? "", /^454 4\.7\.0 /, JSON.stringify(answer).slice(0, 80));
      }
    });

    it("may fail at most three times on one connection", async () => {
      const client = await door.greet();
      assert.match((await client.say(plain("relais", "no"))) ?? "", /^535 /);
      assert.match((await client.say(plain("relais", "no"))) ?? "", /^535 /);
      assert.match((await client.say(plain("relais", "no"))) ?? "", /^421 4\.7\.0 /);
      assert.equal(await client.say("NOOP"), null);
    });

    it("is required before a message", async () => {
      const client = await door.greet();
      for (const line of ["MAIL FROM:<ada@example.com>", "RCPT TO:<client@example.org>", "DATA"])
        assert.match((await client.say(line)) ?? "", /^530 5\.7\.0 /, line);
    });
  });

  describe("a message", () => {
    const lastMail = (): Heard => {
      const mail = relais.mails.at(-1);
      assert.ok(mail);
      return mail;
    };

    it("becomes one request with the same bytes, and the 250 names the message", async () => {
      const before = relais.mails.length;
      const bytes = Buffer.from(`${MAIL}\r\n.a line with a dot\r\n..two\r\nna\u00efve \u00e9\r\nbare LF\nend\r\n\r\n`);
      const client = await door.logIn();
      assert.equal(await sendBy(client, bytes, ["b@example.org", "a@example.org"]), "250 2.0.0 msg_1");
      assert.equal(relais.mails.length, before + 1);
      const { method, url, headers, body } = lastMail();
      assert.deepEqual([method, url], ["POST", "/v1/messages"]);
      assert.equal(headers["content-type"], "message/rfc822");
      assert.equal(headers.authorization, `Bearer ${STAND_IN_KEY}`);
      assert.equal(headers["relais-recipients"], "a@example.org, b@example.org");
      assert.match(String(headers["idempotency-key"]), /^smtp-[0-9a-f]{64}$/);
      assert.deepEqual(body, bytes);
      assert.equal(await client.say("QUIT"), "221 2.0.0 Bye");
    });

    it("uses the mail server that the username names", async () => {
      const names: readonly (readonly [string, string])[] = [
        ["relais", "/v1/messages"],
        ["RELAIS", "/v1/messages"],
        ["srv_abc", "/v1/messages?server=srv_abc"],
        ["ada@example.com", "/v1/messages?server=ada%40example.com"],
        ["Facturation & Co. été", "/v1/messages?server=Facturation%20%26%20Co.%20%C3%A9t%C3%A9"],
      ];
      for (const [name, url] of names) {
        await sendBy(await door.logIn(name));
        assert.equal(lastMail().url, url);
      }
    });

    it("may have any sender, with one login for many", async () => {
      const client = await door.logIn();
      const senders = [
        "<>",
        "<root>",
        "<www-data@localhost>",
        " <spaced@example.com>",
        "bare@example.com",
        '<"Ada > Lovelace"@example.com>',
        "<user.@printer>",
        "<pelé@exämple.com> SMTPUTF8",
        "<ada@example.com> SIZE=1000 BODY=8BITMIME",
      ];
      for (const sender of senders) {
        assert.match((await client.say(`MAIL FROM:${sender}`)) ?? "", /^250 2\.1\.0 /, sender);
        assert.match((await client.say("RSET")) ?? "", /^250 /);
      }
    });

    it("goes to everyone named by RCPT, each once, with the local part as it is written", async () => {
      const header = async (given: readonly string[]) => {
        await sendBy(await door.logIn(), MAIL, given);
        return Buffer.from(String(lastMail().headers["relais-recipients"]), "latin1").toString();
      };
      const given = ["b@EXAMPLE.ORG", "é@bücher.example", "Reply+QmF6@xn--bcher-kva.example"];
      const expected = "Reply+QmF6@xn--bcher-kva.example, b@example.org, é@xn--bcher-kva.example";
      assert.equal(await header(given), expected);
      assert.equal(await header([...given, "b@example.org", "é@xn--bcher-kva.example"].toReversed()), expected);
      assert.match(await header(["b@example.org", "B@example.org"]), /^b@example\.org$/i);
    });

    it("leaves out an invalid address, and the others still receive it", async () => {
      const client = await door.logIn();
      await client.say("MAIL FROM:<>");
      for (const to of ["postmaster", "a@localhost", "a,b@example.org", "a@[127.0.0.1]"])
        assert.match((await client.say(`RCPT TO:<${to}>`)) ?? "", /^5\d\d 5\.1\.3 /, to);
      assert.match((await client.say("RCPT TO:<b@example.org>")) ?? "", /^250 2\.1\.5 /);
    });

    it("takes recipients without brackets, and still no invalid ones", async () => {
      const client = await door.logIn();
      await client.say("MAIL FROM:scanner");
      for (const to of ["b@example.org", " c@example.org ", "<f@example.org>"])
        assert.match((await client.say(`RCPT TO:${to}`)) ?? "", /^250 2\.1\.5 /, to);
      for (const to of [
        "",
        "b",
        "b@example.org>",
        "<b@example.org",
        "b@example.org,c@example.org",
        "b@example.org <c@x.org>",
      ])
        assert.match((await client.say(`RCPT TO:${to}`)) ?? "", /^5\d\d /, to);
    });

    it("may have 100 recipients", async () => {
      const client = await door.logIn();
      await client.say("MAIL FROM:<>");
      for (let n = 1; n <= 100; n += 1) assert.match((await client.say(`RCPT TO:<r${n}@example.org>`)) ?? "", /^250 /);
      assert.match((await client.say("RCPT TO:<one.more@example.org>")) ?? "", /^452 4\.5\.3 /);
      assert.match((await client.say("RCPT TO:<r1@example.org>")) ?? "", /^250 /);
    });

    it("may go to a hundred long addresses, and is the same request when it is repeated", async () => {
      const recipients = longAddresses(100);
      for (const to of [recipients, recipients.toReversed()])
        assert.equal(await sendBy(await door.logIn("Billing"), MAIL, to), "250 2.0.0 msg_1");
      const [first, again] = relais.mails.slice(-2);
      const { raw, ...others } = JSON.parse(first?.body.toString() ?? "");
      assert.equal(Buffer.from(raw, "base64").toString(), MAIL);
      assert.deepEqual(others, { envelope: { to: recipients.toSorted() }, server: "Billing" });
      assert.match(first?.headers["idempotency-key"]?.toString() ?? "", /^smtp-/);
      for (const name of ["idempotency-key", "content-type", "content-length"])
        assert.equal(again?.headers[name], first?.headers[name], name);
      assert.deepEqual(again?.body, first?.body);
    });

    it("is taken for some of its recipients only if its size, by MAIL, does not allow so many", async () => {
      const client = await door.logIn();
      assert.match((await client.say("MAIL FROM:<> SIZE=26000000")) ?? "", /^250 /);
      const replies: (string | null)[] = [];
      for (const to of longAddresses(60)) replies.push(await client.say(`RCPT TO:<${to}>`));
      const codes = replies.map((reply) => reply?.slice(0, 9));
      assert.deepEqual([...new Set(codes)], ["250 2.1.5", "452 4.5.3"]);
      assert.ok(codes.lastIndexOf("250 2.1.5") > 40);
    });

    it("is refused at its end if it is too large for so many recipients, and MAIL has not said so", async () => {
      const mail = Buffer.concat([Buffer.from(MAIL), Buffer.alloc(25_000_000, `${"x".repeat(70)}\r\n`)]);
      const before = relais.mails.length;
      assert.match((await sendBy(await door.logIn(), mail, longAddresses(60))) ?? "", /^552 5\.3\.4 .*recipients/);
      assert.equal(relais.mails.length, before);
    });

    it("leaves no trace if it breaks off, or after MAIL, RCPT, RSET and QUIT", async () => {
      const before = relais.mails.length;
      const tester = await door.logIn();
      for (const line of ["MAIL FROM:<noreply@odoo.com>", "RCPT TO:<test@odoo.com>"])
        assert.match((await tester.say(line)) ?? "", /^250 /);
      assert.match((await tester.say("RSET")) ?? "", /^250 /);
      assert.match((await tester.say("DATA")) ?? "", /^503 5\.5\.1 /);
      assert.match((await tester.say("QUIT")) ?? "", /^221 /);
      const broken = await door.logIn();
      await envelope(broken);
      assert.match((await broken.say("DATA")) ?? "", /^354 /);
      void broken.write(MAIL);
      broken.close();
      assert.equal(await sendBy(await door.logIn()), "250 2.0.0 msg_1");
      assert.equal(relais.mails.length, before + 1);
    });

    it("is refused at MAIL if SIZE announces too much, and at its end if it is larger than announced", async () => {
      const client = await door.logIn();
      assert.match((await client.say("MAIL FROM:<> SIZE=33000001")) ?? "", /^552 5\.3\.4 /);
      assert.match((await client.say("MAIL FROM:<> SIZE=33000000")) ?? "", /^250 /);
      await client.say("RSET");
      const before = relais.mails.length;
      const line = `${"x".repeat(76)}\r\n`;
      const body = line.repeat(Math.ceil(33_000_000 / line.length));
      assert.match((await sendBy(client, `${MAIL}\r\n${body}`)) ?? "", /^552 5\.3\.4 /);
      assert.equal(relais.mails.length, before);
      const fitting = Buffer.from(`${MAIL}\r\n${body}`).subarray(0, 32_999_998);
      assert.equal(await sendBy(client, Buffer.concat([fitting, Buffer.from("\r\n")])), "250 2.0.0 msg_1");
      assert.equal(lastMail().body.length, 33_000_000);
    });

    it("counts as the same when it is repeated, even with its recipients in another order", async () => {
      const keyOf = async (mail: string, recipients = ["a@example.org", "b@example.org"], name = "relais") => {
        await sendBy(await door.logIn(name), mail, recipients);
        return lastMail().headers["idempotency-key"];
      };
      const first = await keyOf(MAIL);
      assert.equal(await keyOf(MAIL, ["b@example.org", "a@EXAMPLE.ORG"]), first);
      const others = [
        await keyOf(MAIL.replace("Hello", "Hallo")),
        await keyOf(MAIL.replace("<42@", "<43@")),
        await keyOf(MAIL, ["a@example.org"]),
        await keyOf(MAIL, undefined, "Billing"),
      ];
      assert.equal(new Set([first, ...others]).size, 5);
      assert.equal(await keyOf(MAIL.replace("Message-ID: <42@erp.example.com>\r\n", "")), undefined);
      assert.equal(await keyOf(MAIL.replace("<42@erp.example.com>", "")), undefined);
      assert.equal(await keyOf(`Relais-Idempotency-Key:\r\n order 42\r\n${MAIL}`), "order 42");
    });

    it("is refused if it has an invalid idempotency key of its own", async () => {
      for (const key of ["", "é", "x".repeat(256), "a\r\nRelais-Idempotency-Key: b"]) {
        const reply = await sendBy(await door.logIn(), `Relais-Idempotency-Key: ${key}\r\n${MAIL}`);
        assert.match(reply ?? "", /^554 5\.6\.0 /, key);
      }
    });

    const REPLIES: readonly (readonly [what: string, answer: Scripted, reply: RegExp])[] = [
      ["accepted", accepted("msg_abc"), /^250 2\.0\.0 msg_abc$/],
      ["scheduled", { status: 202, body: { id: "msg_2", status: "scheduled" } }, /^250 2\.0\.0 msg_2$/],
      ["held", { status: 202, body: { id: "msg_3", status: "held" } }, /^250 2\.0\.0 msg_3$/],
      ["replayed", { status: 200, body: { id: "msg_4", status: "sent" } }, /^250 2\.0\.0 msg_4$/],
      ["unauthenticated", problem(401, "unauthenticated"), /^535 5\.7\.8 /],
      ["forbidden", problem(403, "server_not_allowed"), /^550 5\.7\.1 Refused/],
      [
        "From not allowed",
        problem(422, "from_not_allowed", { detail: "Use ada@example.com." }),
        /^550 5\.7\.1 .*Use ada@/,
      ],
      ["server unavailable", problem(409, "server_unavailable"), /^550 5\.7\.1 /],
      ["envelope unsupported", problem(422, "envelope_unsupported"), /^550 5\.7\.1 /],
      [
        "invalid",
        problem(422, "invalid_request", { fields: [{ path: "/raw", message: "has a line of 1200 octets" }] }),
        /^554 5\.6\.0 .*has a line of 1200 octets \(\/raw\)/,
      ],
      ["key reused", problem(422, "idempotency_key_reused"), /^554 5\.6\.0 /],
      ["malformed", problem(400, "malformed_request"), /^554 5\.6\.0 /],
      ["too large", problem(413, "message_too_large"), /^552 5\.3\.4 /],
      ["too large in its headers", { status: 431, body: "" }, /^552 5\.3\.4 .*recipients/],
      ["too large in its headers, says Relais", problem(431, "headers_too_large"), /^552 5\.3\.4 .*recipients/],
      ["too many requests", problem(429, "rate_limited", { retryable: true }), /^451 4\.3\.0 /],
      ["unavailable", problem(503, "unavailable", { retryable: true }), /^451 4\.3\.0 /],
      ["a defect", problem(500, "internal_error"), /^451 4\.3\.0 /],
      ["no answer in time", problem(504, "no_answer_in_time", { retryable: true }), /^451 4\.3\.0 /],
      ["body too slow", problem(408, "request_timeout", { retryable: true }), /^451 4\.3\.0 /],
      ["contended", problem(409, "contended", { retryable: true }), /^451 4\.3\.0 /],
      ["a proxy's 502", { status: 502, body: "<h1>Bad gateway</h1>" }, /^451 4\.3\.0 /],
      ["a proxy's 403", { status: 403, body: "<h1>Forbidden</h1>" }, /^550 5\.7\.1 /],
      ["an older Relais", problem(415, "unsupported_media_type"), /^451 4\.3\.0 /],
      ["not Relais", { status: 404, body: "Not found" }, /^451 4\.3\.0 /],
      ["a captive portal", { status: 200, body: "<h1>Please log in</h1>" }, /^451 4\.3\.0 /],
      ["a redirect", { status: 307, body: "", headers: { location: "/elsewhere" } }, /^451 4\.3\.0 /],
      ["a 202 without an id", { status: 202, body: {} }, /^451 4\.3\.0 /],
      ["a 202 with a strange id", { status: 202, body: { id: "msg_1\r\n250 2.0.0 evil" } }, /^451 4\.3\.0 /],
      ["no answer", "hang_up", /^451 4\.3\.0 /],
    ];
    for (const [what, answer, expected] of REPLIES) {
      it(`is answered as Relais answers: ${what}`, async () => {
        relais.onMail = () => answer;
        const client = await door.logIn();
        const reply = await sendBy(client);
        assert.match(reply ?? "", expected);
        assert.match(reply ?? "", /^[\x20-\x7e]{1,510}$/, "one ASCII line");
        // A refused message leaves the connection usable.
        relais.onMail = () => accepted("msg_next");
        assert.equal(await sendBy(client), "250 2.0.0 msg_next");
      });
    }

    it("is refused with a reason in one ASCII line, whatever the problem says", async () => {
      relais.onMail = () =>
        problem(422, "invalid_request", {
          title: "L\u2019adresse\r\n250 evil",
          detail: `\u00e9 \u2192 ${"x".repeat(2_000)}`,
        });
      const reply = (await sendBy(await door.logIn())) ?? "";
      assert.match(reply, /^554 5\.6\.0 L'adresse 250 evil\. \? -> x+$/);
      assert.ok(reply.length <= 510);
    });
  });

  it("logs by code, without a secret, a header or a body", () => {
    for (const code of ["door_mail_accepted", "door_mail_refused", "door_mail_put_off", "door_login_refused"])
      assert.ok(door.codes().includes(code), code);
    const all = door.logLines.join("\n");
    for (const text of [
      STAND_IN_KEY,
      "k".repeat(43),
      "Invoice",
      "Hello",
      "client@example.org",
      "hunter2",
      "erp.example",
    ])
      assert.ok(!all.includes(text), text);
    const accepted = JSON.parse(door.logLines.find((line) => line.includes("door_mail_accepted")) ?? "{}");
    assert.deepEqual([accepted.severity, accepted.id, accepted.recipients], ["INFO", "msg_1", 2]);
    const { severity, message, key, reply } = JSON.parse(
      door.logLines.find((line) => line.includes("door_mail_refused")) ?? "{}",
    );
    assert.deepEqual([severity, typeof message, key, typeof reply], ["WARNING", "string", "0a".repeat(9), "number"]);
  });
});
