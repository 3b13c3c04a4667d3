import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, afterEach, before, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import * as z from "zod";
import { issueKey } from "../../../functions/domain/access/key-register.ts";
import { parseWith } from "../../../functions/domain/field-problems.ts";
import { serverExists } from "../../../functions/domain/mail-servers/server-access.ts";
import { answerJson, answerWith } from "../../../functions/runtime/answers.ts";
import { DEFAULT_BODY, LARGEST_BODY } from "../../../functions/runtime/body.ts";
import type { Call, Reply, Route } from "../../../functions/runtime/http.ts";
import { serveHttp } from "../../../functions/runtime/http-edge.ts";
import { parseJsonBody } from "../../../functions/runtime/json-body.ts";
import { hostingEdge } from "../../../functions/runtime/local/edge.ts";
import { SETUP_TOKEN, serveRoutes, testSystem } from "../../builders/edge.ts";
import { eventually } from "../../builders/eventually.ts";
import { type RawOptions, type RawRequest, rawRequest } from "../../builders/raw-request.ts";

const MIB = 1024 * 1024;
const BODY_MS = 500;
const SMALL = 8 * 1024;

const answerBody = async (call: Call): Promise<Reply> => {
  const body = parseJsonBody(call);
  return body.ok ? answerJson(200, { bytes: call.rawBody.length }) : { kind: "problem", problem: body.problem };
};
const strict = z.strictObject({ list: z.array(z.string()).optional(), one: z.strictObject({}).optional() });
const answerStrict = async (call: Call): Promise<Reply> => {
  const body = parseJsonBody(call);
  return answerWith(body.ok ? parseWith(strict, body.value) : body, () => answerJson(200, {}));
};
let finish: () => void = () => undefined;
let under = 0;
/** Answers when told to, like a handler that waits for the store. */
const hold = async ({ query, bodyDone }: Call): Promise<Reply> => {
  under += 1;
  if (query.has("done")) bodyDone();
  await new Promise<void>((resolve) => {
    const others = finish;
    finish = () => {
      others();
      resolve();
    };
  });
  return answerJson(200, {});
};
const large = { method: "POST", access: "programs", bodyLimit: LARGEST_BODY } as const;
const ROUTES: readonly Route[] = [
  { method: "POST", path: "/v1/session", access: "public", bodyLimit: SMALL, handle: answerBody },
  { method: "POST", path: "/v1/things", access: "people", handle: answerBody },
  { method: "GET", path: "/v1/things", access: "people", handle: async () => answerJson(200, {}) },
  {
    ...large,
    path: "/v1/messages",
    handle: answerBody,
    forbids: (caller) => (caller.kind === "key" && !caller.permissions.includes("send") ? { code: "forbidden" } : null),
    tooLarge: { kind: "problem", problem: { code: "message_too_large" }, outcome: "not_sent" },
  },
  { ...large, path: "/v1/strict", handle: answerStrict },
  { ...large, path: "/v1/held", handle: hold },
  {
    ...large,
    path: "/v1/throws",
    handle: async () => {
      throw new Error("a defect");
    },
  },
];

const system = testSystem();
const room = { limit: 16 * MIB, exclusiveMs: 0, waitMs: 1_500, slow: { bytes: 1_000, ms: 300 } };
let server: Awaited<ReturnType<typeof serveRoutes>>;
let hasty: typeof server;
let open: RawRequest[] = [];
before(async () => {
  server = await serveRoutes(ROUTES, system, { room });
  hasty = await serveRoutes(ROUTES, system, { room, bodyMs: BODY_MS });
});
afterEach(() => {
  for (const { socket } of open) socket.destroy();
  open = [];
  finish();
  [finish, under] = [() => undefined, 0];
});
after(async () => {
  await Promise.all([server.close(), hasty.close()]);
  system.close();
});

const BEARER = { Authorization: `Bearer ${SETUP_TOKEN}` };
const announcing = (bytes: number) => ({ "Content-Length": bytes });
const CHUNKED = { "Transfer-Encoding": "chunked" };

const begin = async (options: Omit<RawOptions, "port">, port = server.port): Promise<RawRequest> => {
  const one = await rawRequest({ ...options, port });
  open.push(one);
  return one;
};
const post = (path: string, body: BodyInit, headers: Record<string, string> = BEARER, more: RequestInit = {}) =>
  fetch(`${server.origin}${path}`, {
    method: "POST",
    headers: { "Content-Type": "application/json", ...headers },
    body,
    ...more,
  });
