import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo, Socket } from "node:net";
import { after, test } from "node:test";
import { createServer, type Server } from "node:tls";
import { GmailSmtpTransport } from "../../../functions/adapters/gmail-smtp/smtp-transport.ts";
import type { SendOutcome } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

// Servers that offer PIPELINING and CHUNKING like Gmail, and differ from it in what they do.

const { ca, certificate, key } = issueCertificates();
const running: { readonly server: Server; readonly transport: GmailSmtpTransport }[] = [];
after(async () => {
  for (const { server, transport } of running) {
    await transport.close();
    server.close();
  }
});

interface Conduct {
  /** Answers a mail that has come whole, the n-th of its session; the usual answer is 250. */
  readonly whole?: (socket: Socket, n: number) => void;
  /** The reply to BDAT of a server that does not know it, and whether it still reads past the chunk's octets. */
  readonly bdat?: { readonly reply: string; readonly reads: boolean };
  /** Replies to RCPT, by address. */
  readonly rcpt?: (line: string) => string | null;
}

interface Scene {
  readonly transport: GmailSmtpTransport;
  /** What was said: the first word of each command, `EHLO` for each session. */
  readonly said: string[];
  readonly arrived: () => number;
}

const OK = "250 2.0.0 OK\r\n";

/** One session, read octet by octet as far as its commands need. */
const converse = (
  socket: Socket,
  { whole, bdat, rcpt }: Conduct,
  note: { said: (verb: string) => void; arrived: () => void },
) => {
  let rest = "";
  let chunk = 0;
  let past = 0;
  let inData = false;
  let mails = 0;
  const takeMail = (): void => {
    // After its end the session takes nothing more, as after an exit of the server's process.
    if (socket.writableEnded) return;
    mails += 1;
    note.arrived();
    if (whole === undefined) socket.write(OK);
    else whole(socket, mails);
  };
  const takeLine = (line: string): void => {
    if (inData) {
      if (line !== ".") return;
      inData = false;
      takeMail();
      return;
    }
    const verb = line.slice(0, 4).toUpperCase();
    note.said(verb);
    if (socket.writableEnded) return;
    if (verb === "EHLO") socket.write("250-mx\r\n250-PIPELINING\r\n250-8BITMIME\r\n250 CHUNKING\r\n");
    else if (verb === "AUTH") socket.write("235 2.7.0 Accepted\r\n");
    else if (verb === "QUIT") socket.end("221 2.0.0 Bye\r\n");
    else if (verb === "BDAT" && bdat !== undefined) {
      past = bdat.reads ? Number(line.split(" ")[1]) : 0;
      socket.write(bdat.reply);
    } else if (verb === "BDAT") chunk = Number(line.split(" ")[1]);
    else if (verb === "DATA") {
      inData = true;
      socket.write("354 Go ahead\r\n");
    } else if (/^(MAIL|RCPT|RSET|NOOP)$/.test(verb)) socket.write((verb === "RCPT" ? rcpt?.(line) : null) ?? OK);
    else socket.write("500 5.5.1 What?\r\n");
  };
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    rest += bytes.toString("latin1");
    for (;;) {
      const passed = Math.min(past, rest.length);
      past -= passed;
      rest = rest.slice(passed);
      if (chunk > 0) {
        if (rest.length < chunk) return;
        rest = rest.slice(chunk);
        chunk = 0;
        takeMail();
      }
      const end = rest.indexOf("\r\n");
      if (end === -1) return;
      const line = rest.slice(0, end);
      rest = rest.slice(end + 2);
      takeLine(line);
    }
  });
  socket.write("220 mx\r\n");
};

const scene = async (conduct: Conduct): Promise<Scene> => {
  const said: string[] = [];
  let mails = 0;
  const note = {
    said: (verb: string) => void said.push(verb),
    arrived: () => {
      mails += 1;
    },
  };
  const server = createServer({ cert: certificate, key }, (socket) => converse(socket, conduct, note));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transport = new GmailSmtpTransport(systemClock(), { host: "127.0.0.1", port, security: "tls", ca });
  running.push({ server, transport });
  return { transport, said, arrived: () => mails };
};

const ONE = ["b@y.org"];
const SEVERAL = ["b@y.org", "c@y.org"];

/** Hands over mails one right after the other, so that each may meet the end of the session before it. */
const sendAll = async (
  { transport }: Pick<Scene, "transport">,
  to: readonly string[],
  count: number,
  body = "Bonjour\r\n",
): Promise<readonly SendOutcome[]> => {
  const login = { username: "ada@example.com", accessToken: new Secret("token") };
  const raw = Buffer.from(`From: ada@example.com\r\nSubject: s\r\n\r\n${body}`);
  const outcomes: SendOutcome[] = [];
  for (let n = 0; n < count; n += 1) {
    outcomes.push(await transport.send({ envelope: { from: "ada@example.com", to }, raw }, login, async () => true));
  }
  return outcomes;
};
const kinds = (outcomes: readonly SendOutcome[]): readonly string[] => outcomes.map(({ kind }) => kind);

const ENDS: Readonly<Record<string, (socket: Socket) => void>> = {
  "in the packet of its 250": (socket) => socket.end(OK),
  "right after its 250": (socket) => {
    socket.write(OK);
    socket.end();
  },
  "with 421 after its 250": (socket) => socket.end(`${OK}421 4.3.2 One mail a session\r\n`),
};

for (const [how, end] of Object.entries(ENDS)) {
  for (const to of [ONE, SEVERAL]) {
    test(`a server that ends each session ${how} gets every mail once: ${to.length} recipients`, async () => {
      const server = await scene({ whole: end });
      assert.deepEqual(kinds(await sendAll(server, to, 8)), Array(8).fill("accepted"));
      assert.equal(server.arrived(), 8);
    });
  }
}

