import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, afterEach, before, suite, test } from "node:test";
import { createTransport } from "nodemailer";
import { relaisTransport } from "../../../functions/client/nodemailer.ts";
import { Relais } from "../../../functions/client/relais.ts";
import { RAW_SIZE_LIMIT } from "../../../functions/domain/messages/accept/raw-input.ts";
import { connect, connectedServer, createServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import { FROM, ID, longAddresses, mailOfSize, rawMail } from "../../builders/raw-mail.ts";
import { dkimSigned, smime, verifiesByDkim } from "../../builders/signed-mail.ts";
import { sendBy, startDoor } from "../../builders/smtp-door.ts";

interface MessageJson {
  readonly id: string;
  readonly messageId: string;
  readonly status: string;
  readonly accepted: readonly string[];
  readonly timeline: readonly { readonly noteCode?: string }[];
}

const sha256 = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const DATE = "Date: Tue, 05 Jan 2027 09:00:00 +0100";
const FIELDS = [FROM, "To: lecteur@example.org", DATE];

interface Asked {
  /** The mail server. */
  readonly by: string;
  readonly to: string;
  readonly waitS: number;
}

/** Hands in a composed mail, and waits for what becomes of it. */
const send = async ({ relais }: Stack, mail: Buffer, { by, to, waitS }: Asked) => {
  const answer = await relais.request(`/v1/messages?server=${by}`, {
    method: "POST",
    headers: {
      Authorization: `Bearer ${relais.setupToken}`,
      "Content-Type": "message/rfc822",
      "Relais-Recipients": to,
      Prefer: `wait=${waitS}`,
    },
    body: new Uint8Array(mail),
  });
  const json: MessageJson = await answer.json();
  return { status: answer.status, json };
};

suite("A composed mail, from the request to the mailbox", () => {
  let stack: Stack;
  let server: string;
  before(async () => {
    stack = await startStack();
    server = await connectedServer(stack, { limits: { perMinute: 1_000, perDay: 2_000 } });
  });
  after(() => stack.stop());
  afterEach(() => {
    stack.sandbox.control.clear();
    stack.sandbox.control.clearMails();
  });

  /** Sends it, and returns the bytes that arrived. */
  const arrived = async (mail: Buffer, { by = server, to = "lecteur@example.org" } = {}): Promise<Buffer> => {
    const { status, json } = await send(stack, mail, { by, to, waitS: 50 });
    assert.equal(status, 200, JSON.stringify(json));
    assert.equal(json.status, "sent", JSON.stringify(json));
    const [copy, ...more] = stack.sandbox.control.mails();
    assert.ok(copy);
    assert.equal(more.length, 0);
    assert.equal(copy.messageId, json.messageId);
    return copy.raw;
  };

  const report = [
    "--r",
    "Content-Type: text/plain",
    "",
    "It could not be delivered.",
    "",
    "--r",
    "Content-Type: message/delivery-status",
    "",
    "Reporting-MTA: dns; example.com",
    "",
    "Final-Recipient: rfc822; x@example.org",
    "Action: failed",
    "Status: 5.1.1",
    "",
    "--r--",
    "",
  ].join("\r\n");
  const encrypted = [
    "--p",
    "Content-Type: application/pgp-encrypted",
    "",
    "Version: 1",
    "--p",
    "Content-Type: application/octet-stream",
    "",
    "-----BEGIN PGP MESSAGE-----",
    "",
    "hQEMA.dot",
    ".",
    "..",
    "-----END PGP MESSAGE-----",
    "--p--",
    "",
  ].join("\r\n");
  const invitation = [
    "--c",
    "Content-Type: text/plain",
    "",
    "Revue mardi.",
    "--c",
    "Content-Type: text/calendar; method=REQUEST",
    "",
    "BEGIN:VCALENDAR",
    "METHOD:REQUEST",
    "END:VCALENDAR",
    "--c--",
    "",
  ].join("\r\n");
  const kinds: Readonly<Record<string, Buffer>> = {
    "a delivery report": rawMail(
      [
        ...FIELDS,
        "Message-ID: <r@erp.example.com>",
        "Auto-Submitted: auto-replied",
        "Content-Type: multipart/report; report-type=delivery-status; boundary=r",
      ],
      report,
    ),
    "PGP, with dots at the start of lines": rawMail(
      [
        ...FIELDS,
        "Message-ID: <p@erp.example.com>",
        'Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary=p',
      ],
      encrypted,
    ),
    "an invitation": rawMail(
      [...FIELDS, "Message-ID: <i@erp.example.com>", "Content-Type: multipart/alternative; boundary=c"],
      invitation,
    ),
    "any octets, odd blanks, repeated fields and empty lines at the end": rawMail(
      [
        "Received: by odd;\r\n\tone",
        ...FIELDS,
        "Message-Id:<o@erp.example.com>",
        "X-A : \t1",
        "X-A: 2  ",
        "Subject: \xe9t\xe9",
      ],
      Buffer.concat([
        Buffer.from(Array.from({ length: 255 }, (_, n) => n + 1).filter((n) => n !== 10 && n !== 13)),
        Buffer.from("  \r\n.\r\n\r\n\r\n"),
      ]),
    ),
    "the largest": mailOfSize(RAW_SIZE_LIMIT, rawMail([...FIELDS, "Message-ID: <l@erp.example.com>"])),
  };
  for (const [name, mail] of Object.entries(kinds)) {
    test(`${name}: the bytes that arrive are those that were sent`, async () => {
      const bytes = await arrived(mail);
      const end = mail.subarray(-2).toString() === "\r\n" ? "" : "\r\n";
      assert.equal(sha256(bytes), sha256(Buffer.concat([mail, Buffer.from(end)])));
    });
  }

  test("a DKIM signature verifies after delivery", async () => {
    const mail = await dkimSigned({
      from: "ada@example.com",
      to: "lecteur@example.org",
      subject: "Signé",
      text: "Bonjour\n",
      html: "<p>é</p>",
    });
    assert.ok(verifiesByDkim(mail), "as it was signed");
    assert.ok(
      !verifiesByDkim(Buffer.from(mail.toString("latin1").replace("Bonjour", "Bonsoir"), "latin1")),
      "not if it is changed",
    );
    assert.ok(verifiesByDkim(await arrived(mail)));
  });

  test("an S/MIME signature verifies after delivery", async (t) => {
    const signer = smime();
    if (signer === null) return t.skip("openssl is missing, so S/MIME was not checked");
    const mail = signer.sign(
      [...FIELDS, "Message-ID: <s@erp.example.com>"],
      "Content-Type: text/plain\r\n\r\nBonjour  \r\n",
    );
    const bytes = await arrived(mail);
    assert.ok(signer.verifies(bytes));
    assert.ok(!signer.verifies(Buffer.from(bytes.toString("latin1").replace("Bonjour", "Bonsoir"), "latin1")));
    signer.remove();
  });

  test("private fields go, line ends become CRLF, and what is missing stands in front", async () => {
    const bytes = await arrived(
      Buffer.from("To: lecteur@example.org\nBcc: x@example.org\nRelais-Key: 1\nSubject: a\n\nb\n"),
    );
    assert.match(
      bytes.toString(),
      /^Date: [^\r\n]+\r\nMessage-ID: <[^\r\n]+@example\.com>\r\nFrom: ada@example\.com\r\nTo: lecteur@example\.org\r\nSubject: a\r\n\r\nb\r\n$/,
    );
  });

  test("it reaches a hundred long addresses by the SMTP door, the client and the nodemailer transport", async (t) => {
    const made = await stack.relais.operate("POST", "/v1/keys", { name: "ERP", permissions: ["send", "read"] });
    const { key } = await made.json();
    const { origin } = stack.relais;
    // smtp-server, which is the sandbox, takes no longer ones.
    const to = longAddresses(100, 253);
    const mail = rawMail([...FIELDS, "Message-ID: <h@erp.example.com>"]);
    const door = await startDoor(origin);
    t.after(() => door.close());
    const relais = new Relais({ url: origin, key });
    const transporter = createTransport(relaisTransport({ url: origin, key }));
    const ways: readonly (() => Promise<unknown>)[] = [
      async () => assert.match((await sendBy(await door.logIn("relais", key), mail, to)) ?? "", /^250 2\.0\.0 msg_/),
      () => relais.messages.sendRaw(mail, { to }),
      () => transporter.sendMail({ raw: mail, envelope: { from: "ada@example.com", to: [...to] } }),
    ];
    for (const send of ways) {
      stack.sandbox.control.clearMails();
      await send();
      const copy = await eventually("it arrives", () => stack.sandbox.control.mails()[0]);
      assert.deepEqual(copy.envelope.to.toSorted(), to.toSorted());
      assert.equal(sha256(copy.raw), sha256(mail));
    }
  });

  test("the Gmail API gets the same bytes, and blind recipients their mail", async () => {
    const by = await createServer(stack, { name: "API", username: "grace@example.com", transport: "gmail_api" });
    assert.equal((await connect(stack, by, { account: "grace@example.com" })).status, 303);
    const mail = rawMail(["From: grace@example.com", "To: lecteur@example.org", DATE, ID], "é\r\n");
    assert.equal(sha256(await arrived(mail, { by, to: "lecteur@example.org, cache@example.org" })), sha256(mail));
  });
});

/** Time runs 60 times as fast, for the searches after a lost reply. */
suite("Composed mails with one Message-ID", () => {
  let stack: Stack;
  let server: string;
  before(async () => {
    stack = await startStack({ RELAIS_TIME_SCALE: "60" });
    server = await connectedServer(stack);
  });
  after(() => stack.stop());

  const read = async (id: string): Promise<MessageJson> =>
    (await stack.relais.operate("GET", `/v1/messages/${id}`)).json();

  test("one Message-ID to three recipients apart: three mails, and a lost reply of the second is not taken as sent", async () => {
    const mail = rawMail([FROM, "To: un@example.org, deux@example.org, trois@example.org", DATE, ID]);
    const recipients = ["un@example.org", "deux@example.org", "trois@example.org"];
    const ids: string[] = [];
    for (const [at, to] of recipients.entries()) {
      if (at === 1)
        stack.sandbox.control.set({ fault: "smtp_drop", when: "after_last_byte", stored: false }, { times: 1 });
      const { json } = await send(stack, mail, { by: server, to, waitS: 30 });
      ids.push(json.id);
    }
    const [first, second, third] = ids;
    assert.equal((await read(first ?? "")).status, "sent");
    assert.equal((await read(third ?? "")).status, "sent");
    const doubted = await eventually("a person must decide about the second", async () => {
      const message = await read(second ?? "");
      assert.equal(message.status, "unknown");
      return message.timeline.at(-1)?.noteCode === "message_id_shared" && message;
    });
    assert.deepEqual(doubted.accepted, []);
    const resolved = await stack.relais.operate("POST", `/v1/messages/${second}/resolve`, { as: "resend" });
    assert.equal(resolved.status, 200, await resolved.text());
    await eventually("it is sent", async () => (await read(second ?? "")).status === "sent");
    const reached = stack.sandbox.control.mails().map(({ envelope }) => envelope.to);
    assert.deepEqual(reached.toSorted(), recipients.map((to) => [to]).toSorted());
  });
});