const text = (bytes: number): string => JSON.stringify("x".repeat(bytes - 2));
const problemOf = ({ answer }: RawRequest) => JSON.parse(answer().text.split("\r\n\r\n")[1] ?? "");
const underWay = (count: number) => eventually(`${count} under way`, () => under === count);
const keyWith = async (permission: "send" | "read"): Promise<string> => {
  const made = await issueKey(
    { ...system, serverExists: serverExists(system.records) },
    { kind: "setup" },
    { name: permission, permissions: [permission] },
  );
  assert.ok(made.ok);
  return made.value.key.reveal();
};

describe("a body from a caller without access", () => {
  it("is refused before any of it has arrived", async () => {
    const reader = { Authorization: `Bearer ${await keyWith("read")}` };
    for (const [headers, path, status] of [
      [{}, "/v1/messages", 401],
      [{ Authorization: "Bearer rk_0000000000_nobody" }, "/v1/messages", 401],
      [{ Authorization: "Basic eDp5" }, "/v1/things", 401],
      [{}, "/v1/nowhere", 401],
      [reader, "/v1/messages", 403],
      [reader, "/v1/things", 403],
      [BEARER, "/v1/nowhere", 404],
    ] as const) {
      for (const length of [announcing(LARGEST_BODY), CHUNKED]) {
        const one = await begin({ path, headers: { ...headers, ...length } });
        assert.equal(await one.answered(), status, `${path} ${JSON.stringify({ ...headers, ...length })}`);
      }
    }
  });

  it("may still arrive, so that its caller can read the reason and reuse the connection", async () => {
    const one = await begin({ path: "/v1/messages", headers: announcing(5 * MIB), body: Buffer.alloc(5 * MIB) });
    assert.equal(await one.answered(), 401);
    one.socket.write("GET /health HTTP/1.1\r\nHost: x\r\n\r\n");
    await eventually("the next answer on the connection", () => one.answer().text.includes("HTTP/1.1 200"));
  });

  it("blocks nobody else, even if there are three hundred of them", async () => {
    await Promise.all(
      Array.from({ length: 300 }, (_, at) =>
        begin({ path: at % 2 ? "/v1/session" : "/v1/messages", headers: announcing(LARGEST_BODY), body: "{" }),
      ),
    );
    assert.equal((await post("/v1/messages", text(10 * MIB))).status, 200);
    assert.equal((await post("/v1/session", "{}", {})).status, 200);
  });

  it("is ignored if the request needs no body", async () => {
    const one = await begin({ method: "GET", path: "/v1/things", headers: { ...BEARER, ...announcing(LARGEST_BODY) } });
    assert.equal(await one.answered(), 200);
  });
});

describe("a body of a size", () => {
  for (const [path, limit, code] of [
    ["/v1/session", SMALL, "request_too_large"],
    ["/v1/things", DEFAULT_BODY, "request_too_large"],
    ["/v1/messages", LARGEST_BODY, "message_too_large"],
  ] as const) {
    it(`is accepted up to the limit of ${path}, and refused one byte above it, announced or not`, async () => {
      assert.equal((await post(path, text(limit))).status, 200);
      const announced = await begin({ path, headers: { ...BEARER, ...announcing(limit + 1) } });
      assert.equal(await announced.answered(), 413);
      assert.equal(problemOf(announced).code, code);
      const streamed = await post(path, new Blob([text(limit + 1)]).stream(), BEARER, {
        duplex: "half",
      } as RequestInit);
      assert.equal(streamed.status, 413);
    });
  }
});

describe("a body of many values", () => {
  const list = (values: number) =>
    `[${Array(values - 1)
      .fill("0")
      .join()}]`;

  it("is accepted up to 200,000, and refused above that with a short answer", async () => {
    assert.equal((await post("/v1/messages", list(200_000))).status, 200);
    const refused = await post("/v1/messages", list(200_001));
    const { code, fields } = await refused.clone().json();
    assert.deepEqual([refused.status, code, fields.length], [422, "invalid_request", 1]);
    assert.ok((await refused.text()).length < 1_000);
  });

  for (const [what, piece] of [
    ["empty lists", "[],"],
    ["empty objects", "{},"],
    ["numbers", "0,"],
    ["empty texts", '"",'],
    ["pairs in pairs", "[[0,[0]],{}],"],
    ["nothing but commas", ","],
  ] as const) {
    it(`is refused long before its end, even if it consists of ${what}`, async () => {
      const part = Buffer.from(`[${piece.repeat(1_000_000 / piece.length)}`);
      const one = await begin({
        path: "/v1/messages",
        headers: { ...BEARER, ...announcing(LARGEST_BODY) },
        body: part,
      });
      assert.equal(await one.answered(), 422);
    });
  }

  it("is refused at once if it is nested without end", async () => {
    for (const opening of ["[", '{"a":', '[{"a":']) {
      const headers = { ...BEARER, ...announcing(LARGEST_BODY) };
      const one = await begin({ path: "/v1/messages", headers, body: opening.repeat(100) });
      assert.equal(await one.answered(), 400);
      assert.equal(problemOf(one).code, "invalid_json");
    }
  });
});

