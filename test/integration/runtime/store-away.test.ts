import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createHttpServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { ANSWERING, DELIVERING } from "../../../functions/domain/patience.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import { serveEvents } from "../../../functions/runtime/event-edge.ts";
import { routes as authorizeStart } from "../../../functions/runtime/handlers/authorize-start.ts";
import { routes as confirmCallback } from "../../../functions/runtime/handlers/confirm-callback.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { routes as mailServers } from "../../../functions/runtime/handlers/mail-servers.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { routes as sendMail } from "../../../functions/runtime/handlers/send-mail.ts";
import { serveHttp } from "../../../functions/runtime/http-edge.ts";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import type { System } from "../../../functions/runtime/system.ts";
import "../../builders/end-when-done.ts";
import { type StolenTime, watchStolenTime } from "../../builders/stolen-time.ts";

const SETUP_TOKEN = "setup-token-without-a-store-0123456789";
const BEARER = { Authorization: `Bearer ${SETUP_TOKEN}`, "Content-Type": "application/json" };
/** As short as the suite allows; the lengths that matter are checked by name. */
const [ANSWER_MS, DELIVER_MS] = [1_500, 2_500];
const SLACK_MS = 2_000;

const message = JSON.stringify({ to: "b@example.org", text: "x" });
const KEY = { Authorization: `Bearer rk_${"0".repeat(18)}_${"a".repeat(43)}` };
const REQUESTS: readonly (readonly [string, string, string?, Record<string, string>?])[] = [
  ["GET", "/v1/messages"],
  ["POST", "/v1/messages", message],
  ["POST", "/v1/messages/batch", JSON.stringify({ items: Array(100).fill(JSON.parse(message)) })],
  ["GET", "/v1/messages", undefined, KEY],
  ["GET", "/v1/mail-servers"],
  ["PATCH", "/v1/mail-servers/srv_x", "{}"],
  ["DELETE", "/v1/mail-servers/srv_x"],
  ["GET", "/v1/settings"],
  ["GET", "/v1/audit"],
  ["POST", "/v1/session", JSON.stringify({ setupToken: SETUP_TOKEN }), {}],
  ["GET", "/v1/session", undefined, { Cookie: `__session=${"a".repeat(43)}` }],
];
const PAGES: typeof REQUESTS = [
  ["GET", `/google_gmail/confirm?code=x&state=${"a".repeat(43)}`, undefined, { Cookie: `__session=${"a".repeat(43)}` }],
  ["GET", "/google_gmail/authorize?server=srv_x", undefined, { Cookie: `__session=${"a".repeat(43)}` }],
];
const TOPIC_MESSAGES = [
  { relais: "deliver", data: { id: "msg_AAAAAAAAAAAAAAAAAAAA" } },
  { relais: "", data: JSON.parse(message) },
  { relais: "tick", data: { tick: true } },
];

const listening = async <S extends Server>(server: S, port = 0): Promise<S> => {
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  return server;
};
const portOf = (server: Server): number => (server.address() as AddressInfo).port;

const systemWith = (host: string, port: number): System => {
  const config = loadConfig({
    RELAIS_STORE: "google",
    GOOGLE_CLOUD_PROJECT: "demo-away",
    RELAIS_PUBLIC_URL: `http://127.0.0.1:${port}`,
    FIRESTORE_EMULATOR_HOST: host,
    PUBSUB_EMULATOR_HOST: host,
    SECRET_MANAGER_EMULATOR_HOST: host,
  });
  const silent = { info: () => undefined, warn: () => undefined, error: () => undefined };
  return compose({ ...config, setupToken: new Secret(SETUP_TOKEN) }, { component: "away", log: silent });
};

describe("the time that an unreachable store may cost", () => {
  it("leaves room within ten seconds for the rest of a request, and within every deadline of a push", () => {
    assert.ok(ANSWERING.totalMs <= 8_000 && ANSWERING.failsFast);
    assert.ok(DELIVERING.totalMs <= 30_000);
  });
});

