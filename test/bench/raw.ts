/**
 * Measures what a mail costs that its program has composed, beside the same mail in JSON, which Relais composes: as its
 * bytes by HTTP, in base64 within JSON, and through the SMTP door. The ways take turns within one run, each until Gmail
 * has its mails. Times depend on the machine; the ratios of one run do not.
 *
 * npm run bench -- raw [rounds]
 *
 * Writes `test/bench/RAW.md` and `raw.json`.
 */
import { writeFileSync } from "node:fs";
import http from "node:http";
import { availableParallelism } from "node:os";
import { createTransport } from "nodemailer";
import MailComposer from "nodemailer/lib/mail-composer";
import { commit } from "./commit.ts";
import { startRigged } from "./throughput/child.ts";
import { type Ground, serverId, startGround } from "./throughput/ground.ts";
import "./throughput/nagle-off.ts";
import { arrivalsAt, post } from "./throughput/senders.ts";

const [given = "5"] = process.argv.slice(2);
if (!/^[1-9]\d*$/.test(given)) {
  console.error("Usage: npm run bench -- raw [rounds]");
  process.exit(2);
}
const rounds = Number(given);

const IN_FLIGHT = 16;
/** A process compiles its code as it runs, so what comes first takes several times the CPU. */
const WARM_MAILS = 150;

interface Size {
  readonly name: string;
  readonly attachedBytes: number;
  readonly mails: number;
}
const SIZES: readonly Size[] = [
  { name: "10 kB of text", attachedBytes: 0, mails: 120 },
  { name: "10 kB of text, 1 MB attached", attachedBytes: 1_000_000, mails: 16 },
];

const TEXT = "Bonjour. ".repeat(1_112).slice(0, 10_000);
const TO = "b@example.org";

type Way = "json" | "raw" | "raw in json" | "door";
const WAYS: Readonly<Record<Way, string>> = {
  json: "JSON, composed by Relais",
  raw: "`message/rfc822`",
  "raw in json": "`raw` in JSON",
  door: "SMTP door",
};
const NAMES = Object.keys(WAYS) as Way[];

/** Hands over one mail; resolves with its Message-ID. */
type Send = (messageId: string) => Promise<string>;

const sendersOf = async (ground: Ground, { attachedBytes }: Size, doorPort: number) => {
  const from = ground.google.ready.accounts[0]?.email ?? "";
  const content = Buffer.alloc(attachedBytes, "Relais. ");
  const mail = { from, to: TO, subject: "Bonjour", text: TEXT };
  const attachments = attachedBytes === 0 ? [] : [{ filename: "a.bin", content }];
  const composed = await new MailComposer({ ...mail, attachments, messageId: "<@>" }).compile().build();
  const [head = "", ...rest] = composed.toString("latin1").split("<@>");
  const bytesOf = (messageId: string): Buffer => Buffer.from(`${head}${messageId}${rest.join("<@>")}`, "latin1");
  const inJson = attachments.map(({ filename }) => ({ filename, content: content.toString("base64") }));
  const json = JSON.stringify({ ...mail, attachments: inJson, server: serverId("smtp", 0) });

  const agent = new http.Agent({ keepAlive: true });
  const headers = { Authorization: `Bearer ${ground.key}` };
  const url = `${ground.origin}/v1/messages`;
  const asMail = { ...headers, "Content-Type": "message/rfc822", "Relais-Recipients": TO };
  const answered = async (path: string, how: Readonly<Record<string, string>>, body: string | Buffer) =>
    (await post(`${url}${path}`, { agent, headers: how, json: body })).body.messageId ?? "";
  const pool = createTransport({
    pool: true,
    maxConnections: IN_FLIGHT,
    maxMessages: Number.POSITIVE_INFINITY,
    host: "127.0.0.1",
    port: doorPort,
    auth: { user: serverId("smtp", 0), pass: ground.key },
  });
  const senders: Readonly<Record<Way, Send>> = {
    json: () => answered("", headers, json),
    raw: (messageId) => answered(`?server=${serverId("smtp", 0)}`, asMail, bytesOf(messageId)),
    "raw in json": (messageId) => {
      const raw = bytesOf(messageId).toString("base64");
      return answered("", headers, JSON.stringify({ raw, envelope: { to: [TO] }, server: serverId("smtp", 0) }));
    },
    door: async (messageId) => {
      await pool.sendMail({ raw: bytesOf(messageId), envelope: { from, to: [TO] } });
      return messageId;
    },
  };
  const close = (): void => {
    pool.close();
    agent.destroy();
  };
  return { senders, close };
};

