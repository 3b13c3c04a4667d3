import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { csrfToken } from "../../../functions/domain/access/csrf.ts";
import { issueKey } from "../../../functions/domain/access/key-register.ts";
import type { SessionActor } from "../../../functions/domain/access/records.ts";
import { startSession } from "../../../functions/domain/access/sessions.ts";
import { THIS_BUILD } from "../../../functions/domain/build.ts";
import { serverExists } from "../../../functions/domain/mail-servers/server-access.ts";
import { Unavailable } from "../../../functions/domain/problem.ts";
import type { Call, Reply, Route, RouteAccess } from "../../../functions/runtime/http.ts";
import { serveHttp } from "../../../functions/runtime/http-edge.ts";
import { parseJsonBody } from "../../../functions/runtime/json-body.ts";
import { accountOf } from "../../builders/account.ts";
import { SETUP_TOKEN, serveRoutes, testSystem } from "../../builders/edge.ts";

const answerBody = async (call: Call): Promise<Reply> => {
  const body = parseJsonBody(call);
  return body.ok
    ? { kind: "json", status: 200, body: { got: body.value, language: call.language } }
    : { kind: "problem", problem: body.problem };
};

const whoAmI = async (call: Call): Promise<Reply> => ({
  kind: "json",
  status: 200,
  body: { principal: call.principal, params: call.params, query: Object.fromEntries(call.query), path: call.path },
});

const route = (method: Route["method"], path: string, access: RouteAccess, handle: Route["handle"]): Route => ({
  method,
  path,
  access,
  handle,
});

const system = testSystem({ RELAIS_OPERATORS: "op@example.com", RELAIS_MEMBERS: "@example.com" });
const ROUTES: readonly Route[] = [
  route("POST", "/v1/things", "programs", answerBody),
  route("GET", "/v1/things/:id", "programs", whoAmI),
  route("DELETE", "/v1/things/:id", "people", async () => ({ kind: "empty", status: 204 })),
  route("POST", "/v1/things/all", "people", answerBody),
  route("PUT", "/v1/settings", "operators", answerBody),
  route("POST", "/v1/session", "public", answerBody),
  route("GET", "/v1/session", "people", whoAmI),
  route("GET", "/google_gmail/authorize", "public", async (call) => ({
    kind: "html",
    status: 200,
    html: `<p>${call.language} ${call.principal?.kind ?? "nobody"}`,
  })),
  route("GET", "/v1/broken", "programs", async () => {
    throw new Error("canary-inside");
  }),
  route("GET", "/v1/store-down", "programs", async () => {
    throw new Unavailable("read settings", { cause: new Error("canary-inside") });
  }),
  route("GET", "/v1/sign-in", "programs", async () => {
    const session = await startSession(system, { kind: "setup" }, null);
    return { kind: "empty", status: 204, session: { set: session.id, maxAgeS: session.maxAgeS } };
  }),
  route("GET", "/v1/sign-out", "programs", async () => ({ kind: "empty", status: 204, session: "clear" })),
];

let edge: Awaited<ReturnType<typeof serveRoutes>>;
before(async () => {
  edge = await serveRoutes(ROUTES, system);
});
after(async () => {
  await edge.close();
  system.close();
});

const BEARER = { Authorization: `Bearer ${SETUP_TOKEN}` };
const JSON_TYPE = { "Content-Type": "application/json" };

const call = (path: string, init: RequestInit = {}): Promise<Response> => fetch(`${edge.origin}${path}`, init);

const assertProblem = async (response: Response, status: number, code: string) => {
  const body = await response.json();
  assert.equal(response.status, status, JSON.stringify(body));
  assert.match(response.headers.get("content-type") ?? "", /^application\/problem\+json/);
  assert.equal(body.code, code);
  assert.equal(body.status, status);
  assert.equal(body.type, `urn:relais:problem:${code}`);
  assert.equal(typeof body.title, "string");
  assert.equal(typeof body.retryable, "boolean");
  assert.equal(body.requestId, response.headers.get("x-request-id"));
  return body;
};

