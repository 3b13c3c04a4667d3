import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { test } from "node:test";
import { SmtpStream } from "../../../functions/adapters/gmail-smtp/stream.ts";
import { Transaction } from "../../../functions/adapters/gmail-smtp/transaction.ts";
import type { SendOutcome } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { movableClock } from "../../builders/clock.ts";
import { eventually } from "../../builders/eventually.ts";

// What happens between the mark and the message: the server leaves or speaks, or this worker stands still.

const BUDGET_MS = 10_000;
const ONE = ["b@y.org"];
const SEVERAL = ["b@y.org", "c@y.org"];
const DIALOGUES = [["PIPELINING", "CHUNKING"], ["PIPELINING"], []];

interface Scene {
  /** The server's side. */
  readonly peer: Socket;
  readonly stream: SmtpStream;
  readonly clock: ReturnType<typeof movableClock>;
}

/** A server that accepts every command, or one that is silent, and a session with it. */
const connected = async (
  { answers } = { answers: true },
): Promise<Scene & { readonly said: () => string; readonly close: () => void }> => {
  let said = "";
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1");
  const [peer]: [Socket] = (await once(server, "connection")) as [Socket];
  peer.on("data", (chunk) => {
    said += chunk;
    if (!answers) return;
    for (const line of String(chunk).split("\r\n")) {
      if (/^(MAIL|RCPT|RSET|BDAT)/.test(line)) peer.write("250 2.0.0 OK\r\n");
      if (line === "DATA") peer.write("354 Go ahead\r\n");
      if (line === ".") peer.write("250 2.0.0 OK\r\n");
    }
  });
  peer.on("error", () => undefined);
  const clock = movableClock();
  const stream = new SmtpStream(clock, socket);
  const close = (): void => {
    socket.destroy();
    peer.destroy();
    server.close();
  };
  return { peer, stream, clock, said: () => said, close };
};

interface Dialogue {
  readonly to: readonly string[];
  readonly keywords: readonly string[];
}

/** The last line of the group during which the mark is written; null if it is written while nothing is under way. */
const lastOfGroup = ({ to, keywords }: Dialogue): string | null => {
  if (!keywords.includes("PIPELINING")) return null;
  if (to.length > 1) return `RCPT TO:<${to.at(-1)}>\r\n`;
  return keywords.includes("CHUNKING") ? null : "\r\nDATA\r\n";
};

const sent = async (
  { to, keywords }: Dialogue,
  atMark: (scene: Scene) => Promise<void>,
): Promise<{ readonly outcome: SendOutcome; readonly said: string }> => {
  const scene = await connected();
  const { stream, clock } = scene;
  try {
    const extensions = { keywords: new Set(["8BITMIME", ...keywords]), maxBytes: null };
    const session = { stream, extensions, token: new Secret("token") };
    const mail = { envelope: { from: "ada@example.com", to }, raw: Buffer.from("Subject: s\r\n\r\nbody\r\n") };
    const transaction = new Transaction(clock, session, { mail, endsAtMs: clock.nowMs() + BUDGET_MS, mayChunk: true });
    const outcome = await transaction.run(async () => {
      // The replies to a group of commands have been written, so the mark is the last thing that the message waits for.
      const last = lastOfGroup({ to, keywords });
      if (last !== null) await eventually("the group is said", () => scene.said().includes(last));
      await atMark(scene);
      return true;
    });
    return { outcome, said: scene.said() };
  } finally {
    scene.close();
  }
};

/** Once the client has seen the connection end, it has read all that came before. */
const left = async ({ peer, stream }: Scene): Promise<void> => {
  peer.end();
  await eventually("the server has left", () => stream.lost);
};

const spokenTo = async ({ peer, stream }: Scene): Promise<void> => {
  peer.write("421 4.7.0 Closing\r\n");
  await eventually("the server has spoken", () => stream.refusal !== null);
};

for (const keywords of DIALOGUES) {
  for (const to of [ONE, SEVERAL]) {
    const name = `${keywords.join(" and ") || "no extension"}, ${to.length} recipients`;

    test(`a worker that stood still at the mark hands nothing over: ${name}`, async () => {
      const { outcome, said } = await sent({ to, keywords }, async ({ clock }) => clock.advance(BUDGET_MS));
      assert.deepEqual(outcome, { kind: "not_sent", stage: "body", reason: "it took too long" });
      assert.doesNotMatch(said, /BDAT|Subject/);
    });

    test(`a server that leaves at the mark has got nothing: ${name}`, async () => {
      const { outcome, said } = await sent({ to, keywords }, left);
      assert.equal(outcome.kind, "not_sent", JSON.stringify(outcome));
      assert.doesNotMatch(said, /BDAT|Subject/);
    });

    test(`a server that says at the mark that it closes has got nothing: ${name}`, async () => {
      const { outcome, said } = await sent({ to, keywords }, spokenTo);
      assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
      assert.equal(outcome.reply.code, 421);
      assert.doesNotMatch(said, /BDAT|Subject/);
    });
  }
}

test("a session that ends before anything is said of a mail is one that ended before it, so another may serve", async () => {
  for (const atMark of [left, spokenTo]) {
    const { outcome } = await sent({ to: ONE, keywords: ["PIPELINING", "CHUNKING"] }, atMark);
    assert.equal("stage" in outcome && outcome.stage, "mail", JSON.stringify(outcome));
  }
});

test("a reply that came with the expected ones, in one packet, is read as what the server said of itself", async () => {
  const scene = await connected({ answers: false });
  const { stream, peer } = scene;
  try {
    stream.say(["MAIL FROM:<a@y.org>", "RCPT TO:<b@y.org>"]);
    peer.write("250 2.0.0 OK\r\n250 2.0.0 OK\r\n421 4.7.0 Closing\r\n");
    const answers = [await stream.reply(BUDGET_MS), await stream.reply(BUDGET_MS)];
    assert.deepEqual(
      answers.map((answer) => answer.kind === "reply" && answer.reply.code),
      [250, 250],
    );
    assert.equal(stream.interjection?.code, 421);
    assert.equal(stream.lost, false);
    stream.say(["DATA"]);
    assert.equal(stream.lost, true, "nothing is said to a server that speaks out of turn");
  } finally {
    scene.close();
  }
});
