/**
 * Measures what a message costs: invocations, and documents read and written, counted in front of Google's Firestore
 * emulator while messages go from `POST /v1/messages` through Pub/Sub's emulator to the sandbox's SMTP. Counts, unlike
 * times, are the same on any machine.
 *
 * npm run bench -- send [mails]
 *
 * It fails above the budget: 2 invocations, 2.05 reads and 5 writes at 10 kB.
 */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { issueKey } from "../../functions/domain/access/key-register.ts";
import { serverExists } from "../../functions/domain/mail-servers/server-access.ts";
import { compose } from "../../functions/runtime/compose.ts";
import { loadConfig } from "../../functions/runtime/config.ts";
import { serveEvents } from "../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../functions/runtime/handlers/deliver-mail.ts";
import { routes as sendMail } from "../../functions/runtime/handlers/send-mail.ts";
import { serveHttp } from "../../functions/runtime/http-edge.ts";
import { startEmulators, testProject } from "../builders/emulators.ts";
import { eventually } from "../builders/eventually.ts";
import { OPERATOR } from "../builders/mail-server.ts";
import { startSecretManagerStandIn } from "../builders/secret-manager-stand-in.ts";
import { seedServers } from "../builders/seeded-server.ts";
import { startGoogleSandbox } from "../google-sandbox/sandbox.ts";
import { type Cost, GUARDS, READ, sumOf, WRITE } from "./page/send.ts";
import { record } from "./record.ts";

const counts = new Map<string, number>();
const count = (name: string, by = 1): void => void counts.set(name, (counts.get(name) ?? 0) + by);

const emulators = await startEmulators();
const kindOf = (name: string): string => name.split("/").at(-2) ?? "?";

interface FirestoreBody {
  readonly documents?: readonly string[];
  readonly writes?: readonly {
    readonly delete?: string;
    readonly update?: {
      readonly name: string;
      readonly fields?: Readonly<Record<string, { readonly stringValue?: string }>>;
    };
  }[];
}

/** Messages that are sent and whose chunks are being deleted. */
const erasing = new Set<string>();
const stateOf = (json: string): string => {
  const {
    status,
    phase,
    body,
    messageId,
  }: { status?: string; phase?: string; messageId?: string; body?: { kind?: string } } = JSON.parse(json);
  if (status === "sent" && erasing.has(messageId ?? "")) return " erased";
  if (status === "sent" && body?.kind === "chunks") erasing.add(messageId ?? "");
  return ` ${status}${phase === undefined ? "" : `.${phase}`}`;
};

const note = (path: string, body: FirestoreBody): void => {
  if (path.endsWith(":batchGet")) for (const name of body.documents ?? []) count(`read ${kindOf(name)}`);
  if (path.endsWith(":runQuery")) count("query");
  for (const write of path.endsWith(":commit") ? (body.writes ?? []) : []) {
    const name = write.delete ?? write.update?.name ?? "";
    const kind = kindOf(name);
    const json = write.update?.fields?.json?.stringValue;
    const state = kind === "messages" && json !== undefined ? stateOf(json) : "";
    count(`${write.delete === undefined ? "write" : "delete"} ${kind}${state}`);
  }
};

const bodyOf = async (incoming: IncomingMessage): Promise<Buffer> => Buffer.concat(await incoming.toArray());

/** Stands in front of Firestore's emulator: every client library passes through here. */
const counter = createServer(async (req, res) => {
  const body = await bodyOf(req);
  if (req.method === "POST") note((req.url ?? "").split("?")[0] ?? "", JSON.parse(body.toString()));
  const headers = Object.entries(req.headers).filter(
    ([name]) => !["host", "connection", "content-length"].includes(name),
  );
  const answer = await fetch(`http://${emulators.firestoreHost}${req.url}`, {
    method: req.method ?? "GET",
    headers: headers.map(([name, value]) => [name, String(value)] as [string, string]),
    ...(req.method === "POST" ? { body: new Uint8Array(body) } : {}),
  });
  res.writeHead(answer.status, { "Content-Type": answer.headers.get("content-type") ?? "application/json" });
  res.end(Buffer.from(await answer.arrayBuffer()));
}).listen(0, "127.0.0.1");
counter.unref();
await once(counter, "listening");
const counterHost = `127.0.0.1:${(counter.address() as AddressInfo).port}`;

const sandbox = await startGoogleSandbox();
const secrets = await startSecretManagerStandIn();
const projectId = testProject();
const config = loadConfig({
  ...sandbox.environment,
  RELAIS_STORE: "google",
  GOOGLE_CLOUD_PROJECT: projectId,
  FIRESTORE_EMULATOR_HOST: counterHost,
  PUBSUB_EMULATOR_HOST: emulators.pubsubHost,
  SECRET_MANAGER_EMULATOR_HOST: secrets.host,
  RELAIS_SETUP_TOKEN: "setup-token-of-the-benchmark-0123456789",
});
const systemOf = (component: string) =>
  compose(config, { component, write: (line) => void (line.includes('"ERROR"') && console.error(line)) });

