import { setTimeout as delay } from "node:timers/promises";
import { connectedServer, startStack } from "../../builders/connected-stack.ts";
import { DoorProcess } from "../../builders/door-process.ts";
import { eventually } from "../../builders/eventually.ts";
import { MAIL, plain, sendBy } from "../../builders/smtp-door.ts";
import { smtpDialogue } from "../../google-sandbox/smtp-dialogue.ts";

export interface KilledRun {
  readonly mails: number;
  readonly kills: number;
  /** A number from 0 to 1; the run repeats itself with the same ones, as far as processes do. */
  readonly random: () => number;
  /** The bundle, or the source where there is none. */
  readonly program?: string;
}

export interface KilledOutcome {
  readonly killed: Readonly<Record<"door" | "relais", number>>;
  /** Over all mails; those that met no door or no Relais count too. */
  readonly attempts: number;
  /** Messages of which nobody could know whether they went out, until a person looked. */
  readonly inDoubt: number;
  readonly lost: readonly string[];
  readonly twice: readonly string[];
  /** Records beyond one for each mail. */
  readonly extraRecords: number;
}

const messageId = (n: number): string => `<mail-${n}@erp.example.com>`;

/** What a client that repeats does: again from the beginning, until it hears 250. Returns how often it tried. */
const sendUntilAccepted = async (port: number, key: string, n: number): Promise<number> => {
  for (let tries = 1; ; tries += 1) {
    const client = await smtpDialogue({ host: "127.0.0.1", port }).catch(() => null);
    try {
      await client?.say("EHLO client");
      await client?.say(plain("relais", key));
      const mail = MAIL.replace("<42@erp.example.com>", messageId(n)).replace("Hello.", `Hello ${n}.`);
      if (client && (await sendBy(client, mail))?.startsWith("250 2.0.0 msg_")) return tries;
    } catch {
      // The envelope was not accepted; it is tried again.
    } finally {
      client?.close();
    }
    await delay(50);
  }
};

/**
 * A client sends through the door while the door and Relais are killed, one or the other, at random moments. Afterwards
 * a person decides on what nobody can know, as the console asks them to.
 */
export const runKilled = async ({ mails, kills, random, program }: KilledRun): Promise<KilledOutcome> => {
  // Leases and back-offs are shortened, so that what a kill left claimed is resumed within seconds.
  const stack = await startStack({ RELAIS_TIME_SCALE: "60" });
  const { relais, sandbox } = stack;
  const door = await DoorProcess.start({ RELAIS_URL: `http://127.0.0.1:${relais.port}` }, program);
  const killed = { door: 0, relais: 0 };
  try {
    await connectedServer(stack, { limits: { perMinute: 10_000, perDay: 100_000 } });
    const made = await relais.operate("POST", "/v1/keys", { name: "ERP", permissions: ["send"] });
    const { key }: { key: string } = await made.json();
    const sending: Promise<number>[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      const until = Math.ceil((mails * (kill + 1)) / kills);
      while (sending.length < until) sending.push(sendUntilAccepted(door.port, key, sending.length));
      // The greeting alone takes 100 ms.
      await delay(random() * 400);
      if (random() < 0.5) {
        killed.door += 1;
        await door.end("SIGKILL");
        await door.up();
      } else {
        killed.relais += 1;
        await relais.kill();
        await relais.up();
      }
    }
    const attempts = (await Promise.all(sending)).reduce((sum, tries) => sum + tries, 0);
    const copies = (n: number): number =>
      sandbox.control.mails().filter((mail) => mail.messageId === messageId(n)).length;
    let inDoubt = 0;
    const decide = async (): Promise<void> => {
      const { items } = await (await relais.operate("GET", "/v1/messages?status=unknown&limit=200")).json();
      for (const { id, messageId: of } of items) {
        const arrived = sandbox.control.mails().some((mail) => mail.messageId === of);
        const body = { as: arrived ? "sent" : "resend" };
        if ((await relais.operate("POST", `/v1/messages/${id}/resolve`, body)).ok) inDoubt += 1;
      }
    };
    await eventually(
      "every message is sent",
      async () => {
        await decide();
        return Array.from({ length: mails }, (_, n) => copies(n)).every((found) => found > 0);
      },
      240_000,
    ).catch(() => undefined);
    const numbers = Array.from({ length: mails }, (_, n) => n);
    return {
      killed,
      attempts,
      inDoubt,
      lost: numbers.filter((n) => copies(n) === 0).map(messageId),
      twice: numbers.filter((n) => copies(n) > 1).map(messageId),
      extraRecords: (await countRecords(relais.operate.bind(relais))) - mails,
    };
  } finally {
    await door.end("SIGKILL");
    await stack.stop();
  }
};

const countRecords = async (operate: (method: string, path: string) => Promise<Response>): Promise<number> => {
  let count = 0;
  for (let cursor = ""; ; ) {
    const page = await (await operate("GET", `/v1/messages?limit=200${cursor}`)).json();
    count += page.items.length;
    if (page.next === null) return count;
    cursor = `&cursor=${encodeURIComponent(page.next)}`;
  }
};

/** A generator of numbers from 0 to 1 (mulberry32), so that a run can be repeated. */
export const seeded = (seed: number): (() => number) => {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
};
