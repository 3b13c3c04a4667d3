import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { eventually } from "../../builders/eventually.ts";
import { accepted, type RelaisStandIn, STAND_IN_KEY, startRelaisStandIn } from "../../builders/relais-stand-in.ts";
import { envelope, MAIL, plain, sendBy, startDoor, type TestDoor } from "../../builders/smtp-door.ts";
import type { SmtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

/** Resolves with what the other side says without being asked, and null once it has hung up. */
const unasked = (dialogue: SmtpDialogue): Promise<string | null> => dialogue.write("");

describe("the limits of the SMTP door", () => {
  let relais: RelaisStandIn;
  let door: TestDoor;
  before(async () => {
    relais = await startRelaisStandIn();
  });
  after(() => relais.close());
  beforeEach(() => {
    relais.onMail = () => accepted();
  });
  afterEach(() => door.close());

  it("allow a number of connections with a login, and another one when one of these ends", async () => {
    door = await startDoor(relais.origin, { limits: { connections: 3 } });
    const early = await door.greet();
    const clients = await Promise.all([door.logIn(), door.logIn(), door.logIn()]);
    const refused = await door.greet();
    assert.match(refused.greeting ?? "", /^421 4\.3\.2 /);
    assert.equal(refused.ehlo, "");
    assert.match((await early.say(plain("relais", STAND_IN_KEY))) ?? "", /^421 4\.3\.2 /);
    assert.ok(door.codes().includes("door_connections_full"));
    assert.match((await clients[0]?.say("QUIT")) ?? "", /^221 /);
    const next = await eventually("a connection is free", async () => {
      const client = await door.greet();
      return client.ehlo.startsWith("250") && client;
    });
    assert.match((await next.say(plain("relais", STAND_IN_KEY))) ?? "", /^235 /);
  });

  it("end a connection without a login, whatever it says meanwhile, and one with a login only when it is idle", async () => {
    door = await startDoor(relais.origin, { limits: { loginMs: 2_500, idleMs: 60_000 } });
    const loggedIn = await door.logIn();
    const silent = await door.greet();
    const talking = await door.greet();
    assert.match((await talking.say("NOOP")) ?? "", /^250 /);
    assert.match((await unasked(silent)) ?? "", /^421 4\.4\.2 /);
    assert.match((await unasked(talking)) ?? "", /^421 4\.4\.2 /);
    assert.equal(await sendBy(loggedIn), "250 2.0.0 msg_1");
  });

  it("end an idle connection, but not one that waits for Relais", async () => {
    door = await startDoor(relais.origin, { limits: { idleMs: 2_000 } });
    let answer = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    relais.onMail = async () => {
      await waiting;
      return accepted("msg_late");
    };
    const busy = sendBy(await door.logIn());
    const idle = await door.logIn();
    assert.match((await unasked(idle)) ?? "", /^421 4\.4\.2 /);
    const another = await door.logIn();
    assert.match((await unasked(another)) ?? "", /^421 4\.4\.2 /);
    answer();
    assert.equal(await busy, "250 2.0.0 msg_late");
  });

  it("end a message that arrives too slowly, and release its memory", async () => {
    const room = 64 * 1024;
    door = await startDoor(relais.origin, { limits: { dataMs: 2_500, roomBytes: room } });
    const client = await door.logIn();
    await envelope(client);
    await client.say("DATA");
    const reply = client.write(`${MAIL}${"x".repeat(20_000)}`);
    assert.match((await reply) ?? "", /^421 4\.4\.2 /);
    const before = relais.mails.length;
    assert.equal(await sendBy(await door.logIn(), `${MAIL}${"y\r\n".repeat(13_000)}`), "250 2.0.0 msg_1");
    assert.equal(relais.mails.length, before + 1);
  });

  it("keep messages within the room, answer 452 at MAIL or at the end, and allow more once there is room", async () => {
    door = await startDoor(relais.origin, { limits: { roomBytes: 256 * 1024 } });
    const first = await door.logIn();
    await envelope(first);
    await first.say("DATA");
    const large = `${MAIL}${"x".repeat(70)}\r\n`.padEnd(150_000, "y\r\n");
    void first.write(large);
    const second = await door.logIn();
    await eventually("the room is taken", async () => {
      await second.say("RSET");
      return (await second.say("MAIL FROM:<> SIZE=200000"))?.startsWith("452 4.3.1 ");
    });
    await second.say("RSET");
    const before = relais.mails.length;
    assert.match((await sendBy(second, large)) ?? "", /^452 4\.3\.1 /);
    assert.equal(relais.mails.length, before);
    assert.equal(await sendBy(second, MAIL), "250 2.0.0 msg_1");
    first.close();
    await eventually("the room is free again", async () => (await sendBy(second, large)) === "250 2.0.0 msg_1");
  });

  it("release the memory of everything that breaks off, at whatever point", async () => {
    door = await startDoor(relais.origin, { limits: { roomBytes: 64 * 1024 } });
    const mail = `${MAIL}${"x\r\n".repeat(10_000)}`;
    for (let n = 0; n < 12; n += 1) {
      const client = await door.logIn();
      await envelope(client);
      await client.say("DATA");
      void client.write(mail.slice(0, randomInt(mail.length)));
      client.close();
    }
    await eventually("the room is free", async () => (await sendBy(await door.logIn(), mail)) === "250 2.0.0 msg_1");
  });

  it("allow a mail of nothing but dots without splitting it into pieces", async () => {
    door = await startDoor(relais.origin, { limits: { roomBytes: 4 * 1024 * 1024 } });
    const mail = `${MAIL}\r\n${".\r\n".repeat(20_000)}end\r\n`;
    assert.equal(await sendBy(await door.logIn(), mail), "250 2.0.0 msg_1");
    assert.equal(relais.mails.at(-1)?.body.toString(), mail);
  });

  it("let the door close in order: waiting clients are told, a message in progress gets its answer, no other begins", async () => {
    door = await startDoor(relais.origin);
    let answer = (): void => undefined;
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    relais.onMail = async () => {
      await waiting;
      return accepted("msg_last");
    };
    const idle = await door.logIn();
    const arriving = await door.logIn();
    await envelope(arriving);
    await arriving.say("DATA");
    const handedOn = await door.logIn();
    const before = relais.mails.length;
    const reply = sendBy(handedOn);
    await eventually("it is handed on", () => relais.mails.length > before);
    const closed = door.door.close(60_000);
    assert.match((await unasked(idle)) ?? "", /^421 4\.3\.2 /);
    answer();
    assert.equal(await reply, "250 2.0.0 msg_last");
    assert.equal(await arriving.write(`${MAIL}.\r\n`), "250 2.0.0 msg_last");
    assert.match((await unasked(arriving)) ?? "", /^421 4\.3\.2 /);
    await closed;
    const late = connect({ host: "127.0.0.1", port: door.port });
    const [error] = await once(late, "error");
    assert.equal(error.code, "ECONNREFUSED");
  });

  it("cut off what does not end in time", async () => {
    door = await startDoor(relais.origin);
    relais.onMail = () => "never";
    const client = await door.logIn();
    const before = relais.mails.length;
    const reply = sendBy(client);
    await eventually("it is handed on", () => relais.mails.length > before);
    await door.door.close(200);
    assert.doesNotMatch((await reply) ?? "", /^250/);
  });
});
