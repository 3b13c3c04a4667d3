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
}

interface Scene {
  readonly transport: GmailSmtpTransport;
  /** What was said: the first word of each command, `EHLO` for each session. */
  readonly said: string[];
  readonly arrived: () => number;
}

const OK = "250 2.0.0 OK\r\n";

/** One session, read octet by octet as far as its commands need. */
const converse = (socket: Socket, { whole }: Conduct, note: { said: (verb: string) => void; arrived: () => void }) => {
  let rest = "";
  let chunk = 0;
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
    else if (verb === "BDAT") chunk = Number(line.split(" ")[1]);
    else if (verb === "DATA") {
      inData = true;
      socket.write("354 Go ahead\r\n");
    } else socket.write(OK);
  };
  socket.on("error", () => undefined);
  socket.on("data", (bytes: Buffer) => {
    rest += bytes.toString("latin1");
    for (;;) {
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
const sendAll = async ({ transport }: Scene, to: readonly string[], count: number): Promise<readonly SendOutcome[]> => {
  const login = { username: "ada@example.com", accessToken: new Secret("token") };
  const raw = Buffer.from("From: ada@example.com\r\nSubject: s\r\n\r\nBonjour\r\n");
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