describe("the answer to a body with many errors", () => {
  const names = (count: number, length: number) =>
    `{${Array.from({ length: count }, (_, at) => `"${String(at).padStart(length, "m")}":1`).join()}}`;
  for (const [what, body] of [
    ["199,000 unknown members", names(199_000, 8)],
    ["an unknown member with a name of 5 MB", names(1, 5_000_000)],
    ["a name of slashes and tildes", `{"${"/~".repeat(1_000_000)}":1}`],
    ["a name of half characters", `{"${"\ud83d".repeat(1_000_000)}":1}`],
    ["199,000 items of the wrong type", `{"list":[${Array(199_000).fill("1").join()}]}`],
    ["unknown members further in", `{"one":${names(199_000, 100)}}`],
  ] as const) {
    it(`is short and quick: ${what}`, async () => {
      // Its time on a processor, of which a busy machine only gives it less at once.
      const before = process.cpuUsage();
      const answer = await post("/v1/strict", body);
      const said = await answer.text();
      const { code, fields } = JSON.parse(said);
      assert.deepEqual([answer.status, code], [422, "invalid_request"]);
      assert.ok(fields.length > 0 && fields.length <= 50);
      assert.ok(said.length < 20_000, `${said.length} characters`);
      const { user, system } = process.cpuUsage(before);
      assert.ok(user + system < 10_000_000, `${user + system} µs`);
    });
  }
});

describe("a body that does not arrive", () => {
  const headers = { ...BEARER, ...announcing(LARGEST_BODY) };

  for (const [what, path, more] of [
    ["silent", "/v1/messages", announcing(MIB)],
    ["silent and of no length", "/v1/things", CHUNKED],
    ["silent and anonymous", "/v1/session", { ...announcing(100), Authorization: "" }],
  ] as const) {
    it(`is answered 408 and its connection closed: ${what}`, async () => {
      const one = await begin({ path, headers: { ...BEARER, ...more } }, hasty.port);
      assert.equal(await one.answered(), 408);
      await one.closed;
      assert.deepEqual([problemOf(one).code, problemOf(one).retryable], ["request_timeout", true]);
    });
  }

  it("is answered 408 even if it arrives steadily but slowly", async () => {
    const one = await begin({ path: "/v1/messages", headers, body: "{" }, hasty.port);
    const drip = setInterval(() => one.socket.write(" "), 20);
    assert.equal(await one.answered(), 408);
    await one.closed;
    clearInterval(drip);
  });

  it("is cut off in the end, even if it was refused early", async () => {
    for (const path of ["/v1/session", "/v1/nowhere"]) {
      const one = await begin({ path, headers: announcing(LARGEST_BODY), body: "{" }, hasty.port);
      assert.notEqual(await one.answered(), 408);
      await one.closed;
    }
  });
});