const serve = async (listener: () => RequestListener): Promise<string> => {
  const server = createServer((req, res) => {
    count("invocation");
    listener()(req, res);
  }).listen(0, "127.0.0.1");
  server.unref();
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};
/** One instance of each function, which knows nothing of earlier messages. */
const newInstances = () => {
  const [sender, deliverer] = [systemOf("send-mail"), systemOf("deliver-mail")];
  return {
    sender,
    deliverer,
    send: serveHttp(sendMail(sender), sender),
    deliver: serveEvents(deliverMail(deliverer), deliverer),
  };
};
let instances = newInstances();
const { sender } = instances;
const api = await serve(() => instances.send);
const endpoint = await serve(() => instances.deliver);
const endInstances = () => Promise.all(Object.values(instances.deliverer.transports).map((one) => one.close()));

/** As Terraform makes it: one version of 32 random bytes. */
const makeKeyRing = async (): Promise<void> => {
  const root = `http://${secrets.host}/v1/projects/${projectId}/secrets`;
  const post = (path: string, body: object) =>
    fetch(`${root}${path}`, {
      method: "POST",
      headers: { "Content-Type": "application/json", Authorization: "Bearer owner" },
      body: JSON.stringify(body),
    });
  await post("?secretId=relais-key-ring", { replication: { automatic: {} } });
  const data = Buffer.from(randomBytes(32).toString("base64")).toString("base64");
  await post("/relais-key-ring:addVersion", { payload: { data } });
};
await makeKeyRing();

const pubsub = async (path: string, body: object): Promise<void> => {
  const answer = await fetch(`http://${emulators.pubsubHost}/v1/projects/${projectId}/${path}`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(await answer.text());
};
for (const topic of ["mail-send", "mail-dispatch", "mail-events"]) await pubsub(`topics/${topic}`, {});
await pubsub("subscriptions/mail-send", {
  topic: `projects/${projectId}/topics/mail-send`,
  ackDeadlineSeconds: 60,
  pushConfig: { pushEndpoint: endpoint },
});

const server = "srv_bench";
await seedServers(sender, sandbox, { ids: [server] });
const key = await issueKey({ ...sender, serverExists: serverExists(sender.records) }, OPERATOR, {
  name: "bench",
  permissions: ["send"],
});
if (!key.ok) throw new Error(JSON.stringify(key.problem));

const sendOne = async (bytes: number): Promise<void> => {
  const text = "Bonjour. ".repeat(Math.ceil(Math.min(bytes, 10_000) / 9)).slice(0, Math.min(bytes, 10_000));
  const content = Buffer.alloc(Math.max(0, bytes - 10_000), "x").toString("base64");
  const attachments = bytes > 10_000 ? [{ filename: "a.bin", content, contentType: "application/octet-stream" }] : [];
  const answer = await fetch(`${api}/v1/messages`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${key.value.key.reveal()}` },
    body: JSON.stringify({ server, to: "b@example.org", subject: "Bonjour", text, attachments }),
  });
  if (answer.status !== 202) throw new Error(await answer.text());
  const { id }: { id: string } = await answer.json();
  await eventually(
    "the mail is sent",
    async () => {
      const found = await sender.records.get("messages", id);
      // Our own reads are not part of the cost.
      count("read messages", -1);
      return found?.value.status === "sent" && found.value.body.kind === "erased";
    },
    60_000,
  );
};

const results: Cost[] = [];
const measure = async (mail: string, { bytes, mails }: { bytes: number; mails: number }): Promise<Cost> => {
  counts.clear();
  for (let n = 0; n < mails; n += 1) await sendOne(bytes);
  const each = [...counts].filter(([, times]) => times !== 0).map(([what, times]) => [what, times / mails] as const);
  const { invocation: invocations = 0, ...operations } = Object.fromEntries(each.sort());
  const unknown = Object.keys(operations).filter((what) => GUARDS[what] === undefined);
  if (unknown.length > 0) throw new Error(`${unknown} stand for nothing: name what they guard in page/send.ts`);
  const cost = { mail, mails, invocations, operations };
  results.push(cost);
  return cost;
};

const mails = Number(process.argv[2] ?? 50);
await measure("10 kB, first of an hour, of an instance", { bytes: 10_000, mails: 1 });
await endInstances();
instances = newInstances();
await measure("10 kB, first of an instance", { bytes: 10_000, mails: 1 });
const usual = await measure("10 kB", { bytes: 10_000, mails });
await measure("1 MB", { bytes: 1_000_000, mails: Math.max(2, mails / 10) });
await measure("20 MB", { bytes: 20_000_000, mails: 2 });

record("send", process.argv.slice(2), { results });
await Promise.all([sandbox.close(), emulators.stop(), secrets.close(), endInstances()]);
const [reads, writes] = [sumOf(usual, READ), sumOf(usual, WRITE)];
console.log(`${usual.invocations} invocations, ${reads} reads and ${writes} writes at 10 kB`);
if (usual.invocations > 2 || reads > 2.05 || writes > 5) {
  console.error("Above the budget: 2 invocations, 2.05 reads and 5 writes at 10 kB.");
  process.exit(1);
}
process.exit(0);