const cookieOf = async (actor: SessionActor) => {
  const { id } = await startSession(system, actor, null);
  return { cookie: `__session=${id}`, csrf: csrfToken(id) };
};

/** A request without the corrections that `fetch` would make. */
const raw = (path: string, headers: Record<string, string>, method = "GET") =>
  new Promise<{ readonly status: number; readonly body: string }>((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port: edge.port, path, method, headers }, (answer) => {
      let body = "";
      answer.on("data", (chunk) => {
        body += chunk;
      });
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    sent.on("error", reject);
    sent.end();
  });

describe("access to routes", () => {
  for (const [method, path] of [
    ["GET", "/v1/things/1"],
    ["GET", "/v1/no-such-thing"],
    ["PATCH", "/v1/things/1"],
    ["PUT", "/v1/session"],
    ["GET", "/"],
    ["POST", "/v1/things"],
  ] as const) {
    it(`answers 401 to ${method} ${path} without a credential`, async () => {
      const response = await call(path, { method });
      assert.equal(response.headers.get("www-authenticate"), "Bearer");
      await assertProblem(response, 401, "unauthenticated");
    });
  }

  it("answers 401 to a wrong bearer, even beside a good cookie", async () => {
    const { cookie } = await cookieOf({ kind: "setup" });
    const headers = { cookie, Authorization: "Bearer wrong-token-wrong-token" };
    await assertProblem(await call("/v1/things/1", { headers }), 401, "unauthenticated");
  });

  it("allows public paths without a credential", async () => {
    assert.equal((await call("/google_gmail/authorize")).status, 200);
    const health = await call("/health");
    assert.equal(health.status, 200);
    assert.deepEqual(await health.json(), THIS_BUILD);
    assert.equal((await call("/v1/session", { method: "POST", body: "{}", headers: JSON_TYPE })).status, 200);
    await assertProblem(await call("/google_gmail/nothing"), 404, "not_found");
    await assertProblem(await call("/google_gmail/authorize", { method: "POST" }), 405, "method_not_allowed");
  });

  it("treats a wrong credential on a public path as none", async () => {
    const response = await call("/google_gmail/authorize", { headers: { Authorization: "Bearer nonsense" } });
    assert.match(await response.text(), /nobody/);
  });

  it("treats an anonymous session as none", async () => {
    const { cookie } = await cookieOf({ kind: "anonymous" });
    await assertProblem(await call("/v1/session", { headers: { cookie } }), 401, "unauthenticated");
  });

  const LEVELS: readonly (readonly [string, string, string, Record<RouteAccess, number>])[] = [
    ["an operator", "google", "op@example.com", { public: 200, people: 200, operators: 200, programs: 200 }],
    ["a member", "google", "ada@example.com", { public: 200, people: 200, operators: 403, programs: 200 }],
    ["someone not let in", "google", "eve@evil.example", { public: 200, people: 401, operators: 401, programs: 401 }],
  ];
  for (const [who, , email, expected] of LEVELS) {
    it(`gives ${who} access to their own routes`, async () => {
      const { cookie, csrf } = await cookieOf({ kind: "google", ...accountOf(email), sub: "1" });
      const headers = { cookie, "X-Relais-CSRF": csrf, ...JSON_TYPE };
      const statuses = {
        public: (await call("/google_gmail/authorize", { headers })).status,
        people: (await call("/v1/session", { headers })).status,
        operators: (await call("/v1/settings", { method: "PUT", headers, body: "{}" })).status,
        programs: (await call("/v1/things/1", { headers })).status,
      };
      assert.deepEqual(statuses, expected);
    });
  }

  it("gives a key access to routes for programs only", async () => {
    const key = await makeKey();
    const headers = { Authorization: `Bearer ${key}` };
    assert.equal((await call("/v1/things/1", { headers })).status, 200);
    await assertProblem(await call("/v1/session", { headers }), 403, "forbidden");
    await assertProblem(await call("/v1/settings", { method: "PUT", headers }), 403, "forbidden");
  });
});

