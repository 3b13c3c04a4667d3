import assert from "node:assert/strict";
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { eventually } from "../../builders/eventually.ts";
import { type RelaisStandIn, STAND_IN_KEY, startRelaisStandIn } from "../../builders/relais-stand-in.ts";
import { plain, sendBy, startDoor, type TestDoor } from "../../builders/smtp-door.ts";
import { seeded } from "./killed.ts";

const LINES = 10_000;
const ROOM = 4 * 1024 * 1024;

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const heapBytes = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed;
};

type Random = () => number;

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random() * from.length)] as T;

const bytes = (random: Random, most: number): string =>
  Buffer.from(Array.from({ length: Math.floor(random() * most) }, () => Math.floor(random() * 256))).toString("latin1");

const COMMANDS = [
  "EHLO",
  "HELO",
  "LHLO",
  "MAIL FROM:",
  "RCPT TO:",
  "DATA",
  "RSET",
  "NOOP",
  "VRFY",
  "EXPN",
  "HELP",
  "STARTTLS",
  "AUTH PLAIN",
  "AUTH LOGIN",
  "AUTH XOAUTH2",
  "AUTH",
  "BDAT",
  "WIZ",
  "SHELL",
  "KILL",
  "XCLIENT",
  "XFORWARD",
  "GET / HTTP/1.1",
  ".",
  "*",
] as const;

const ARGUMENTS = [
  "",
  "<a@example.org>",
  "<>",
  "<\u00e9@\u00e9.example>",
  "<a@example.org> SIZE=99999999999999999999",
  "<a@example.org> SIZE=-1 BODY=BINARYMIME",
  "<@relay:a@b.example> RET=FULL ENVID=+0D+0A",
  "<a@b.example> constructor=1 __proto__=2 toString",
  "client.example.com",
  "=",
  "AAAA",
  Buffer.from("\0a\0b").toString("base64"),
] as const;

const line = (random: Random): string => {
  const kind = random();
  if (kind < 0.15) return bytes(random, 200);
  if (kind < 0.17) return "x".repeat(Math.floor(random() * 20_000));
  const command = pick(random, COMMANDS);
  const cased = random() < 0.2 ? command.toLowerCase() : command;
  return `${cased}${random() < 0.8 ? " " : ""}${random() < 0.2 ? bytes(random, 60) : pick(random, ARGUMENTS)}`;
};

describe("the SMTP door and random lines", () => {
  let relais: RelaisStandIn;
  let door: TestDoor;
  before(async () => {
    relais = await startRelaisStandIn();
    door = await startDoor(relais.origin, { limits: { roomBytes: ROOM, connections: 200 } });
  });
  after(async () => {
    await door.close();
    await relais.close();
  });

  /** Sends lines until the door hangs up or they are all said; returns how many went out, and what came back. */
  const talk = async (random: Random): Promise<{ readonly said: number; readonly heard: string }> => {
    const socket = connect({ host: "127.0.0.1", port: door.port });
    let heard = "";
    socket.on("data", (chunk) => (heard += chunk.toString("latin1")));
    socket.on("error", () => undefined);
    const closed = once(socket, "close");
    await Promise.race([once(socket, "data"), closed]);
    const opening = random() < 0.5 ? `EHLO client\r\n${plain("relais", STAND_IN_KEY)}\r\n` : "";
    socket.write(opening);
    const lines = Array.from({ length: 20 }, () => line(random));
    let said = 0;
    for (const text of lines) {
      if (socket.closed || socket.writableEnded) break;
      socket.write(Buffer.from(`${text}${pick(random, ["\r\n", "\r\n", "\r\n", "\n"])}`, "latin1"));
      said += 1;
      if (random() < 0.3) await new Promise((resolve) => setImmediate(resolve));
    }
    if (random() < 0.5) socket.destroy();
    else socket.end("\r\n.\r\nQUIT\r\n");
    await closed;
    return { said, heard };
  };

  const talkAbout = async (lines: number, random: Random): Promise<void> => {
    let said = 0;
    while (said < lines) {
      const all = await Promise.all(Array.from({ length: 40 }, () => talk(random)));
      for (const { heard } of all)
        for (const reply of heard.split("\r\n").filter((text) => text !== ""))
          assert.match(reply, /^[2345]\d\d[ -][\x20-\x7e]*$|^[2345]\d\d$/, "a reply is one line of ASCII");
      said += all.reduce((sum, one) => sum + one.said, 0);
    }
  };

  it("goes on after 10,000 of them, and keeps nothing of them", async () => {
    const seed = randomInt(2 ** 31);
    const random = seeded(seed);
    // What is loaded and compiled once is not a leak.
    await talkAbout(LINES / 2, random);
    const before = heapBytes();
    await talkAbout(LINES / 2, random);
    const grown = await eventually("connections are forgotten", () => {
      const bytes = heapBytes() - before;
      return bytes < 3 * 1024 * 1024 && { bytes };
    });
    assert.ok(grown.bytes < 3 * 1024 * 1024, `seed ${seed}`);
    assert.ok(
      !door.codes().includes("door_defect"),
      `seed ${seed}: ${door.logLines.find((one) => /defect/.test(one))}`,
    );
    // The whole room is free again: a mail that fills it is taken.
    const large = `Message-ID: <large@example.com>\r\n\r\n${"x\r\n".repeat(1_100_000)}`;
    assert.equal(await sendBy(await door.logIn(), large), "250 2.0.0 msg_1", `seed ${seed}`);
  });
});