test("a server that ends each session a moment after its 250, in the midst of the next mail, leaves none in doubt", async () => {
  for (const moment of [1, 2, 3]) {
    const server = await scene({
      whole: (socket) => {
        socket.write(OK);
        setTimeout(() => socket.end(), moment);
      },
    });
    const outcomes = kinds(await sendAll(server, ONE, 12));
    assert.equal(outcomes.includes("unknown"), false, outcomes.join(" "));
    assert.equal(server.arrived(), outcomes.filter((kind) => kind === "accepted").length);
  }
});

test("a server that ends each session after its third mail leaves one mail in doubt at most, and then none", async () => {
  const server = await scene({ whole: (socket, n) => (n === 3 ? socket.end(OK) : socket.write(OK)) });
  const outcomes = kinds(await sendAll(server, ONE, 16));
  const inDoubt = outcomes.filter((kind) => kind === "unknown").length;
  assert.ok(inDoubt <= 1, outcomes.join(" "));
  assert.deepEqual(new Set(outcomes.slice(5)), new Set(["accepted"]));
  assert.equal(server.arrived(), 16 - inDoubt);
  assert.ok(server.said.includes("BDAT"), "what is relied on goes in one flight still");
});

const UNREAD = [
  "500 5.5.1 Unrecognized command",
  "501 5.5.4 Syntax error",
  "502 5.5.1 Not implemented",
  "503 5.5.1 Bad sequence of commands",
  "504 5.5.4 Parameter not implemented",
];
const count = (said: readonly string[], verb: string): number => said.filter((one) => one === verb).length;

for (const reply of UNREAD) {
  for (const reads of [true, false]) {
    const how = `${reply.slice(0, 3)}, ${reads ? "past the chunk" : "its lines as commands"}`;
    for (const to of [ONE, SEVERAL]) {
      test(`a server that offers chunks and does not know them gets every mail once, by DATA: ${how}, ${to.length}`, async () => {
        const server = await scene({ bdat: { reply: `${reply}\r\n`, reads } });
        const outcomes = await sendAll(server, to, 6);
        assert.deepEqual(
          outcomes.map((outcome) => outcome.kind === "accepted" && outcome.accepted),
          Array(6).fill(to),
        );
        assert.equal(server.arrived(), 6);
        assert.deepEqual([count(server.said, "BDAT"), count(server.said, "EHLO")], [1, 2]);
      });
    }
  }
}

test("so does a large mail, of which the server refuses the command while the rest is on its way", async () => {
  const large = `${"y".repeat(998)}\r\n`.repeat(20_000);
  for (const reads of [true, false]) {
    const server = await scene({ bdat: { reply: "500 5.5.1 What?\r\n", reads } });
    await sendAll(server, ONE, 2);
    const outcomes = [...(await sendAll(server, ONE, 1, large)), ...(await sendAll(server, ONE, 1))];
    assert.deepEqual(kinds(outcomes), ["accepted", "accepted"]);
    assert.deepEqual([server.arrived(), count(server.said, "BDAT")], [4, 1]);
  }
});

test("a recipient refused before the chunk is not asked again, and the mark names it both times", async () => {
  const no = "550 5.1.1 No such user\r\n";
  let refusals = 0;
  const rcpt = (line: string): string | null => {
    if (!line.includes("c@y.org")) return null;
    refusals += 1;
    return no;
  };
  const server = await scene({ bdat: { reply: "502 5.5.1 What?\r\n", reads: true }, rcpt });
  await sendAll(server, ONE, 2);
  const marked: string[][] = [];
  const outcome = await server.transport.send(
    { envelope: { from: "ada@example.com", to: SEVERAL }, raw: Buffer.from("Subject: s\r\n\r\nBonjour\r\n") },
    { username: "ada@example.com", accessToken: new Secret("token") },
    async (refused = []) => {
      marked.push(refused.map(({ address }) => address));
      return true;
    },
  );
  assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
  assert.deepEqual([outcome.accepted, outcome.refused.map(({ address }) => address)], [["b@y.org"], ["c@y.org"]]);
  assert.deepEqual(marked, [[], ["c@y.org"], ["c@y.org"]]);
  assert.equal(refusals, 1);
});

test("a recipient refused in the flight of an unknown chunk stays refused, and nothing is a chunk any more", async () => {
  let refuses = false;
  const rcpt = (): string | null => (refuses ? "550 5.1.1 No such user\r\n" : null);
  const server = await scene({ bdat: { reply: "500 5.5.1 What?\r\n", reads: false }, rcpt });
  await sendAll(server, ONE, 2);
  refuses = true;
  const [refused] = await sendAll(server, ONE, 1);
  assert.ok(refused?.kind === "refused" && refused.stage === "rcpt", JSON.stringify(refused));
  refuses = false;
  assert.deepEqual(kinds(await sendAll(server, ONE, 3)), ["accepted", "accepted", "accepted"]);
  assert.equal(count(server.said, "BDAT"), 1);
});

test("a mail that is refused as a chunk for what it says is refused, and not sent again", async () => {
  const server = await scene({ bdat: { reply: "550 5.7.1 Spam\r\n", reads: true } });
  await sendAll(server, ONE, 2);
  const [refused] = await sendAll(server, ONE, 1);
  assert.ok(refused?.kind === "refused" && refused.reply.code === 550, JSON.stringify(refused));
  assert.equal(server.arrived(), 2);
});