const makeKey = async (): Promise<string> => {
  const made = await issueKey(
    { ...system, serverExists: serverExists(system.records) },
    { kind: "setup" },
    { name: "edge", permissions: ["send", "read"] },
  );
  assert.ok(made.ok);
  return made.value.key.reveal();
};

describe("routes", () => {
  it("answers 404 to an unknown path, and to a broken %-escape", async () => {
    await assertProblem(await call("/v1/nothing", { headers: BEARER }), 404, "not_found");
    for (const path of ["/v1/things/%E0%A4%A", "/v1/things/%", "/v1/things/%ff"]) {
      const answer = await raw(path, BEARER);
      assert.equal(answer.status, 404, path);
      assert.equal(JSON.parse(answer.body).code, "not_found");
    }
  });

  it("answers 405 with the existing methods", async () => {
    const response = await call("/v1/things/1", { method: "PATCH", headers: BEARER });
    assert.equal(response.headers.get("allow"), "GET, DELETE, HEAD");
    await assertProblem(response, 405, "method_not_allowed");
  });

  it("does not take a literal path for another route's parameter, whatever the method", async () => {
    const response = await call("/v1/things/all", { headers: BEARER });
    assert.equal(response.headers.get("allow"), "POST");
    await assertProblem(response, 405, "method_not_allowed");
  });

  it("answers HEAD like GET, without a body", async () => {
    const response = await call("/v1/things/1", { method: "HEAD", headers: BEARER });
    assert.equal(response.status, 200);
    assert.ok(Number(response.headers.get("content-length")) > 0);
    assert.equal(await response.text(), "");
  });

  it("decodes path parameters and passes the query separately", async () => {
    const { params, query } = await (await call("/v1/things/a%2Fb%20c?x=%26", { headers: BEARER })).json();
    assert.deepEqual(params, { id: "a/b c" });
    assert.deepEqual(query, { x: "&" });
  });

  it("takes a target with two slashes for a path, not for a host", async () => {
    assert.equal((await raw("//evil.example/v1/things/1", BEARER)).status, 404);
  });
});

describe("bodies", () => {
  const post = (body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = JSON_TYPE) =>
    call("/v1/things", { method: "POST", headers: { ...BEARER, ...headers }, body });

  it("reads JSON, with a byte order mark or a charset that is UTF-8", async () => {
    assert.deepEqual((await (await post('{"a":"é"}')).json()).got, { a: "é" });
    assert.deepEqual((await (await post("\uFEFF[1]")).json()).got, [1]);
    assert.equal((await post("{}", { "Content-Type": 'application/json; charset="UTF-8"' })).status, 200);
    assert.equal((await post("{}", { "Content-Type": "application/merge-patch+json" })).status, 200);
  });

  for (const [what, body] of [
    ["half an object", '{"a":'],
    ["no body", ""],
    ["broken UTF-8", new Uint8Array([0x22, 0xff, 0x22])],
    ["a depth nobody needs", `${"[".repeat(200)}${"]".repeat(200)}`],
  ] as const) {
    it(`answers 400 invalid_json to ${what}`, async () => {
      await assertProblem(await post(body), 400, "invalid_json");
    });
  }

  for (const [what, headers] of [
    ["a form", { "Content-Type": "application/x-www-form-urlencoded" }],
    ["no content type", { "Content-Type": "" }],
    ["another charset", { "Content-Type": "application/json; charset=utf-16" }],
    ["a content encoding", { ...JSON_TYPE, "Content-Encoding": "gzip" }],
  ] as const) {
    it(`answers 415 to ${what}`, async () => {
      await assertProblem(await post("{}", headers), 415, "unsupported_media_type");
    });
  }

  it("answers 413 above 32 MiB, with or without an announced length, and continues to serve", async () => {
    await assertProblem(await post("x".repeat(32 * 1024 * 1024 + 1)), 413, "request_too_large");
    assert.equal(await chunked(33 * 1024 * 1024), 413);
    assert.equal((await post("{}")).status, 200);
  });

  it("answers 401 before it reads a body", async () => {
    const body = "x".repeat(33 * 1024 * 1024);
    await assertProblem(await call("/v1/things", { method: "POST", body }), 401, "unauthenticated");
  });

  /** Posts that many bytes without a length, and returns the status. */
  const chunked = (bytes: number) =>
    new Promise<number>((resolve, reject) => {
      const headers = { ...BEARER, ...JSON_TYPE };
      const sent = request(
        { host: "127.0.0.1", port: edge.port, path: "/v1/things", method: "POST", headers },
        (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        },
      );
      sent.on("error", reject);
      for (let left = bytes; left > 0; left -= 1 << 20) sent.write(Buffer.alloc(1 << 20, 0x20));
      sent.end();
    });
});

