// `npm run demo`: walks from a Google client to a delivered message, one line per step, on a stack of its own (free
// ports, temporary data), so that it can run beside `npm start`. Exits 0 if every step succeeds.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { consent } from "../../../test/google-sandbox/consent-walker.ts";
import { findFirestoreEmulator } from "../local/firestore-emulator.ts";
import { freePort } from "../local/free-port.ts";

const ACCOUNT = "ada@example.com";
const START = join(import.meta.dirname, "start.ts");

interface Stack {
  readonly origin: string;
  readonly dataDir: string;
  readonly setupToken: string;
  readonly child: ChildProcess;
  /** `host:port` of the emulator of Firestore; null if it is not installed. */
  readonly firestore: string | null;
}

const PROJECT = "demo-relais";
const EMULATOR = /Firestore emulator at ([\d.:]+)/;

/** Throws with the child's output if Relais does not start. */
const startStack = async (): Promise<Stack> => {
  const port = await freePort();
  const dataDir = mkdtempSync(join(tmpdir(), "relais-demo-"));
  const documents = findFirestoreEmulator() === null ? [] : ["--documents"];
  const child = spawn(process.execPath, [START, ...documents], {
    env: { PATH: process.env.PATH, PORT: String(port), RELAIS_DATA_DIR: dataDir, RELAIS_SMTP_PORT: "0" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
  const origin = `http://localhost:${port}`;
  for (let tries = 0; tries < 600; tries += 1) {
    if (child.exitCode !== null) break;
    const up = await fetch(`${origin}/health`).catch(() => null);
    if (up?.ok) {
      const firestore = EMULATOR.exec(output)?.[1] ?? null;
      return {
        origin,
        dataDir,
        child,
        firestore,
        setupToken: readFileSync(join(dataDir, "setup-token"), "utf8").trim(),
      };
    }
    await delay(100);
  }
  child.kill("SIGKILL");
  throw new Error(`Relais did not start:\n${output}`);
};

const step = (text: string): void => console.log(`✓ ${text}`);

const expectStatus = async (response: Response, status: number): Promise<Response> => {
  if (response.status !== status) throw new Error(`${response.url}: ${response.status}\n${await response.text()}`);
  return response;
};

/** Calls the API as an operator does, with the setup token. */
const operator = (stack: Stack) => async (method: string, path: string, expected: number, body?: unknown) => {
  const response = await fetch(`${stack.origin}${path}`, {
    method,
    headers: { Authorization: `Bearer ${stack.setupToken}`, "Content-Type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  return (await expectStatus(response, expected)).json();
};

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(";")[0] ?? "";

/**
 * Does what a browser does: opens a session, goes to Google, consents and returns. Returns where the browser ends up.
 */
const connect = async (stack: Stack, server: string): Promise<string> => {
  const signedIn = await fetch(`${stack.origin}/v1/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ setupToken: stack.setupToken }),
  });
  const session = cookieOf(await expectStatus(signedIn, 204));
  const toGoogle = await fetch(`${stack.origin}/google_gmail/authorize?server=${server}`, {
    redirect: "manual",
    headers: { cookie: session },
  });
  await expectStatus(toGoogle, 302);
  step(`"Connect your Gmail account" leads to Google's consent page`);
  const { callbackUrl } = await consent(toGoogle.headers.get("location") ?? "", { account: ACCOUNT });
  step(`${ACCOUNT} chosen, the unverified-app warning passed, every permission granted`);
  const back = await fetch(callbackUrl, { redirect: "manual", headers: { cookie: cookieOf(toGoogle) || session } });
  return (await expectStatus(back, 303)).headers.get("location") ?? "";
};

const mailboxOf = async (stack: Stack): Promise<readonly { readonly messageId: string }[]> => {
  const client = JSON.parse(readFileSync(join(stack.dataDir, "sandbox/client_secret.json"), "utf8"));
  const sandbox = new URL(client.web.token_uri).origin;
  return (await (await fetch(`${sandbox}/sandbox/mailbox`)).json()).items;
};

const walk = async (stack: Stack): Promise<void> => {
  const api = operator(stack);
  const clientFile = JSON.parse(readFileSync(join(stack.dataDir, "sandbox/client_secret.json"), "utf8"));
  const saved = await api("PUT", "/v1/settings/gmail-credentials", 200, clientFile);
  step(`client ID and secret saved (${saved.clientId})`);

  const created = { name: "Facturation", username: ACCOUNT, authentication: "gmail_oauth" };
  const server = await api("POST", "/v1/mail-servers", 201, created);
  step(`outgoing mail server "${server.name}" created for ${server.username}`);

  const arrivedAt = await connect(stack, server.id);
  step(`back in Relais at ${new URL(arrivedAt, stack.origin).pathname}; the token is stored`);

  const { connection } = await api("GET", `/v1/mail-servers/${server.id}`, 200);
  if (connection.state !== "valid") throw new Error(`the connection is ${connection.state}: ${connection.reason}`);
  step(`Gmail token valid (${connection.email})`);

  const tested = await api("POST", `/v1/mail-servers/${server.id}/test`, 200);
  if (!tested.ok) throw new Error(`Test connection failed: ${JSON.stringify(tested.stages)}`);
  step(`Test connection: ${tested.stages.map((stage: { stage: string }) => stage.stage).join(", ")} – all good`);

  const mail = { to: ["client@example.org"], subject: "Votre facture", text: "Bonjour,\nvotre facture est jointe.\n" };
  const accepted = await api("POST", "/v1/messages", 202, mail);
  step(`mail accepted as ${accepted.id}, Message-ID ${accepted.messageId}`);

  for (let tries = 0; tries < 300; tries += 1) {
    const found = (await mailboxOf(stack)).find((one) => one.messageId === accepted.messageId);
    if (found) return step(`the mail arrived in the mailbox with the same Message-ID`);
    await delay(100);
  }
  throw new Error("the mail did not arrive in the mailbox");
};

type Fields = Readonly<Record<string, unknown>>;
const text = (stringValue: string): Fields => ({ stringValue });
const map = (fields: Fields): Fields => ({ mapValue: { fields } });

/** A document of Trigger Email, from its creation to its end. */
const walkDocument = async (firestore: string): Promise<void> => {
  const url = `http://${firestore}/v1/projects/${PROJECT}/databases/(default)/documents/mail/commande-7`;
  const message = map({ subject: text("Commande 7"), text: text("Elle est partie.") });
  const body = JSON.stringify({ fields: { to: text("client@example.org"), message } });
  await expectStatus(await fetch(url, { method: "PATCH", headers: { "Content-Type": "application/json" }, body }), 200);
  step("document mail/commande-7 written, as an application of Firebase does");
  let before = "";
  for (let tries = 0; tries < 300; tries += 1) {
    const { fields } = await (await fetch(url)).json();
    const state = fields.delivery?.mapValue.fields.state.stringValue ?? "";
    if (state !== before) step(`its delivery.state is ${state}`);
    if (state === "SUCCESS") return;
    if (state === "ERROR") throw new Error(JSON.stringify(fields.delivery));
    before = state;
    await delay(20);
  }
  throw new Error("the document did not come to its end");
};

const stop = async (stack: Stack): Promise<void> => {
  if (stack.child.exitCode === null) {
    stack.child.kill("SIGTERM");
    await once(stack.child, "exit");
  }
  rmSync(stack.dataDir, { recursive: true, force: true });
};

const stack = await startStack();
step(`Relais is up at ${stack.origin}, with a Google sandbox of its own`);
try {
  await walk(stack);
  if (stack.firestore === null)
    console.log("– no document of Firestore: its emulator is not installed (npm run start:documents)");
  else await walkDocument(stack.firestore);
  console.log("\nDone: from a Google client to a mail in the mailbox. Try it by hand with `npm start`.");
} catch (error) {
  console.error(`✗ ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
} finally {
  await stop(stack);
}
