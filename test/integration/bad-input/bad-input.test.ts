import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { Agent, createServer, request, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import fc from "fast-check";
import { mailServerInput } from "../../../functions/domain/mail-servers/mail-server-input.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { serveEvents } from "../../../functions/runtime/event-edge.ts";
import { routes as authorizeStart } from "../../../functions/runtime/handlers/authorize-start.ts";
import { routes as confirmCallback } from "../../../functions/runtime/handlers/confirm-callback.ts";
import { onPush } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { routes as mailServers } from "../../../functions/runtime/handlers/mail-servers.ts";
import { routes as sendMail } from "../../../functions/runtime/handlers/send-mail.ts";
import { serveHttp } from "../../../functions/runtime/http-edge.ts";
import {
  type AnswerToInput,
  assertProperAnswer,
  hostileBodies,
  type Json,
  variationsOf,
} from "../../builders/hostile-input.ts";

/** `RELAIS_HOSTILE_INPUTS=5000` is a longer run, which `npm run soak -- inputs` starts. */
const INPUTS = Number(process.env.RELAIS_HOSTILE_INPUTS ?? 300);
const SETUP_TOKEN = "setup-token-for-bad-input-tests-0123456789";
const NOWHERE = "http://127.0.0.1:9";

const message: Json = {
  server: "Facturation",
  from: { name: "Ada", address: "ada@example.com" },
  to: ["b@y.org", "Grace <grace@y.org>"],
  cc: "c@y.org",
  bcc: [],
  replyTo: ["d@y.org"],
  subject: "Facture",
  text: "Bonjour",
  html: "<p>Bonjour</p>",
  attachments: [{ filename: "a.pdf", content: "QUJD", contentType: "application/pdf", cid: "a1" }],
  headers: { "X-Order": "42" },
  inReplyTo: "<a@b.c>",
  references: ["<a@b.c>"],
  listUnsubscribe: { url: "https://example.com/u", oneClick: true },
  scheduledAt: "2030-01-01T00:00:00Z",
  expiresAt: "2030-01-02T00:00:00Z",
  tags: { kind: "invoice" },
  onUnknown: "hold",
  dryRun: true,
};
const server: Json = {
  name: "Facturation",
  description: "",
  username: "ada@example.com",
  transport: "smtp",
  fromFilter: ["ada@example.com", "@example.com"],
  priority: 10,
  active: true,
  shared: false,
  limits: { perMinute: 20, perDay: 2000 },
  sendAsUnchecked: false,
};

interface Entry {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly bodies: fc.Arbitrary<Json>;
}

const client: Json = { clientId: "1-a.apps.googleusercontent.com", clientSecret: "GOCSPX-not-a-real-one" };
const downloaded: Json = {
  web: { client_id: "1-a.apps.googleusercontent.com", client_secret: "GOCSPX-x", redirect_uris: [NOWHERE] },
};

const ENTRIES: readonly Entry[] = [
  { name: "accepting a message", method: "POST", path: "/v1/messages", bodies: variationsOf(message) },
  { name: "accepting a batch", method: "POST", path: "/v1/messages/batch", bodies: variationsOf({ items: [message] }) },
  {
    name: "rescheduling",
    method: "PATCH",
    path: "/v1/messages/msg_x",
    bodies: variationsOf({ scheduledAt: "2030-01-01T00:00:00Z" }),
  },
  { name: "resolving", method: "POST", path: "/v1/messages/msg_x/resolve", bodies: variationsOf({ as: "sent" }) },
  {
    name: "creating a mail server",
    method: "POST",
    path: "/v1/mail-servers",
    bodies: fc.oneof(hostileBodies(mailServerInput), variationsOf(server)),
  },
  { name: "editing a mail server", method: "PATCH", path: "/v1/mail-servers/$SERVER", bodies: variationsOf(server) },
  {
    name: "testing a connection",
    method: "POST",
    path: "/v1/mail-servers/$SERVER/test",
    bodies: variationsOf({ sendTo: "self" }),
  },
  {
    name: "saving credentials",
    method: "PUT",
    path: "/v1/settings/gmail-credentials",
    bodies: fc.oneof(variationsOf(client), variationsOf(downloaded), variationsOf({ installed: client })),
  },
  {
    name: "changing settings",
    method: "PATCH",
    path: "/v1/settings",
    bodies: variationsOf({
      operators: ["a@b.org"],
      members: ["@b.org"],
      callers: [],
      retentionDays: 30,
      publishingStatus: "testing",
      paused: false,
      alerts: { server: "srv_x", to: ["a@b.org"] },
    }),
  },
  {
    name: "making a key",
    method: "POST",
    path: "/v1/keys",
    bodies: variationsOf({ name: "ERP", servers: ["srv_x"], permissions: ["send"], expiresAt: "2030-01-01T00:00:00Z" }),
  },
  { name: "opening a session", method: "POST", path: "/v1/session", bodies: variationsOf({ setupToken: "guess" }) },
];

const QUERIES = [
  "/v1/messages",
  "/v1/mail-servers",
  "/v1/keys",
  "/v1/audit",
  "/v1/sessions",
  "/v1/doctor",
  "/v1/settings",
  "/google_gmail/authorize",
  "/google_gmail/confirm",
] as const;
const PARAMETERS = "server status to action after cursor limit next sign-in state code error scope messages x".split(
  " ",
);

describe("bad input", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "relais-bad-input-"));
  // `fetch` takes three times as long, which counts with so many requests.
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  let http: Server;
  let port: number;
  let serverId: string;

  before(async () => {
    const config = loadConfig({
      RELAIS_DATA_DIR: dataDir,
      RELAIS_SETUP_TOKEN: SETUP_TOKEN,
      RELAIS_PUBLIC_URL: "http://localhost:8080",
      GOOGLE_ISSUER: NOWHERE,
      GOOGLE_AUTHORIZATION_ENDPOINT: NOWHERE,
      GOOGLE_TOKEN_ENDPOINT: NOWHERE,
      GOOGLE_REVOCATION_ENDPOINT: NOWHERE,
      GOOGLE_JWKS_URI: NOWHERE,
      GOOGLE_RISC_CONFIGURATION: NOWHERE,
      GMAIL_SMTP_HOST: "127.0.0.1",
      GMAIL_SMTP_PORT: "9",
      GMAIL_API_ROOT_URL: NOWHERE,
    });
    const system = compose(config, { component: "bad-input", write: () => undefined });
    const answer = serveHttp(
      [authorizeStart, confirmCallback, mailServers, sendMail].flatMap((routes) => routes(system)),
      system,
    );
    const push = serveEvents(onPush(system), system);
    http = createServer((req, res) => (req.url === "/push" ? push(req, res) : answer(req, res))).listen(0, "127.0.0.1");
    await once(http, "listening");
    const address = http.address();
    assert.ok(address !== null && typeof address === "object");
    ({ port } = address);
    const created = await send("POST", "/v1/mail-servers", JSON.stringify(server));
    assert.equal(created.status, 201, created.text);
    const made: { id: string } = JSON.parse(created.text);
    serverId = made.id;
  });
  after(() => {
    agent.destroy();
    http.closeAllConnections();
    http.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const send = async (method: string, path: string, body: string | Uint8Array = ""): Promise<AnswerToInput> => {
    const headers = {
      Authorization: `Bearer ${SETUP_TOKEN}`,
      "Content-Type": "application/json",
      "Content-Length": Buffer.byteLength(body),
    };
    const to = { host: "127.0.0.1", port, method, path: path.replace("$SERVER", serverId), headers, agent };
    const { promise, resolve, reject } = Promise.withResolvers<AnswerToInput>();
    const sent = request(to, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (part: string) => (text += part));
      const contentType = answer.headers["content-type"] ?? "";
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, contentType, text })).on("error", reject);
    });
    sent.on("error", reject).end(body);
    return promise;
  };

  for (const { name, method, path, bodies } of ENTRIES) {
    it(`is answered properly when ${name}: ${INPUTS} inputs`, async () => {
      await fc.assert(
        fc.asyncProperty(bodies, async (body) => {
          const text = JSON.stringify(body);
          assertProperAnswer(await send(method, path, text), JSON.parse(text));
        }),
        { numRuns: INPUTS, endOnFailure: true },
      );
    });
  }

  it(`is answered properly in queries: ${INPUTS} inputs`, async () => {
    const queries = fc.array(fc.tuple(fc.constantFrom(...PARAMETERS), fc.string()), { maxLength: 4 });
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...QUERIES), queries, async (path, parameters) => {
        const answer = await send("GET", `${path}?${new URLSearchParams(parameters)}`);
        if (answer.contentType.startsWith("text/html")) assert.ok(answer.status < 500, String(answer.status));
        else assertProperAnswer(answer, {});
      }),
      { numRuns: INPUTS, endOnFailure: true },
    );
  });

  it(`is answered properly if bodies are not JSON at all: ${INPUTS} inputs`, async () => {
    const entries = fc.constantFrom(...ENTRIES.filter((entry) => !entry.path.includes("msg_x")));
    await fc.assert(
      fc.asyncProperty(entries, fc.uint8Array({ maxLength: 200 }), async (entry, bytes) => {
        const answer = await send(entry.method, entry.path, bytes);
        assertProperAnswer(answer, {});
        assert.ok(answer.status >= 400 || entry.path.endsWith("/test"));
      }),
      { numRuns: INPUTS, endOnFailure: true },
    );
  });

  it(`is acknowledged or refused as a push, and never crashes: ${INPUTS} inputs`, async () => {
    const envelope: Json = {
      message: {
        data: Buffer.from(JSON.stringify(message)).toString("base64"),
        attributes: { relais: "deliver" },
        messageId: "1",
      },
      subscription: "projects/p/subscriptions/s",
      deliveryAttempt: 1,
    };
    await fc.assert(
      fc.asyncProperty(variationsOf(envelope), async (body) => {
        const answer = await send("POST", "/push", JSON.stringify(body));
        assert.ok(answer.status < 500, `${answer.status}: ${answer.text}`);
      }),
      { numRuns: INPUTS, endOnFailure: true },
    );
  });
});
