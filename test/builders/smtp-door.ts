import { THIS_BUILD } from "../../functions/domain/build.ts";
import { jsonLogger } from "../../functions/runtime/logger.ts";
import { systemClock } from "../../functions/runtime/system-clock.ts";
import type { DoorConfig } from "../../functions/submission/config.ts";
import { type Door, type DoorDeps, openDoor } from "../../functions/submission/door.ts";
import { type SmtpDialogue, smtpDialogue } from "../google-sandbox/smtp-dialogue.ts";
import { STAND_IN_KEY } from "./relais-stand-in.ts";

/** The SMTP door in the test's own process, on a free port of loopback. */
export interface TestDoor {
  readonly door: Door;
  readonly port: number;
  /** Of the listener with TLS from the first byte. */
  readonly tlsPort: number;
  /** Each a JSON object. */
  readonly logLines: readonly string[];
  readonly codes: () => readonly string[];
  /** A connection that has said EHLO, with its reply. */
  greet(): Promise<SmtpDialogue & { readonly ehlo: string }>;
  /** A connection that has logged in. */
  logIn(username?: string, password?: string): Promise<SmtpDialogue>;
  close(): Promise<void>;
}

export const plain = (username: string, password: string): string =>
  `AUTH PLAIN ${Buffer.from(`\0${username}\0${password}`).toString("base64")}`;

const LOOPBACK = { host: "127.0.0.1", port: 0 };

export const startDoor = async (
  relaisUrl: string,
  options: Partial<DoorConfig> & Pick<DoorDeps, "limits"> = {},
): Promise<TestDoor> => {
  const { limits, ...config } = options;
  const logLines: string[] = [];
  const log = jsonLogger({
    write: (line) => logLines.push(line),
    nowMs: Date.now,
    component: "relais-smtp",
    build: THIS_BUILD,
    projectId: null,
  });
  const door = await openDoor(
    { relaisUrl, listen: [LOOPBACK], listenTls: [], certificate: null, allowClear: false, ...config },
    { clock: systemClock(), log, ...(limits ? { limits } : {}) },
  );
  const [first, second] = door.addresses;
  const port = first?.port ?? 0;
  const dialogues: SmtpDialogue[] = [];
  const greet = async () => {
    const dialogue = await smtpDialogue({ host: "127.0.0.1", port });
    dialogues.push(dialogue);
    return { ...dialogue, ehlo: (await dialogue.say("EHLO client.example.com")) ?? "" };
  };
  return {
    door,
    port,
    tlsPort: second?.port ?? 0,
    logLines,
    codes: () => logLines.map((line) => JSON.parse(line).code),
    greet,
    logIn: async (username = "relais", password = STAND_IN_KEY) => {
      const dialogue = await greet();
      const reply = await dialogue.say(plain(username, password));
      if (reply?.startsWith("235") !== true) throw new Error(`the login was answered ${reply}`);
      return dialogue;
    },
    close: async () => {
      for (const dialogue of dialogues) dialogue.close();
      await door.close(0);
    },
  };
};

export const MAIL = [
  "From: Ada <ada@example.com>",
  "To: client@example.org",
  "Subject: Invoice 42",
  "Message-ID: <42@erp.example.com>",
  "",
  "Hello.",
  "",
].join("\r\n");

/** MAIL and RCPT; throws if they are not accepted. */
export const envelope = async (
  dialogue: SmtpDialogue,
  recipients: readonly string[] = ["client@example.org"],
): Promise<void> => {
  const lines = ["MAIL FROM:<>", ...recipients.map((to) => `RCPT TO:<${to}>`)];
  for (const line of lines) {
    const reply = await dialogue.say(line);
    if (reply?.startsWith("250") !== true) throw new Error(`${line} was answered ${reply}`);
  }
};

const stuffed = (mail: string | Buffer): Buffer =>
  Buffer.from(mail.toString("latin1").replace(/(^|\r\n)\./g, "$1.."), "latin1");

/** A whole mail; returns the reply to its end. */
export const sendBy = async (
  dialogue: SmtpDialogue,
  mail: string | Buffer = MAIL,
  recipients?: readonly string[],
): Promise<string | null> => {
  await envelope(dialogue, recipients);
  const go = await dialogue.say("DATA");
  if (go?.startsWith("354") !== true) return go;
  const bytes = stuffed(typeof mail === "string" ? Buffer.from(mail) : mail);
  const end = bytes.subarray(-2).toString() === "\r\n" ? ".\r\n" : "\r\n.\r\n";
  return dialogue.write(Buffer.concat([bytes, Buffer.from(end)]));
};
