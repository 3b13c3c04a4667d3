import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { connectedServer, type StackParts } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import { programPath } from "../../builders/program-path.ts";
import { RelaisProcess } from "../../builders/relais-process.ts";
import { newSample } from "../../builders/sample.ts";
import { watchStolenTime } from "../../builders/stolen-time.ts";

const root = join(import.meta.dirname, "../../..");

/**
 * What `npm start` needs: npm's script and what it runs, of which only the program is the suite's bundle, and the build
 * of a console that is up to date is none. `npm-start.test.ts` has npm start Relais from its sources.
 */
const startedByNpm = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "relais-by-npm-"));
  for (const path of ["package.json", "package-lock.json", "functions/runtime/commands/run.mjs"])
    cpSync(join(root, path), join(folder, path));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  mkdirSync(join(folder, "infra/build"), { recursive: true });
  writeFileSync(join(folder, "infra/build/build.ts"), "");
  const program = `import ${JSON.stringify(pathToFileURL(programPath("start")).href)};\n`;
  writeFileSync(join(folder, "functions/runtime/commands/start.ts"), program);
  return folder;
};
/** Gmail takes this long to answer a mail's end; whatever a signal cuts off in between is `unknown`. */
const GMAIL_TAKES_MS = 1_500;

/** What a signal is sent to. `group`: Ctrl-C in a terminal, and most supervisors; npm passes it on once more. */
type Target = "group" | "npm" | "node";

/** The child that npm's script became. */
const childOf = (pid: number): number =>
  Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);

const send = (relais: RelaisProcess, target: Target, signal: NodeJS.Signals): void => {
  const pid = { group: -relais.pid, npm: relais.pid, node: childOf(relais.pid) }[target];
  process.kill(pid, signal);
};

const isRefused = (url: string): Promise<boolean> =>
  fetch(url).then(
    () => false,
    () => true,
  );

/** The sandbox within `npm start`: its sockets must outlive the mails that are on their way to it. */
const sandboxOf = (relais: RelaisProcess) => {
  const file = JSON.parse(readFileSync(join(relais.dataDir, "sandbox/client_secret.json"), "utf8"));
  const { origin } = new URL(file.web.token_uri);
  return {
    client: { id: file.web.client_id, secret: file.web.client_secret },
    set: async (fault: object): Promise<void> => {
      const headers = { "Content-Type": "application/json" };
      const answer = await fetch(`${origin}/sandbox/control`, { method: "POST", headers, body: JSON.stringify(fault) });
      assert.equal(answer.status, 201, await answer.text());
    },
    messageIds: async (): Promise<readonly string[]> => {
      const mails: { items: { messageId: string }[] } = await (await fetch(`${origin}/sandbox/mailbox`)).json();
      return mails.items.map(({ messageId }) => messageId);
    },
  };
};

interface Answered {
  readonly status: number | undefined;
  readonly connection: string | undefined;
  readonly message: { readonly id: string; readonly messageId: string };
}

/** A post whose body comes in two halves; `finish` sends the second. */
const slowPost = (relais: RelaisProcess, body: object) => {
  const text = Buffer.from(JSON.stringify(body));
  const headers = {
    Authorization: `Bearer ${relais.setupToken}`,
    "Content-Type": "application/json",
    "Content-Length": text.length,
  };
  const upload = request(`${relais.origin}/v1/messages`, { method: "POST", headers });
  const answered = new Promise<Answered>((resolve, reject) => {
    upload.on("error", reject);
    upload.on("response", async (answer) => {
      const chunks: Buffer[] = [];
      for await (const chunk of answer) chunks.push(chunk);
      const message = JSON.parse(Buffer.concat(chunks).toString());
      resolve({ status: answer.statusCode, connection: answer.headers.connection, message });
    });
  });
  answered.catch(() => undefined);
  upload.write(text.subarray(0, text.length / 2));
  return { answered, finish: () => upload.end(text.subarray(text.length / 2)) };
};

const mail = (subject: string) => ({
  to: ["client@example.org"],
  subject,
  text: "Bonjour",
  attachments: [{ filename: "a.bin", content: Buffer.alloc(20_000).toString("base64") }],
});

