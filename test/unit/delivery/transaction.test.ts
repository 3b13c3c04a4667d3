import assert from "node:assert/strict";
import net from "node:net";
import { after, test } from "node:test";
import { SmtpStream } from "../../../functions/adapters/gmail-smtp/stream.ts";
import { Transaction } from "../../../functions/adapters/gmail-smtp/transaction.ts";
import type { Clock } from "../../../functions/domain/clock.ts";
import type { SendOutcome } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { eventually } from "../../builders/eventually.ts";

/** What the scripted server does with a line: sends text, drops the connection, or stays silent. */
type Script = (line: string) => string | "drop" | null;

const patient = systemClock();
/** A session whose time-outs are at their minimum of a second, for servers that never answer. */
const hasty = systemClock(200);
const servers: net.Server[] = [];
after(() => {
  for (const server of servers) server.close();
});

const scripted = async (script: Script): Promise<{ port: number; lines: string[] }> => {
  const lines: string[] = [];
  const server = net.createServer((socket) => {
    let rest = "";
    socket.on("error", () => undefined);
    socket.on("data", (chunk) => {
      const pieces = (rest + chunk.toString("latin1")).split("\r\n");
      rest = pieces.pop() ?? "";
      for (const line of pieces) {
        lines.push(line);
        const said = script(line);
        if (said === "drop") return socket.destroy();
        if (said !== null) socket.write(said);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { port: typeof address === "object" ? (address?.port ?? 0) : 0, lines };
};

const friendly: Script = (line) => {
  if (/^(MAIL|RCPT|RSET|NOOP)/.test(line)) return "250 2.1.0 OK\r\n";
  if (line === "DATA") return "354 Go\r\n";
  return line === "." ? "250 2.0.0 OK 42\r\n" : null;
};
const except =
  (exception: RegExp, said: string | "drop" | null): Script =>
  (line) =>
    exception.test(line) ? said : friendly(line);

interface Job {
  readonly to?: readonly string[];
  readonly raw?: string;
  readonly sevenBit?: () => Promise<Buffer | null>;
  readonly from?: string;
  readonly keywords?: readonly string[];
  readonly beforeData?: () => Promise<boolean>;
  readonly endsAtMs?: number;
  readonly clock?: Clock;
}

const run = async (
  script: Script,
  job: Job = {},
): Promise<{ outcome: SendOutcome; lines: string[]; marks: number; lost: boolean }> => {
  const { clock = patient } = job;
  const { port, lines } = await scripted(script);
  const socket = net.connect({ host: "127.0.0.1", port });
  const stream = new SmtpStream(clock, socket);
  const session = {
    stream,
    token: new Secret("t"),
    extensions: { keywords: new Set(job.keywords ?? ["SIZE", "8BITMIME"]), maxBytes: 25_000_000 },
  };
  const raw = Buffer.from(job.raw ?? "Subject: x\r\n\r\nHello\r\n");
  const envelope = { from: job.from ?? "ada@example.com", to: job.to ?? ["b@y.org"] };
  const mail = { envelope, raw, ...(job.sevenBit === undefined ? {} : { sevenBit: job.sevenBit }) };
  let marks = 0;
  const mark = async (): Promise<boolean> => {
    marks += 1;
    return (await job.beforeData?.()) ?? true;
  };
  const endsAtMs = job.endsAtMs ?? clock.nowMs() + 60_000;
  try {
    const outcome = await new Transaction(clock, session, { mail, endsAtMs, mayChunk: true }).run(mark);
    return { outcome, lines, marks, lost: stream.lost };
  } finally {
    stream.destroy();
  }
};

test("a mail that is accepted: every command in order, one mark before DATA", async () => {
  const { outcome, lines, marks } = await run(friendly);
  assert.equal(outcome.kind, "accepted");
  assert.equal(marks, 1);
  assert.deepEqual(lines, [
    "MAIL FROM:<ada@example.com> SIZE=21 BODY=8BITMIME",
    "RCPT TO:<b@y.org>",
    "DATA",
    "Subject: x",
    "",
    "Hello",
    ".",
  ]);
});

const NOT_SENT = [
  ["MAIL", "mail"],
  ["RCPT", "rcpt"],
  ["DATA", "data"],
] as const;
for (const [command, stage] of NOT_SENT) {
  test(`a connection lost at ${command} means not sent`, async () => {
    const { outcome } = await run(except(new RegExp(`^${command}`), "drop"));
    assert.equal(outcome.kind, "not_sent");
    assert.equal("stage" in outcome && outcome.stage, stage);
  });
}

test("a connection lost within the message means not sent, because its end never went out", async () => {
  // This is far more than the buffers between the two ends can hold.
  const raw = `Subject: x\r\n\r\n${`${"y".repeat(900)}\r\n`.repeat(20_000)}`;
  const { outcome } = await run(except(/^y/, "drop"), { raw });
  assert.equal(outcome.kind, "not_sent");
  assert.equal("stage" in outcome && outcome.stage, "body");
});

test("if a server breaks off within the message, its reason is kept, even if that comes last", async () => {
  const raw = `Subject: x\r\n\r\n${`${"y".repeat(900)}\r\n`.repeat(20_000)}`;
  for (const said of ["552 5.3.4 Too large\r\n", "421 4.7.0 Closing\r\n"]) {
    let lines = 0;
    const script: Script = (line) => {
      if (!line.startsWith("y")) return friendly(line);
      lines += 1;
      if (lines === 1) return said;
      return lines === 2_000 ? "drop" : null;
    };
    const { outcome, lines: heard } = await run(script, { raw });
    assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
    assert.deepEqual([outcome.stage, outcome.reply.code], ["body", Number(said.slice(0, 3))]);
    assert.equal(heard.includes("."), false);
  }
});

test("a message whose time has run out is not completed: others may take it for abandoned by then", async () => {
  const endsAtMs = patient.nowMs() + 300;
  const beforeData = async (): Promise<boolean> => {
    // The worker is frozen right after its mark.
    await patient.sleep(400);
    return true;
  };
  const { outcome, lines } = await run(friendly, { endsAtMs, beforeData });
  assert.ok(outcome.kind === "not_sent", JSON.stringify(outcome));
  assert.equal(lines.includes("."), false);
});

test("a message larger than the server accepts is not begun", async () => {
  const { outcome, lines } = await run(friendly, { raw: "y".repeat(26_000_000) });
  assert.ok(outcome.kind === "refused");
  assert.equal(outcome.reply.enhanced, "5.3.4");
  assert.equal(lines.includes("DATA"), false);
});

test("once the end of the message is sent, a lost connection, silence or nonsense means unknown", async () => {
  for (const said of ["drop", null, "hello?\r\n", "354 more\r\n"] as const) {
    const { outcome } = await run(except(/^\.$/, said), { clock: hasty });
    assert.equal(outcome.kind, "unknown", String(said));
  }
});

test("an answer right before the connection closes still counts", async () => {
  const { outcome } = await run(except(/^\.$/, "250 2.0.0 OK\r\n421 4.7.0 Closing\r\n"));
  assert.equal(outcome.kind, "accepted");
});

test("a refusal after the message means not sent, whatever its code", async () => {
  for (const code of [421, 451, 550]) {
    const { outcome } = await run(except(/^\.$/, `${code} no\r\n`));
    assert.equal(outcome.kind, "refused");
    assert.equal("stage" in outcome && outcome.stage, "body");
  }
});

test("an unsolicited reply is never taken for the answer to the next command", async () => {
  const pipelined = await run(except(/^RCPT/, "250 OK\r\n250 OK\r\n"));
  assert.equal(pipelined.outcome.kind, "not_sent");
  const afterGo = await run(except(/^DATA$/, "354 Go\r\n250 2.0.0 OK\r\n"));
  assert.equal(afterGo.outcome.kind, "not_sent");
  assert.equal(afterGo.lines.includes("."), false);
});

test("a reply in pieces is read as a whole", async () => {
  const { outcome } = await run((line) => (line.startsWith("RCPT") ? "250-2.1.5\r\n250 2.1.5 OK\r\n" : friendly(line)));
  assert.equal(outcome.kind, "accepted");
});

test("a server that answers 421 is closing: nothing more is asked of it, and at RCPT it is that recipient's reply", async () => {
  for (const command of ["MAIL", "RCPT", "DATA"]) {
    const { outcome, lines } = await run(except(new RegExp(`^${command}`), "421 4.7.0 Closing\r\n"));
    assert.ok(outcome.kind === "refused");
    assert.deepEqual([outcome.stage, outcome.reply.code], [command.toLowerCase(), 421]);
    const refused = outcome.refused.map(({ address, reply }) => [address, reply.code]);
    assert.deepEqual(refused, command === "RCPT" ? [["b@y.org", 421]] : []);
    assert.equal(lines.includes("RSET"), false);
  }
});

const EXTENSIONS = [["PIPELINING", "CHUNKING"], ["PIPELINING"], []] as const;
const BUSY = /busy@y/;
const SLOW_DOWN = "421 4.7.28 Unusual rate for this recipient\r\n";

for (const keywords of EXTENSIONS) {
  const offered = keywords.join(" and ") || "no extension";
  for (const to of [
    ["b@y.org", "busy@y.org", "c@y.org"],
    ["busy@y.org", "b@y.org", "c@y.org"],
  ]) {
    test(`421 to one of several recipients keeps the mail from nobody else: ${offered}, ${to[0]} first`, async () => {
      const { outcome, lines, lost } = await run(except(BUSY, SLOW_DOWN), { to, keywords });
      assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
      assert.deepEqual(outcome.accepted, ["b@y.org", "c@y.org"]);
      assert.deepEqual(
        outcome.refused.map(({ address, reply }) => [address, reply.code, reply.enhanced]),
        [["busy@y.org", 421, "4.7.28"]],
      );
      // A loss before the reply to DATA is "not sent", one after a chunk "unknown".
      assert.ok(lines.includes("DATA"));
      assert.ok(lost, "the session serves no other mail");
    });
  }

  test(`421 to one recipient and a refusal for good of another stay apart: ${offered}`, async () => {
    const script: Script = (line) => (/bad@y/.test(line) ? "550 5.1.1 No such user\r\n" : friendly(line));
    const { outcome, lost } = await run((line) => (BUSY.test(line) ? SLOW_DOWN : script(line)), {
      to: ["busy@y.org", "bad@y.org"],
      keywords,
    });
    assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
    assert.deepEqual([outcome.stage, outcome.reply.code], ["rcpt", 421]);
    assert.deepEqual(
      outcome.refused.map(({ address, reply }) => [address, reply.code]),
      [
        ["busy@y.org", 421],
        ["bad@y.org", 550],
      ],
    );
    assert.ok(lost);
  });

  test(`a server that closes with its 421 has sent nothing: ${offered}`, async () => {
    let said = 0;
    const script: Script = (line) => {
      if (said > 0) return "drop";
      said += BUSY.test(line) ? 1 : 0;
      return said > 0 ? SLOW_DOWN : friendly(line);
    };
    const before = await run(script, { to: ["bad@y.org", "busy@y.org", "c@y.org"], keywords });
    assert.ok(before.outcome.kind === "refused", JSON.stringify(before.outcome));
    assert.deepEqual([before.outcome.stage, before.outcome.reply.code], ["rcpt", 421]);
    said = 0;
    const after = await run(script, { to: ["b@y.org", "busy@y.org"], keywords });
    assert.ok(after.outcome.kind === "not_sent", JSON.stringify(after.outcome));
  });
}

test("recipients are refused one by one, and the others get the mail", async () => {
  const { outcome } = await run(except(/bad@y/, "550 5.1.1 No such user\r\n"), { to: ["b@y.org", "bad@y.org"] });
  assert.ok(outcome.kind === "accepted");
  assert.deepEqual(outcome.accepted, ["b@y.org"]);
  assert.deepEqual(outcome.refused, [
    { address: "bad@y.org", reply: { code: 550, enhanced: "5.1.1", response: "No such user" } },
  ]);
});

test("if all recipients are refused, there is no mark and no DATA, and the session is reset", async () => {
  const { outcome, lines, marks } = await run(except(/^RCPT/, "550 5.1.1 No\r\n"), { to: ["b@y.org", "c@y.org"] });
  assert.ok(outcome.kind === "refused");
  assert.equal(outcome.refused.length, 2);
  assert.equal(marks, 0);
  assert.equal(lines.at(-1), "RSET");
});

test("nothing is sent if the mark cannot be set", async () => {
  const { outcome, lines } = await run(friendly, { beforeData: async () => false });
  assert.equal(outcome.kind, "abandoned");
  assert.equal(lines.at(-1), "RSET");
  assert.equal(lines.includes("DATA"), false);
});

const PIPELINING = ["SIZE", "8BITMIME", "PIPELINING"];

test("by DATA, the envelope goes out while the mark is written, and the message after it", async () => {
  const heard: string[] = [];
  const script: Script = (line) => {
    heard.push(line);
    return friendly(line);
  };
  const beforeData = async (): Promise<boolean> => {
    await eventually("the server has heard DATA", async () => heard.includes("DATA"));
    // Time in which a message that does not wait would come.
    await patient.sleep(50);
    assert.equal(heard.at(-1), "DATA");
    return true;
  };
  const { outcome, marks } = await run(script, { keywords: PIPELINING, beforeData });
  assert.deepEqual([outcome.kind, marks, heard.at(-1)], ["accepted", 1, "."]);
});

test("without a mark, nothing of the message goes out after a DATA that was said meanwhile", async () => {
  const refused = except(/^DATA/, "554 5.5.1 No\r\n");
  for (const [script, last] of [[friendly, "DATA"] as const, [refused, "RSET"] as const]) {
    const { outcome, lines } = await run(script, { keywords: PIPELINING, beforeData: async () => false });
    assert.deepEqual([outcome.kind, lines.at(-1)], ["abandoned", last]);
  }
  const broken = run(friendly, {
    keywords: PIPELINING,
    beforeData: async () => {
      throw new Error("defect");
    },
  });
  await assert.rejects(broken, /defect/);
});

test("an address with a line break is never written to a socket", async () => {
  const { outcome, lines } = await run(friendly, { to: ["b@y.org", "x@y.org>\r\nRCPT TO:<evil@z.org"] });
  assert.ok(outcome.kind === "accepted");
  assert.deepEqual(
    outcome.refused.map(({ reply }) => reply.code),
    [553],
  );
  assert.equal(lines.filter((line) => line.includes("evil")).length, 0);
});

test("an address beyond ASCII needs a server that supports it; a domain beyond ASCII does not", async () => {
  const refused = await run(friendly, { to: ["josé@y.org"] });
  assert.ok(refused.outcome.kind === "refused");
  assert.equal(refused.outcome.reply.enhanced, "5.6.7");
  const taken = await run(friendly, { to: ["josé@y.org"], keywords: ["SMTPUTF8"] });
  assert.equal(taken.outcome.kind, "accepted");
  assert.equal(taken.lines[0], "MAIL FROM:<ada@example.com> SMTPUTF8");
  const domain = await run(friendly, { to: ["b@exämple.org"] });
  assert.equal(domain.outcome.kind, "accepted");
});

test("a body beyond ASCII is sent in its 7-bit form to a server without 8BITMIME, and only to such a server", async () => {
  const raw = "Subject: x\r\n\r\nété\r\n";
  const sevenBit = async () => Buffer.from("Subject: x\r\n\r\nSEVEN\r\n");
  const without = await run(friendly, { raw, sevenBit, keywords: ["SIZE"] });
  assert.equal(without.outcome.kind, "accepted");
  assert.equal(without.lines[0], "MAIL FROM:<ada@example.com> SIZE=21");
  assert.ok(without.lines.includes("SEVEN"));
  const capable = await run(friendly, { raw, sevenBit });
  assert.ok(!capable.lines.includes("SEVEN"));
  const plain = await run(friendly, { raw: "Subject: x\r\n\r\nete\r\n", sevenBit, keywords: ["SIZE"] });
  assert.ok(plain.lines.includes("ete"));
});

test("a mail whose body disappears before its 7-bit form is made is not sent", async () => {
  const job = { raw: "Subject: x\r\n\r\nété\r\n", sevenBit: async () => null, keywords: ["SIZE"] };
  const { outcome, lines, marks } = await run(friendly, job);
  assert.equal(outcome.kind, "not_sent");
  assert.equal(marks, 0);
  assert.deepEqual(lines, []);
});

test("a mail without a 7-bit form is refused before anything goes out if it needs 8BITMIME, and sent if not", async () => {
  const without = await run(friendly, { raw: "Subject: x\r\n\r\nété\r\n", keywords: ["SIZE"] });
  assert.ok(without.outcome.kind === "refused" && without.outcome.lacks === "8bitmime");
  assert.equal(without.outcome.reply.enhanced, "5.6.3");
  assert.ok(!without.lines.some((line) => line.startsWith("MAIL")));
  const plain = await run(friendly, { raw: "Subject: x\r\n\r\nete\r\n", keywords: ["SIZE"] });
  assert.equal(plain.outcome.kind, "accepted");
});