interface Run {
  readonly mailsPerS: number;
  /** Of Relais, and of the door if it is on the way. */
  readonly cpuMs: number;
  readonly doorCpuMs: number;
}

let made = 0;

const ground = await startGround({ roundTripMs: 0, lacking: [] }, 1);
const door = await startRigged<number>("door", [ground.origin]);
const arrivals = arrivalsAt(ground);

/** Sends so many mails, some at a time, each until Gmail has it. */
const run = async (send: Send, mails: number): Promise<Run> => {
  const before = [await ground.relais.cpuMs(), await door.cpuMs()] as const;
  const beganMs = performance.now();
  let left = mails;
  const sendOn = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      made += 1;
      await arrivals.of(await send(`<${made}@bench.example.com>`));
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, sendOn));
  const seconds = (performance.now() - beganMs) / 1_000;
  const relais = ((await ground.relais.cpuMs()) - before[0]) / mails;
  const ofDoor = ((await door.cpuMs()) - before[1]) / mails;
  return { mailsPerS: mails / seconds, cpuMs: relais + ofDoor, doorCpuMs: ofDoor };
};

const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
};

interface Result {
  readonly size: string;
  readonly runs: Readonly<Record<Way, readonly Run[]>>;
}

/** Of each round, so that what else the machine does falls on both. */
const ratioOf = ({ runs }: Result, way: Way, to: Way, what: keyof Run): number =>
  median(runs[way].map((one, round) => one[what] / (runs[to][round]?.[what] ?? Number.NaN)));

const measure = async (size: Size): Promise<Result> => {
  const { senders, close } = await sendersOf(ground, size, door.ready);
  const runs: Record<Way, Run[]> = { json: [], raw: [], "raw in json": [], door: [] };
  for (const way of NAMES) await run(senders[way], size.attachedBytes === 0 ? WARM_MAILS : size.mails);
  for (let round = 0; round < rounds; round += 1) {
    // Another begins each round.
    const order = [...NAMES.slice(round % NAMES.length), ...NAMES.slice(0, round % NAMES.length)];
    for (const way of order) runs[way].push(await run(senders[way], size.mails));
  }
  close();
  return { size: size.name, runs };
};

const rowsOf = (result: Result): readonly string[] =>
  NAMES.map((way) => {
    const of = (what: keyof Run): number => median(result.runs[way].map((one) => one[what]));
    const cells = [
      result.size,
      WAYS[way],
      of("mailsPerS").toFixed(0),
      `**${ratioOf(result, way, "json", "mailsPerS").toFixed(2)}**`,
      `${of("cpuMs").toFixed(1)}${way === "door" ? ` (${of("doorCpuMs").toFixed(1)} of them the door's)` : ""}`,
      `**${ratioOf(result, way, "json", "cpuMs").toFixed(2)}**`,
      ratioOf(result, way, "raw", "cpuMs").toFixed(2),
    ];
    return `| ${cells.join(" | ")} |`;
  });

const results: Result[] = [];
for (const size of SIZES) {
  results.push(await measure(size));
  console.log(results.slice(-1).flatMap(rowsOf).join("\n"));
}
arrivals.close();
await door.end();
await ground.close();

const page = `# What composed mail costs

Made by \`npm run bench -- raw ${rounds}\` at commit ${commit}, Node ${process.version}, ${availableParallelism()} cores: the same mail in JSON, as bytes that its program has composed, as the same bytes in base64 within JSON, and through the SMTP door over connections that stay open.
${IN_FLIGHT} are under way at a time, from the request until the sandbox's Gmail has the mail; \`npm start\` on its embedded store, \`smtp\` over TLS. The ways take turns, ${rounds} times each; the table shows medians, ratios by round. Everything shares the machine's cores with the load and the sandbox, so only the ratios mean something.

CPU: ms for each mail, of Relais and the door together.

| mail | way | mails/s | to JSON | CPU | CPU to JSON | CPU to \`message/rfc822\` |
|---|---|---|---|---|---|---|
${results.flatMap(rowsOf).join("\n")}
`;
writeFileSync(new URL("RAW.md", import.meta.url), page);
const facts = { commit, node: process.version, cores: availableParallelism(), rounds, results };
writeFileSync(new URL("raw.json", import.meta.url), `${JSON.stringify(facts, null, 2)}\n`);
console.log(page);
process.exit(0);