describe("npm start, told to stop while mails are being sent", { skip: process.platform !== "linux" }, () => {
  const folder = startedByNpm();
  let relais: RelaisProcess;
  let server: string;
  const accepted: { readonly id: string; readonly messageId: string }[] = [];

  before(async () => {
    relais = await RelaisProcess.start({
      command: ["npm", "start", "--prefix", folder, "--ignore-scripts", "--silent"],
    });
    server = await connectedServer({ relais, sandbox: sandboxOf(relais) } satisfies StackParts, {
      limits: { perMinute: 2000, perDay: 2000 },
    });
  });
  after(async () => {
    await relais.stop();
    rmSync(folder, { recursive: true });
  });

  const post = async (subject: string, headers = {}): Promise<Response> => {
    const answer = await relais.operate("POST", "/v1/messages", { server, ...mail(subject) }, headers);
    accepted.push(await answer.clone().json());
    return answer;
  };

  /** Accepts this many mails, some of which are on their way to a slow Gmail. */
  const underWay = async (count: number): Promise<void> => {
    await sandboxOf(relais).set({ fault: "smtp_slow", ms: GMAIL_TAKES_MS });
    const answers = await Promise.all(Array.from({ length: count }, (_, index) => post(`Facture ${index}`)));
    for (const { status } of answers) assert.equal(status, 202);
    await eventually("mails are under way", async () => {
      const list: { items: { status: string }[] } = await (
        await relais.operate("GET", "/v1/messages?status=sending")
      ).json();
      return list.items.length > 4;
    });
  };

  const statuses = async (): Promise<ReadonlyMap<string, string>> => {
    const found = new Map<string, string>();
    let cursor: string | null = "";
    while (cursor !== null) {
      const path: string = `/v1/messages?limit=200${cursor === "" ? "" : `&cursor=${cursor}`}`;
      const page: { items: { id: string; status: string }[]; next: string | null } = await (
        await relais.operate("GET", path)
      ).json();
      for (const { id, status } of page.items) found.set(id, status);
      cursor = page.next;
    }
    return found;
  };

  interface Round {
    readonly says: string;
    readonly mails: number;
    readonly signal: NodeJS.Signals;
    readonly to: Target;
    readonly again?: Target;
    readonly unread?: boolean;
  }
  const FIRST: Round = { says: "Ctrl-C in a terminal", mails: 30, signal: "SIGINT", to: "group" };
  const OTHERS: readonly Round[] = [
    {
      says: "a supervisor's SIGTERM to the group, repeated",
      mails: 12,
      signal: "SIGTERM",
      to: "group",
      again: "group",
    },
    { says: "SIGTERM to npm, then to the group", mails: 12, signal: "SIGTERM", to: "npm", again: "group" },
    { says: "SIGINT to npm", mails: 12, signal: "SIGINT", to: "npm" },
    { says: "SIGINT to Node twice", mails: 12, signal: "SIGINT", to: "node", again: "node" },
    { says: "Ctrl-C that also ends the reader of its log", mails: 12, signal: "SIGINT", to: "group", unread: true },
  ];
  const sample = newSample();
  console.log(sample.says);
  for (const { says, mails, signal, to, again, unread } of [FIRST, ...sample.of(OTHERS, 2)]) {
    it(`cuts nothing off: ${says}`, async () => {
      const slow = slowPost(relais, { server, ...mail("Envoi lent") });
      await underWay(mails);
      const waiting = post("Attendue", { Prefer: "wait=30" });
      await delay(200);
      if (unread === true) relais.closeOutput();
      send(relais, to, signal);
      await eventually("new connections are refused", () => isRefused(`${relais.origin}/health`));
      if (again !== undefined) send(relais, again, signal);
      await delay(400);
      slow.finish();
      const { status, connection, message } = await slow.answered;
      assert.equal(status, 202, JSON.stringify(message));
      assert.equal(connection, "close");
      accepted.push(message);
      assert.equal((await waiting).status, 202);
      assert.equal(await relais.ended(), 0, relais.output);

      await relais.up();
      assert.deepEqual(
        [...(await statuses())].filter(([, found]) => found === "unknown"),
        [],
      );
    });
  }

  it("has sent each of them once in the end", async () => {
    await eventually("all are sent", async () => {
      const found = await statuses();
      return accepted.every(({ id }) => found.get(id) === "sent");
    });
    const arrived = await sandboxOf(relais).messageIds();
    assert.deepEqual(arrived.toSorted(), accepted.map(({ messageId }) => messageId).toSorted());
  });

  it("does not wait for anything if a person asks again later", async () => {
    await sandboxOf(relais).set({ fault: "smtp_stall", stage: "rcpt" });
    await post("Retenue");
    await delay(200);
    send(relais, "node", "SIGINT");
    await delay(3_000);
    const startedAtMs = performance.now();
    const stolen = watchStolenTime();
    send(relais, "node", "SIGINT");
    assert.equal(await relais.ended(), 130, relais.output);
    stolen.stop();
    assert.ok(performance.now() - startedAtMs - stolen.ms() < 1_500, "it went on waiting");
  });
});