for (const [how, behave] of [
  ["refuses every connection", null],
  ["takes connections and says nothing", () => undefined],
  ["breaks every connection off", (socket: Socket) => socket.destroy()],
] as const) {
  describe(`a store that ${how}`, () => {
    const servers: Server[] = [];
    /** Connections to the store, which its silence would keep open. */
    const connections = new Set<Socket>();
    let origin = "";
    let pushes: readonly string[] = [];
    before(async () => {
      const store = await listening(createServer({}, behave ?? (() => undefined)));
      store.on("connection", (socket: Socket) => connections.add(socket));
      const host = `127.0.0.1:${portOf(store)}`;
      if (behave === null) store.close();
      else servers.push(store);
      const serve = async (listener: RequestListener, port = 0): Promise<string> => {
        const server = await listening(createHttpServer(listener), port);
        servers.push(server);
        return `http://127.0.0.1:${portOf(server)}`;
      };
      const port = await freePort();
      const system = systemWith(host, port);
      const routes = [authorizeStart, confirmCallback, mailServers, sendMail].flatMap((of) => of(system));
      const patience = { totalMs: ANSWER_MS, failsFast: true };
      origin = await serve(serveHttp(routes, system, { patience }), port);
      // Each has a system of its own, as a function has: what one finds out, another does not know.
      pushes = await Promise.all(
        [deliverMail, refreshTokens, dispatchDue].map((of) => {
          const own = systemWith(host, port);
          return serve(serveEvents(of(own), own, { totalMs: DELIVER_MS, failsFast: false }));
        }),
      );
    });
    after(() => {
      for (const server of servers) {
        server.close();
        if ("closeAllConnections" in server) (server as ReturnType<typeof createHttpServer>).closeAllConnections();
      }
      for (const socket of connections) socket.destroy();
    });

    let stolen: StolenTime;
    before(() => {
      stolen = watchStolenTime();
    });
    after(() => stolen.stop());
    /** Milliseconds since then, without those that the machine spent on other things. */
    const timer = () => {
      const [beganMs, stolenMs] = [performance.now(), stolen.ms()];
      return () => performance.now() - beganMs - (stolen.ms() - stolenMs);
    };

    const ask = async ([method, path, body, headers = BEARER]: (typeof REQUESTS)[number]) => {
      const tookMs = timer();
      const init = {
        method,
        headers: { "Content-Type": "application/json", ...headers },
        redirect: "manual",
        ...(body ? { body } : {}),
      } as const;
      const answer = await fetch(`${origin}${path}`, init);
      const text = await answer.text();
      return { path: `${method} ${path}`, answer, text, tookMs: tookMs() };
    };

    it("makes every request 503 in time, and later ones at once", async () => {
      const first = await Promise.all([...REQUESTS, ...PAGES].map(ask));
      for (const { path, answer, text, tookMs } of first) {
        assert.equal(answer.status, 503, `${path}: ${text}`);
        assert.ok(tookMs < ANSWER_MS + SLACK_MS, `${path} took ${tookMs} ms`);
      }
      const problems = first.filter(({ path }) => path.includes("/v1/"));
      for (const { path, answer, text } of problems) {
        assert.match(answer.headers.get("content-type") ?? "", /^application\/problem\+json/, path);
        assert.match(answer.headers.get("retry-after") ?? "", /^\d+$/);
        const { code, outcome } = JSON.parse(text);
        assert.equal(code, "unavailable");
        assert.notEqual(outcome, "not_sent", "a write that was not answered may have been done");
      }
      const later = await Promise.all(Array.from({ length: 10 }, () => REQUESTS.map(ask)).flat());
      assert.ok(later.every(({ answer }) => answer.status === 503));
      // A few check whether it is back.
      const [median = 0] = later
        .map(({ tookMs }) => tookMs)
        .sort((one, other) => one - other)
        .slice(later.length / 2);
      assert.ok(median < ANSWER_MS - 300, `the median took ${median} ms`);
    });

    it("makes every push fail in time", async () => {
      const given = pushes.flatMap((url) =>
        TOPIC_MESSAGES.map(async ({ relais, data }) => {
          const tookMs = timer();
          const attributes = relais === "" ? {} : { relais };
          const pushed = {
            message: { messageId: "1", attributes, data: Buffer.from(JSON.stringify(data)).toString("base64") },
          };
          const answer = await fetch(url, { method: "POST", body: JSON.stringify(pushed) });
          return { url, status: answer.status, tookMs: tookMs() };
        }),
      );
      const answers = await Promise.all(given);
      for (const { status, tookMs } of answers) {
        // For a message that is not the function's, it need not ask the store.
        assert.ok(status >= 500 || status === 204, String(status));
        assert.ok(tookMs < DELIVER_MS + SLACK_MS, `${tookMs} ms`);
      }
      const asking = new Set(answers.filter(({ status }) => status >= 500).map(({ url }) => url));
      assert.equal(asking.size, pushes.length);
    });
  });
}