describe("the room for bodies", () => {
  const LARGE = 7 * MIB;
  const largeBody = text(LARGE);
  const headers = { ...BEARER, ...announcing(LARGE) };

  it("holds what fits, makes a third body wait, and says so if it has waited in vain", async () => {
    const first = [post("/v1/held", largeBody), post("/v1/held", largeBody)];
    await underWay(2);
    const refused = await post("/v1/messages", largeBody);
    assert.equal(refused.status, 503);
    assert.match(refused.headers.get("retry-after") ?? "", /^[1-9]\d*$/);
    const { code, outcome, retryable } = await refused.json();
    assert.deepEqual([code, outcome, retryable], ["overloaded", "not_sent", true]);
    assert.equal((await post("/v1/messages", "{}")).status, 200, "small ones need no turn");
    const waits = post("/v1/messages", largeBody);
    await pause(100);
    finish();
    for (const answer of await Promise.all([...first, waits])) assert.equal(answer.status, 200);
  });

  it("is free again once a handler has finished with the body", async () => {
    const waiting: Promise<Response>[] = [];
    for (const count of [1, 2, 3]) {
      waiting.push(post("/v1/held?done", largeBody));
      await underWay(count);
    }
    finish();
    for (const answer of await Promise.all(waiting)) assert.equal(answer.status, 200);
  });

  const part = Buffer.alloc(MIB, " ");
  const endings: readonly (readonly [string, (one: RawRequest) => unknown])[] = [
    ["resets its connection", ({ socket }) => socket.resetAndDestroy()],
    ["closes its connection", ({ socket }) => socket.destroy()],
    ["closes its half of the connection", ({ socket }) => socket.end()],
    ["says no more, so that others have to wait", () => undefined],
    ["says what can be no JSON, and then no more", ({ socket }) => socket.write("[".repeat(100))],
  ];
  for (const [how, end] of endings) {
    it(`is returned by a caller who ${how}`, async () => {
      const holders = [1, 2].map(() => begin({ path: "/v1/messages", headers, body: part }));
      for (const one of await Promise.all(holders)) await end(one);
      for (const answer of await Promise.all([post("/v1/messages", largeBody), post("/v1/messages", largeBody)]))
        assert.equal(answer.status, 200);
    });
  }

  it("is returned if a handler throws", async () => {
    for (let count = 0; count < 4; count += 1) assert.equal((await post("/v1/throws", largeBody)).status, 500);
    assert.equal((await post("/v1/messages", largeBody)).status, 200);
  });

  it("is not occupied by callers who have sent little of much", async () => {
    await Promise.all(Array.from({ length: 30 }, () => begin({ path: "/v1/messages", headers, body: "[" })));
    assert.equal((await post("/v1/messages", largeBody)).status, 200);
  });
});

describe("behind the local edge", () => {
  const hosting = JSON.parse(readFileSync(join(import.meta.dirname, "../../../firebase.json"), "utf8")).hosting;
  // Long enough for a large body to arrive on a busy machine, where it must.
  const LIMITS_MS = { hasty: 400, slow: 3_000, patient: 60_000 };
  // The function itself would wait longer than the edge.
  const serve = serveHttp(ROUTES, system, { room, bodyMs: 60_000 });
  const names = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"];
  const functions = Object.fromEntries(names.map((name) => [name, serve]));
  const edges = Object.values(LIMITS_MS).map((limitMs) =>
    createServer(hostingEdge({ hosting, cwd: "/nowhere", functions, limitMs, publicUrl: "http://localhost" })),
  );
  let ports = { hasty: 0, slow: 0, patient: 0 };
  before(async () => {
    for (const edge of edges) await new Promise<void>((resolve) => edge.listen(0, "127.0.0.1", resolve));
    const [hasty = 0, slow = 0, patient = 0] = edges.map((edge) => (edge.address() as AddressInfo).port);
    ports = { hasty, slow, patient };
  });
  after(() => {
    for (const edge of edges) {
      edge.closeAllConnections();
      edge.close();
    }
  });
  const send = (port: number, path: string) =>
    fetch(`http://127.0.0.1:${port}${path}`, {
      method: "POST",
      headers: { ...BEARER, "Content-Type": "application/json" },
      body: text(7 * MIB),
    });

  it("silent bodies are answered 408 and closed, and make room for others", async () => {
    const headers = { ...BEARER, ...announcing(7 * MIB) };
    const silent = Array.from({ length: 4 }, () =>
      begin({ path: "/v1/messages", headers, body: Buffer.alloc(MIB, " ") }, ports.hasty),
    );
    for (const one of await Promise.all(silent)) {
      assert.equal(await one.answered(), 408);
      await one.closed;
    }
    assert.equal((await send(ports.patient, "/v1/messages")).status, 200);
  });

  it("a handler that takes too long is answered 504, and makes room", async () => {
    const slow = await Promise.all([1, 2].map(() => send(ports.slow, "/v1/held")));
    assert.deepEqual(
      slow.map(({ status }) => status),
      [504, 504],
    );
    finish();
    assert.equal((await send(ports.patient, "/v1/messages")).status, 200);
  });

  it("a request that the edge itself refuses is closed too if its body does not arrive", async () => {
    const one = await begin({ path: "/servers", headers: announcing(MIB) }, ports.hasty);
    assert.equal(await one.answered(), 405);
    await one.closed;
  });
});
