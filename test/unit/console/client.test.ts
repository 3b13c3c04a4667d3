import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import { after, before, beforeEach, describe, it } from "node:test";
import { type Client, createClient } from "../../../functions/console/api/client.ts";
import { fieldFailures, fieldsElsewhere } from "../../../functions/console/api/failure.ts";
import { relaisApi } from "../../../functions/console/api/relais.ts";

interface Answer {
  readonly status: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly headers?: Readonly<Record<string, string>>;
}
interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

describe("the console's API client", () => {
  let seen: Seen[] = [];
  let answer: (request: Seen) => Answer = () => ({ status: 204 });
  let signedOut = 0;
  let origin = "";
  let client: Client;

  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    const one = { method: request.method ?? "", url: request.url ?? "", headers: request.headers, body };
    seen.push(one);
    const given = answer(one);
    response.writeHead(given.status, { "content-type": "application/json", ...given.headers });
    response.end(given.text ?? (given.body === undefined ? "" : JSON.stringify(given.body)));
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
    seen = [];
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

  it("carries the session's CSRF token on what changes state, and never on reading", async () => {
    answer = ({ url }) => ({ status: 200, body: url === "/v1/session" ? session : {} });
    const api = relaisApi(client);
    await api.session.read();
    await api.settings.get();
    await api.settings.change({ paused: true });
    assert.deepEqual(
      seen.map(({ method, headers }) => [method, headers["x-relais-csrf"]]),
      [
        ["GET", undefined],
        ["GET", undefined],
        ["PATCH", "token-1"],
      ],
    );
  });

  it("asks for texts in the chosen language", async () => {
    answer = () => ({ status: 200, body: { ok: true, checks: [] } });
    await relaisApi(client).doctor();
    assert.equal(seen[0]?.headers["accept-language"], "fr");
  });

  it("takes a new CSRF token and tries once more when another tab has replaced the session", async () => {
    let csrf = "token-1";
    answer = ({ url, headers }) => {
      if (url === "/v1/session") return { status: 200, body: { ...session, csrf } };
      return headers["x-relais-csrf"] === "token-2"
        ? { status: 200, body: { paused: true } }
        : { status: 403, body: { code: "csrf" } };
    };
    await client.session();
    csrf = "token-2";
    const result = await client.call({ method: "PATCH", path: "/v1/settings", body: {} });
    assert.equal(result.ok, true);
    assert.equal(seen.filter(({ method }) => method === "PATCH").length, 2);
  });

  it("gives up after one more try when the CSRF token is refused again", async () => {
    answer = ({ url }) =>
      url === "/v1/session" ? { status: 200, body: session } : { status: 403, body: { code: "csrf" } };
    const result = await client.call({ method: "POST", path: "/v1/keys", body: {} });
    assert(!result.ok && result.failure.kind === "problem");
    assert.equal(result.failure.problem.code, "csrf");
    assert.equal(seen.filter(({ method }) => method === "POST").length, 2);
  });

  it("tells when there is no session any more, except where the page handles that itself", async () => {
    answer = () => ({ status: 401, body: { code: "unauthenticated" } });
    await client.call({ method: "GET", path: "/v1/settings" });
    assert.equal(signedOut, 1);
    await relaisApi(client).session.open("wrong");
    assert.equal(signedOut, 1);
  });

  it("gives a problem with its code, fields, request id and Retry-After", async () => {
    const fields = [
      { path: "/name", code: "too_long", params: { most: 100 }, message: "must have at most 100 characters" },
      { path: "/fromFilter/1", code: "not_address", message: "must be an address like ada@example.com" },
      { path: "/else", code: "unknown_field", message: "is an unknown field" },
      { path: "/to/0", code: "not_address", message: "must be an address like ada@example.com" },
      { path: "/to/1", code: null, params: { odd: [] }, message: "of an API without codes" },
    ];
    answer = () => ({
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

  it("takes the redirect URI to add out of redirect_uri_missing", async () => {
    const uri = "https://mail.example.com/google_gmail/confirm";
    answer = () => ({ status: 422, body: { code: "redirect_uri_missing", redirectUri: uri } });
    const result = await relaisApi(client).credentials.put({ web: {} });
    assert(!result.ok && result.failure.kind === "problem");
    assert.equal(result.failure.problem.redirectUri, uri);
  });

  it("does not take a stranger's answer for the API's", async () => {
    answer = () => ({ status: 502, text: "<h1>Bad gateway</h1>" });
    const refused = await client.call({ method: "GET", path: "/v1/settings" });
    assert.deepEqual(refused, { ok: false, failure: { kind: "unreadable", status: 502 } });
    answer = () => ({ status: 200, text: "<html>" });
    const strange = await client.call({ method: "GET", path: "/v1/settings" });
    assert.deepEqual(strange, { ok: false, failure: { kind: "unreadable", status: 200 } });
  });

  it("never throws: no network is a failure, a left page another", async () => {
    const nowhere = createClient({
      fetch: () => fetch("http://127.0.0.1:1/"),
      language: () => "en",
      onUnauthenticated: () => {},
    });
    assert.deepEqual(await nowhere.call({ method: "GET", path: "/v1/settings" }), {
      ok: false,
      failure: { kind: "network" },
    });
    const left = AbortSignal.abort();
    assert.deepEqual(await client.call({ method: "GET", path: "/v1/settings", signal: left }), {
      ok: false,
      failure: { kind: "aborted" },
    });
  });

  it("saves a mail server on condition that it still stands as it was read", async () => {
    answer = () => ({ status: 200, body: {} });
    await relaisApi(client).servers.change({ id: "srv_a/b", etag: "abc" }, { name: "N" });
    assert.equal(seen[0]?.url, "/v1/mail-servers/srv_a%2Fb");
    assert.equal(seen[0]?.headers["if-match"], '"abc"');
    assert.equal(seen[0]?.body, '{"name":"N"}');
  });

  it("sends with an idempotency key and waits for the outcome", async () => {
    answer = () => ({ status: 202, body: { id: "msg_1" } });
    const mail = { server: "srv_1", to: "b@example.org", subject: "s", text: "t" };
    await relaisApi(client).messages.send(mail, "key-1");
    assert.equal(seen[0]?.headers["idempotency-key"], "key-1");
    assert.match(String(seen[0]?.headers.prefer), /^wait=\d+$/);
  });

  it("leaves empty filters out of the query, since the API refuses unknown values", async () => {
    answer = () => ({ status: 200, body: { items: [], next: null } });
    await relaisApi(client).messages.list({ server: "", status: "held", q: "a+b@ex" });
    assert.equal(seen[0]?.url, "/v1/messages?status=held&q=a%2Bb%40ex");
  });
});
