import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Client, createClient } from "../../../functions/console/api/client.ts";
import { fieldFailures, fieldsElsewhere } from "../../../functions/console/api/failure.ts";
import { relaisApi } from "../../../functions/console/api/relais.ts";

interface StubResponse {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface ReceivedRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

describe("the console's API client", () => {
  let received: ReceivedRequest[] = [];
  let respond: (request: ReceivedRequest) => StubResponse = () => ({ status: 204 });
  let signedOut = 0;
  let origin = "";
  let client: Client;

  const server = createServer(async (incoming, outgoing) => {
    let body = "";
    for await (const chunk of incoming) body += String(chunk);
    const { method = "", url = "", headers } = incoming;
    const request = { method, url, headers, body };
    received.push(request);
    const response = respond(request);
    outgoing.writeHead(response.status, { "content-type": "application/json", ...response.headers });
    outgoing.end(response.text ?? (response.body === undefined ? "" : JSON.stringify(response.body)));
  });

  before(async () => {
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    assert(typeof address === "object" && address !== null);
    origin = `http://127.0.0.1:${address.port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  beforeEach(() => {
    received = [];
    signedOut = 0;
    client = createClient({
      fetch: (url, init) => fetch(`${origin}${url}`, init),
      language: () => "fr",
      onUnauthenticated: () => {
        signedOut += 1;
      },
    });
  });

  const session = { actor: "ada@example.com", role: "operator", csrf: "token-1" };

  it("sends the session's CSRF token with changes, and never with reads", async () => {
    respond = ({ url }) => ({ status: 200, body: url === "/v1/session" ? session : {} });
    const api = relaisApi(client);
    await api.session.read();
    await api.settings.get();
    await api.settings.change({ paused: true });
    assert.deepEqual(
      received.map(({ method, headers }) => [method, headers["x-relais-csrf"]]),
      [
        ["GET", undefined],
        ["GET", undefined],
        ["PATCH", "token-1"],
      ],
    );
  });

  it("asks for texts in the chosen language", async () => {
    respond = () => ({ status: 200, body: { ok: true, checks: [] } });
    await relaisApi(client).doctor();
    assert.equal(received[0]?.headers["accept-language"], "fr");
  });

  it("reads a new CSRF token and tries once more if another tab has replaced the session", async () => {
    let csrf = "token-1";
    respond = ({ url, headers }) => {
      if (url === "/v1/session") return { status: 200, body: { ...session, csrf } };
      return headers["x-relais-csrf"] === "token-2"
        ? { status: 200, body: { paused: true } }
        : { status: 403, body: { code: "csrf" } };
    };
    await client.session();
    csrf = "token-2";
    const result = await client.call({ method: "PATCH", path: "/v1/settings", body: {} });
    assert.equal(result.ok, true);
    assert.equal(received.filter(({ method }) => method === "PATCH").length, 2);
  });

  it("gives up after one more try if the CSRF token is refused again", async () => {
    respond = ({ url }) =>
      url === "/v1/session" ? { status: 200, body: session } : { status: 403, body: { code: "csrf" } };
    const result = await client.call({ method: "POST", path: "/v1/keys", body: {} });
    assert(!result.ok && result.failure.kind === "problem");
    assert.equal(result.failure.problem.code, "csrf");
    assert.equal(received.filter(({ method }) => method === "POST").length, 2);
  });

  it("reports that the session has ended, unless the page handles that itself", async () => {
    respond = () => ({ status: 401, body: { code: "unauthenticated" } });
    await client.call({ method: "GET", path: "/v1/settings" });
    assert.equal(signedOut, 1);
    await relaisApi(client).session.open("wrong");
    assert.equal(signedOut, 1);
  });

  it("returns a problem with its code, fields, request ID and Retry-After", async () => {
    const fields = [
      { path: "/name", code: "too_long", params: { most: 100 }, message: "must have at most 100 characters" },
      { path: "/fromFilter/1", code: "not_address", message: "must be an address like ada@example.com" },
      { path: "/else", code: "unknown_field", message: "is an unknown field" },
      { path: "/to/0", code: "not_address", message: "must be an address like ada@example.com" },
      { path: "/to/1", code: null, params: { odd: [] }, message: "of an API without codes" },
    ];
    respond = () => ({
      status: 422,
      body: { code: "invalid_request", title: "t", detail: "d", fields, requestId: "req_9" },
      headers: { "retry-after": "7", "content-type": "application/problem+json" },
    });
    const result = await client.call({ method: "POST", path: "/v1/mail-servers", body: {} });
    assert(!result.ok && result.failure.kind === "problem");
    const { problem } = result.failure;
    assert.deepEqual(
      [problem.status, problem.code, problem.detail, problem.requestId, problem.retryAfterS],
      [422, "invalid_request", "d", "req_9", 7],
    );
    assert.deepEqual(fieldFailures(result.failure, "/name"), [fields[0]]);
    assert.deepEqual(fieldFailures(result.failure, "/fromFilter"), [{ ...fields[1], params: {} }]);
    assert.equal(fieldFailures(result.failure, "/from"), null);
    assert.deepEqual(fieldFailures(result.failure, "/to"), [
      { ...fields[3], params: {} },
      { ...fields[4], params: {} },
    ]);
    assert.deepEqual(fieldsElsewhere(result.failure, ["/name", "/fromFilter", "/to"]), [{ ...fields[2], params: {} }]);
  });

  it("reads the redirect URI to add from redirect_uri_missing", async () => {
    const uri = "https://mail.example.com/google_gmail/confirm";
    respond = () => ({ status: 422, body: { code: "redirect_uri_missing", redirectUri: uri } });
    const result = await relaisApi(client).credentials.put({ web: {} });
    assert(!result.ok && result.failure.kind === "problem");
    assert.equal(result.failure.problem.redirectUri, uri);
  });

  it("does not mistake another server's response for the API's", async () => {
    respond = () => ({ status: 502, text: "<h1>Bad gateway</h1>" });
    const refused = await client.call({ method: "GET", path: "/v1/settings" });
    assert.deepEqual(refused, { ok: false, failure: { kind: "unreadable", status: 502 } });
    respond = () => ({ status: 200, text: "<html>" });
    const misread = await client.call({ method: "GET", path: "/v1/settings" });
    assert.deepEqual(misread, { ok: false, failure: { kind: "unreadable", status: 200 } });
  });

  it("never throws: an unreachable network is one failure, an aborted call another", async () => {
    const offline = createClient({
      fetch: () => fetch("http://127.0.0.1:1/"),
      language: () => "en",
      onUnauthenticated: () => {},
    });
    assert.deepEqual(await offline.call({ method: "GET", path: "/v1/settings" }), {
      ok: false,
      failure: { kind: "network" },
    });
    const left = AbortSignal.abort();
    assert.deepEqual(await client.call({ method: "GET", path: "/v1/settings", signal: left }), {
      ok: false,
      failure: { kind: "aborted" },
    });
  });

  it("asks once for what several parts of a page read at the same time, and again for who comes later", async () => {
    respond = () => ({ status: 200, body: { items: [], next: null } });
    const read = () => client.call({ method: "GET", path: "/v1/mail-servers" });
    const [one, other] = await Promise.all([read(), read()]);
    assert.deepEqual([one, received.length], [other, 1]);
    await Promise.all([read(), client.call({ method: "GET", path: "/v1/keys" })]);
    assert.equal(received.length, 3);
  });

  it("ends a shared read only for who no longer waits, and for good once nobody does", async () => {
    let ended = false;
    const held = createClient({
      fetch: (_, { signal }) =>
        new Promise((_resolve, reject) =>
          signal?.addEventListener("abort", () => {
            ended = true;
            reject(new Error("aborted"));
          }),
        ),
      language: () => "en",
      onUnauthenticated: () => {},
    });
    const [one, other] = [new AbortController(), new AbortController()];
    const read = ({ signal }: AbortController) => held.call({ method: "GET", path: "/v1/keys", signal });
    const [first, second] = [read(one), read(other)];
    one.abort();
    assert.deepEqual(await first, { ok: false, failure: { kind: "aborted" } });
    assert.equal(ended, false);
    other.abort();
    assert.deepEqual(await second, { ok: false, failure: { kind: "aborted" } });
    assert.equal(ended, true);
  });

  it("never answers with what was read before a change", async () => {
    const paused = { now: false };
    const pending: (() => void)[] = [];
    const slow = createClient({
      fetch: async (_, { method }) => {
        const body = JSON.stringify(paused);
        if (method === "GET") await new Promise<void>((resolve) => pending.push(resolve));
        else paused.now = true;
        return new Response(method === "GET" ? body : "{}");
      },
      language: () => "en",
      onUnauthenticated: () => {},
    });
    const read = () => slow.call({ method: "GET", path: "/v1/settings" });
    const before = read();
    await slow.call({ method: "PATCH", path: "/v1/settings", body: {} });
    const later = read();
    for (const answer of pending) answer();
    assert.deepEqual(
      [await before, await later],
      [
        { ok: true, value: { now: false } },
        { ok: true, value: { now: true } },
      ],
    );
  });

  it("saves a mail server only if it is unchanged since it was read", async () => {
    respond = () => ({ status: 200, body: {} });
    await relaisApi(client).servers.change({ id: "srv_a/b", etag: "abc" }, { name: "N" });
    assert.equal(received[0]?.url, "/v1/mail-servers/srv_a%2Fb");
    assert.equal(received[0]?.headers["if-match"], '"abc"');
    assert.equal(received[0]?.body, '{"name":"N"}');
  });

  it("sends with an idempotency key and waits for the outcome", async () => {
    respond = () => ({ status: 202, body: { id: "msg_1" } });
    const mail = { server: "srv_1", to: "b@example.org", subject: "s", text: "t" };
    await relaisApi(client).messages.send(mail, "key-1");
    assert.equal(received[0]?.headers["idempotency-key"], "key-1");
    assert.match(String(received[0]?.headers.prefer), /^wait=\d+$/);
  });

  it("leaves empty filters out of the query, since the API refuses unknown values", async () => {
    respond = () => ({ status: 200, body: { items: [], next: null } });
    await relaisApi(client).messages.list({ server: "", status: "held", q: "a+b@ex" });
    assert.equal(received[0]?.url, "/v1/messages?status=held&q=a%2Bb%40ex");
  });
});