describe("requests forged by another site", () => {
  const remove = (headers: Record<string, string>) => call("/v1/things/1", { method: "DELETE", headers });

  it("are refused if they change something with a cookie and nothing shows that they are ours", async () => {
    const { cookie } = await cookieOf({ kind: "setup" });
    const { csrf: another } = await cookieOf({ kind: "setup" });
    const unconvincing: readonly Record<string, string>[] = [
      {},
      { "Sec-Fetch-Site": "cross-site" },
      { "Sec-Fetch-Site": "same-site" },
      { "Sec-Fetch-Site": "none" },
      { "X-Relais-CSRF": "" },
      { "X-Relais-CSRF": another },
    ];
    for (const headers of unconvincing) await assertProblem(await remove({ cookie, ...headers }), 403, "csrf");
  });

  it("are distinguished from requests of our own pages, or with the session's token", async () => {
    const { cookie, csrf } = await cookieOf({ kind: "setup" });
    assert.equal((await remove({ cookie, "Sec-Fetch-Site": "same-origin" })).status, 204);
    assert.equal((await remove({ cookie, "X-Relais-CSRF": csrf })).status, 204);
    assert.equal((await remove({ cookie, "X-Relais-CSRF": csrf, "Sec-Fetch-Site": "cross-site" })).status, 204);
  });

  it("are not suspected in requests with a bearer credential or in reads", async () => {
    assert.equal((await remove(BEARER)).status, 204);
    const { cookie } = await cookieOf({ kind: "setup" });
    assert.equal((await call("/v1/things/1", { headers: { cookie } })).status, 200);
  });

  it("can read no answer from another origin", async () => {
    const response = await call("/v1/things/1", { headers: { ...BEARER, Origin: "https://evil.example" } });
    assert.equal(response.headers.get("access-control-allow-origin"), null);
  });
});

describe("cookies", () => {
  it("are read as __session among others, and ignored if they cannot be one", async () => {
    const { cookie } = await cookieOf({ kind: "setup" });
    const statusWith = async (text: string) => (await call("/v1/session", { headers: { cookie: text } })).status;
    assert.equal(await statusWith(`a=b; ${cookie}; c=d`), 200);
    assert.equal(await statusWith(`x${cookie}`), 401);
    assert.equal(await statusWith("__session=../../etc/passwd"), 401);
    assert.equal(await statusWith("__session="), 401);
  });

  it("are set and cleared as Hosting and browsers require", async () => {
    const set = (await call("/v1/sign-in", { headers: BEARER })).headers.getSetCookie();
    assert.equal(set.length, 1);
    assert.match(set[0] ?? "", /^__session=[\w-]{43}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/);
    const cleared = (await call("/v1/sign-out", { headers: BEARER })).headers.getSetCookie();
    assert.deepEqual(cleared, ["__session=; Max-Age=0; Path=/; HttpOnly; SameSite=Lax"]);
  });

  it("are marked Secure, with HSTS, if Relais is reached by https", async (t) => {
    const secure = testSystem({ RELAIS_PUBLIC_URL: "https://relais.example.com" });
    const other = await serveRoutes(ROUTES, secure);
    t.after(async () => {
      await other.close();
      secure.close();
    });
    const response = await fetch(`${other.origin}/v1/sign-out`, { headers: BEARER });
    assert.match(response.headers.getSetCookie()[0] ?? "", /; Secure$/);
    assert.match(response.headers.get("strict-transport-security") ?? "", /^max-age=\d{8}/);
  });
});

