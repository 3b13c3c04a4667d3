/**
 * Measures what a mail costs that its program has composed, beside the same mail in JSON, which Relais composes: as its
 * bytes by HTTP, in base64 within JSON, and through the SMTP door. The ways take turns within one run, each until Gmail
 * has its mails. Times depend on the machine; the ratios of one run do not.
 *
 * npm run bench -- raw [rounds]
 */
import http from "node:http";
import { createTransport } from "nodemailer";
import MailComposer from "nodemailer/lib/mail-composer";
import { type RawResult, rawRows, type Way, type WayRun, wayNames } from "./page/raw.ts";
import { record } from "./record.ts";
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

let made = 0;

const ground = await startGround({ roundTripMs: 0, lacking: [] }, 1);
const door = await startRigged<number>("door", [ground.origin]);
const arrivals = arrivalsAt(ground);

/** Sends so many mails, some at a time, each until Gmail has it. */
const run = async (send: Send, mails: number): Promise<WayRun> => {
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

const measure = async (size: Size): Promise<RawResult> => {
  const { senders, close } = await sendersOf(ground, size, door.ready);
  const runs: Record<Way, WayRun[]> = { json: [], raw: [], "raw in json": [], door: [] };
  for (const way of wayNames) await run(senders[way], size.attachedBytes === 0 ? WARM_MAILS : size.mails);
  for (let round = 0; round < rounds; round += 1) {
    // Another begins each round.
    const order = [...wayNames.slice(round % wayNames.length), ...wayNames.slice(0, round % wayNames.length)];
    for (const way of order) runs[way].push(await run(senders[way], size.mails));
  }
  close();
  return { size: size.name, runs };
};

const results: RawResult[] = [];
for (const size of SIZES) {
  results.push(await measure(size));
  for (const row of results.slice(-1).flatMap(rawRows)) console.log(row.join(" | "));
}
arrivals.close();
await door.end();
await ground.close();

record("raw", [rounds], { rounds, inFlight: IN_FLIGHT, results });
process.exit(0);