describe("every answer", () => {
  for (const [what, path, status] of [
    ["a good one", "/v1/things/1", 200],
    ["a page", "/google_gmail/authorize", 200],
    ["a problem", "/v1/nothing", 404],
    ["a defect", "/v1/broken", 500],
  ] as const) {
    it(`has the security headers: ${what}`, async () => {
      const { headers, status: got } = await call(path, { headers: BEARER });
      assert.equal(got, status);
      assert.equal(headers.get("cache-control"), "private, no-store");
      assert.equal(headers.get("x-content-type-options"), "nosniff");
      assert.equal(headers.get("referrer-policy"), "no-referrer");
      assert.equal(headers.get("strict-transport-security"), null);
      const policy = headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'none'/);
      assert.match(policy, /frame-ancestors 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
    });
  }

  it("is in the requested language: French by default for pages, English for the API", async () => {
    const page = async (language: string) =>
      (await call("/google_gmail/authorize", { headers: { "Accept-Language": language } })).text();
    assert.match(await page("*"), /fr /);
    assert.match(await page("de"), /fr /);
    assert.match(await page("en-GB,fr;q=0.8"), /en /);
    assert.match(await page("fr;q=0.2,en;q=0.1"), /fr /);
    const title = async (language: string) =>
      (await (await call("/v1/nothing", { headers: { ...BEARER, "Accept-Language": language } })).json()).title;
    assert.notEqual(await title("fr"), await title("en"));
    assert.equal(await title("de"), await title("en"));
  });

  it("carries the platform's trace as the request id if there is one", async () => {
    const trace = "0af7651916cd43dd8448eb211c80319c";
    const idWith = async (headers: Record<string, string>) =>
      (await call("/health", { headers })).headers.get("x-request-id") ?? "";
    assert.equal(await idWith({ traceparent: `00-${trace}-b7ad6b7169203331-01` }), trace);
    assert.equal(await idWith({ "X-Cloud-Trace-Context": `${trace}/1;o=1` }), trace);
    assert.match(await idWith({ traceparent: "<script>" }), /^req_[\w-]{20}$/);
  });
});

describe("failures inside", () => {
  it("are answered with a generic 500 if they are defects, and logged", async () => {
    const body = await assertProblem(await call("/v1/broken", { headers: BEARER }), 500, "internal_error");
    assert.doesNotMatch(JSON.stringify(body), /canary|\.ts/);
    assert.ok(system.lines.some((line) => line.code === "request_defect" && line.severity === "error"));
  });

  it("are answered 503 with Retry-After if the store is down", async () => {
    const response = await call("/v1/store-down", { headers: BEARER });
    assert.match(response.headers.get("retry-after") ?? "", /^\d+$/);
    const body = await assertProblem(response, 503, "unavailable");
    assert.equal(body.retryable, true);
    assert.doesNotMatch(JSON.stringify(body), /canary/);
  });

  it("may come after someone else has ended the request, and the process survives", async (t) => {
    let handled: Promise<Reply> = Promise.reject(new Error("not called"));
    handled.catch(() => undefined);
    const late = route("GET", "/late", "public", () => {
      handled = new Promise((resolve) => setTimeout(resolve, 50, { kind: "json", status: 200, body: {} }));
      return handled;
    });
    const serve = serveHttp([late], system);
    const server = createServer((req, res) => {
      serve(req, res);
      if (req.url === "/late") res.writeHead(504).end();
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.equal((await fetch(`http://127.0.0.1:${port}/late`)).status, 504);
    await handled;
    assert.equal((await fetch(`http://127.0.0.1:${port}/health`)).status, 200);
  });

  it("are avoided at shutdown: whoever waits gets the present answer", async (t) => {
    const stopping = new AbortController();
    const wait = route("GET", "/wait", "public", async ({ signal }) => {
      const told = once(signal, "abort");
      stopping.abort();
      await told;
      return { kind: "json", status: 202, body: {} };
    });
    const server = createServer(serveHttp([wait], system, { stopping: stopping.signal })).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    assert.equal((await fetch(`http://127.0.0.1:${port}/wait`)).status, 202);
  });
});
