import assert from "node:assert/strict";
import { afterEach, beforeEach, suite, test } from "node:test";
import { composeMime } from "../../../functions/adapters/nodemailer/compose-mime.ts";
import type { Principal } from "../../../functions/domain/access/records.ts";
import { acceptRoutes } from "../../../functions/runtime/handlers/send-mail/accept.ts";
import { commandRoutes } from "../../../functions/runtime/handlers/send-mail/commands.ts";
import { viewRoutes } from "../../../functions/runtime/handlers/send-mail/views.ts";
import type { Call, Reply } from "../../../functions/runtime/http.ts";
import { memberOf, OPERATOR } from "../../builders/mail-server.ts";
import { inState, type MessageBench, messageBench, simpleMessage } from "../../builders/messages.ts";
import { FROM, rawMail, TO, wholeMail } from "../../builders/raw-mail.ts";

let bench: MessageBench;
beforeEach(async () => {
  bench = messageBench();
  await bench.addServer("srv_ada");
  await bench.addServer("srv_bob", { name: "Bob", username: "bob@example.com", priority: 20 });
});
afterEach(() => bench.close());

interface Asked {
  readonly body?: unknown;
  readonly principal?: Principal;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

const call = async (target: string, asked: Asked = {}): Promise<Reply> => {
  const [method = "", path = ""] = target.split(" ");
  const url = new URL(path, "http://localhost");
  const routes = [...acceptRoutes(bench), ...viewRoutes({ ...bench, composeMime }), ...commandRoutes(bench)];
  for (const route of routes.filter((candidate) => candidate.method === method)) {
    const found = new URLPattern({ pathname: route.path }).exec({ pathname: url.pathname });
    if (found === null) continue;
    const request: Call = {
      method,
      path: url.pathname,
      params: Object.fromEntries(Object.entries(found.pathname.groups).map(([name, value]) => [name, value ?? ""])),
      query: url.searchParams,
      headers: { "content-type": "application/json", ...asked.headers },
      rawBody: Buffer.isBuffer(asked.body)
        ? asked.body
        : Buffer.from(asked.body === undefined ? "" : JSON.stringify(asked.body)),
      bodyDone: () => undefined,
      sessionId: null,
      principal: asked.principal ?? OPERATOR,
      requestId: "req_test",
      language: "en",
      signal: asked.signal ?? new AbortController().signal,
    };
    return route.handle(request);
  }
  throw new Error(`no route for ${target}`);
};

interface Json {
  readonly [name: string]: unknown;
}
/** The status, headers and body of an answer that is not a problem. */
const answered = (reply: Reply): { status: number; headers: Readonly<Record<string, string>>; body: Json } => {
  assert.ok(reply.kind === "json", JSON.stringify(reply));
  return { status: reply.status, headers: reply.headers ?? {}, body: JSON.parse(JSON.stringify(reply.body)) };
};
const problemOf = (reply: Reply) => {
  assert.ok(reply.kind === "problem", JSON.stringify(reply));
  const fields = "fields" in reply.problem ? reply.problem.fields.map(({ path }) => path) : [];
  return { code: reply.problem.code, fields, outcome: reply.outcome };
};
const idOf = (reply: Reply): string => String(answered(reply).body.id);
const listed = async (query: string, principal: Principal = OPERATOR): Promise<readonly string[]> => {
  const { items } = answered(await call(`GET /v1/messages${query}`, { principal })).body;
  assert.ok(Array.isArray(items));
  return items.map(({ id }: { id: string }) => id);
};

suite("POST /v1/messages", () => {
  test("answers 202 with what is needed to follow the message", async () => {
    const { status, headers, body } = answered(await call("POST /v1/messages", { body: simpleMessage }));
    assert.equal(status, 202);
    assert.deepEqual(Object.keys(body), ["id", "messageId", "server", "status"]);
    assert.equal(body.server, "srv_ada");
    assert.equal(body.status, "queued");
    assert.equal(headers.Location, `/v1/messages/${String(body.id)}`);
    assert.equal(headers["Idempotency-Replayed"], undefined);
  });

  test("marks a repetition as one", async () => {
    const asked = { body: simpleMessage, headers: { "idempotency-key": "order 42" } };
    const first = idOf(await call("POST /v1/messages", asked));
    const again = answered(await call("POST /v1/messages", asked));
    assert.equal(again.status, 202);
    assert.equal(again.body.id, first);
    assert.equal(again.headers["Idempotency-Replayed"], "true");
  });

  test("says with every refusal that nothing was sent", async () => {
    const refused = problemOf(await call("POST /v1/messages", { body: { ...simpleMessage, to: "b" } }));
    assert.deepEqual(refused, { code: "invalid_request", fields: ["/to"], outcome: "not_sent" });
    for (const key of ["", "é", "a".repeat(256), "a\tb"]) {
      const headers = { "idempotency-key": key };
      assert.equal(
        problemOf(await call("POST /v1/messages", { body: simpleMessage, headers })).code,
        "invalid_request",
      );
    }
    assert.deepEqual(problemOf(await call("POST /v1/messages?dryrun=1", { body: simpleMessage })).fields, ["/dryrun"]);
  });

  test("answers a dry run with 200 and the problems that the message would have met", async () => {
    const body = { ...simpleMessage, dryRun: true };
    assert.deepEqual(answered(await call("POST /v1/messages", { body })), {
      status: 200,
      headers: {},
      body: { ok: true, server: "srv_ada", from: "ada@example.com", problems: [] },
    });
    const bad = answered(await call("POST /v1/messages", { body: { ...body, from: "eve@example.com" } })).body;
    assert.equal(bad.ok, false);
    assert.ok(Array.isArray(bad.problems));
    assert.equal(bad.problems[0].code, "from_not_allowed");
  });
});

suite("POST /v1/messages with a composed mail as its body", () => {
  const asked = (more: Readonly<Record<string, string>> = {}, body = wholeMail()): Asked => ({
    body,
    headers: { "content-type": "message/rfc822", ...more },
  });
  const viewOf = async (reply: Reply) => answered(await call(`GET /v1/messages/${idOf(reply)}`)).body;

  test("takes the envelope from its header, and everything else from the query", async () => {
    const query =
      "server=srv_ada&scheduledAt=2126-01-01T00:00Z&expiresAt=2126-01-02T00:00Z&onUnknown=resend&tag.a%20b=1&tag.c=";
    const view = await viewOf(
      await call(`POST /v1/messages?${query}`, asked({ "relais-recipients": "b@example.org, c@example.org" })),
    );
    assert.deepEqual([view.to, view.bcc], [["b@example.org"], ["c@example.org"]]);
    assert.deepEqual(view.tags, { "a b": "1", c: "" });
    assert.equal(view.messageId, "<order-42@erp.example.com>");
    assert.deepEqual(
      [view.status, view.scheduledAt, view.expiresAt, view.onUnknown],
      ["scheduled", "2126-01-01T00:00:00.000Z", "2126-01-02T00:00:00.000Z", "resend"],
    );
  });

  test("reads an offset whose plus sign is not encoded, in whatever form", async () => {
    for (const offset of ["+01:00", "%2B01:00", "+0100", "+01"]) {
      const query = `scheduledAt=2126-01-01T09:00:30.5${offset}&expiresAt=2126-01-02t09:00${offset}`;
      const view = await viewOf(await call(`POST /v1/messages?${query}`, asked()));
      assert.deepEqual(
        [view.scheduledAt, view.expiresAt],
        ["2126-01-01T08:00:30.500Z", "2126-01-02T08:00:00.000Z"],
        offset,
      );
    }
    const at = async (query: string) => problemOf(await call(`POST /v1/messages?${query}`, asked())).fields;
    assert.deepEqual(await at("scheduledAt=2126-01-01+09:00"), ["/scheduledAt"]);
    assert.deepEqual(await at("scheduledAt=2126-01-01T09:00++01:00"), ["/scheduledAt"]);
  });

  test("reads a recipient beyond ASCII as UTF-8, in which HTTP carries it as Latin-1", async () => {
    const header = Buffer.from("josé@example.org").toString("latin1");
    const view = await viewOf(await call("POST /v1/messages", asked({ "relais-recipients": header })));
    assert.deepEqual(view.bcc, ["josé@example.org"]);
  });

  test("is the same request as its JSON", async () => {
    const key = { "idempotency-key": "order 42" };
    const first = await call("POST /v1/messages?tag.kind=x", asked({ ...key, "relais-recipients": "b@example.org" }));
    const body = { raw: wholeMail().toString("base64"), envelope: { to: ["b@example.org"] }, tags: { kind: "x" } };
    const again = await call("POST /v1/messages", { body, headers: key });
    assert.equal(answered(again).headers["Idempotency-Replayed"], "true");
    assert.equal(idOf(again), idOf(first));
  });

  test("a dry run keeps nothing", async () => {
    const dry = answered(await call("POST /v1/messages?dryRun=true", asked()));
    assert.deepEqual([dry.status, dry.body.ok], [200, true]);
    assert.deepEqual(await listed(""), []);
  });

  test("the type may have parameters and any case", async () => {
    for (const type of ["Message/RFC822", "message/rfc822; charset=utf-8", " message/rfc822 ;x"]) {
      idOf(await call("POST /v1/messages", asked({ "content-type": type })));
    }
  });

  test("says where it is refused, as the caller has written it", async () => {
    const at = async (query: string, more: Asked = asked()) =>
      problemOf(await call(`POST /v1/messages${query}`, more)).fields;
    assert.deepEqual(await at("?dryRun=yes"), ["/dryRun"]);
    assert.deepEqual(await at("?subject=x&tag.a=1&tag.a=2"), ["/subject", "/tag.a"]);
    assert.deepEqual(await at("?tag.=1"), ["/tag."]);
    assert.deepEqual(await at("?tag.__proto__=1"), ["/tag.__proto__"]);
    assert.deepEqual(await at("?scheduledAt=tomorrow&onUnknown=ask"), ["/scheduledAt", "/onUnknown"]);
    assert.deepEqual(await at("", asked({ "relais-recipients": " " })), ["/envelope/to"]);
    assert.deepEqual(await at("", asked({ "relais-recipients": "b" })), ["/envelope/to"]);
    assert.deepEqual(await at("", asked({}, Buffer.from("{}"))), ["/raw"]);
    assert.deepEqual(await at("", asked({}, Buffer.alloc(0))), ["/raw"]);
  });

  test("an envelope beside JSON is refused: nothing would heed it", async () => {
    const more = { body: simpleMessage, headers: { "relais-recipients": "b@example.org" } };
    assert.equal(problemOf(await call("POST /v1/messages", more)).code, "invalid_request");
    assert.equal(
      problemOf(await call("POST /v1/messages/batch", { ...more, body: { items: [simpleMessage] } })).code,
      "invalid_request",
    );
  });

  test("another type, or an encoded body, is 415", async () => {
    const others: readonly Readonly<Record<string, string>>[] = [
      { "content-type": "message/rfc822x" },
      { "content-type": "text/plain" },
      { "content-encoding": "gzip" },
    ];
    for (const more of others) {
      assert.equal(problemOf(await call("POST /v1/messages", asked(more))).code, "unsupported_media_type");
    }
    assert.equal(problemOf(await call("POST /v1/messages/batch", asked())).code, "unsupported_media_type");
  });
});

suite("Prefer: wait", () => {
  const asked = (wait: string, signal?: AbortSignal): Asked => ({
    body: simpleMessage,
    headers: { prefer: wait, "idempotency-key": "k" },
    ...(signal && { signal }),
  });

  test("answers 202 after the requested seconds, no sooner and not much later", async () => {
    const startMs = bench.clock.nowMs();
    const { status, headers } = answered(await call("POST /v1/messages", asked("respond-async, wait=7")));
    assert.equal(status, 202);
    assert.equal(headers["Preference-Applied"], "wait=7");
    assert.equal(bench.clock.nowMs() - startMs, 7_000);
  });

  for (const status of ["sent", "failed", "canceled", "expired"] as const) {
    test(`answers 200 with the whole record once it is ${status}`, async () => {
      const id = idOf(await call("POST /v1/messages", asked("")));
      const before = await bench.records.get("messages", id);
      assert.ok(before);
      const value = { ...before.value, status, dueAtMs: null, finalAtMs: 1 };
      // It is final only after the third look, so that the wait has to continue.
      let roomIsHeld = true;
      const sleep = async (ms: number) => {
        assert.ok(!roomIsHeld, "who waits holds no room for a body");
        bench.clock.advance(ms);
        if (bench.clock.nowMs() - before.value.createdAtMs > 400) {
          await bench.records.commit([{ op: "put", kind: "messages", id, value }]);
        }
      };
      const reply = await acceptRoutes({ ...bench, clock: { ...bench.clock, sleep } })[0]?.handle({
        method: "POST",
        path: "/v1/messages",
        params: {},
        query: new URLSearchParams(),
        headers: { "content-type": "application/json", prefer: "wait=50", "idempotency-key": "k" },
        rawBody: Buffer.from(JSON.stringify(simpleMessage)),
        bodyDone: () => {
          roomIsHeld = false;
        },
        sessionId: null,
        principal: OPERATOR,
        requestId: "req_test",
        language: "en",
        signal: new AbortController().signal,
      });
      assert.ok(reply);
      const answer = answered(reply);
      assert.equal(answer.status, 200);
      assert.equal(answer.body.status, status);
      assert.ok(Array.isArray(answer.body.timeline));
      assert.equal(answer.headers["Idempotency-Replayed"], "true");
      assert.ok(bench.clock.nowMs() - before.value.createdAtMs < 2_000);
    });
  }

  test("is capped at 50 seconds, and ignored if it cannot be read", async () => {
    const applied = async (prefer: string) =>
      answered(await call("POST /v1/messages", asked(prefer))).headers["Preference-Applied"];
    assert.equal(await applied("wait=3600"), "wait=50");
    assert.equal(await applied('WAIT = "2"; x=y'), "wait=2");
    assert.equal(await applied("wait=soon"), undefined);
    assert.equal(await applied("wait=-1"), undefined);
  });

  test("ends when the caller disconnects", async () => {
    const startMs = bench.clock.nowMs();
    const reply = await call("POST /v1/messages", asked("wait=50", AbortSignal.abort()));
    assert.equal(answered(reply).status, 202);
    assert.equal(bench.clock.nowMs(), startMs);
  });
});

suite("POST /v1/messages/batch", () => {
  test("answers 207 with a status and a body for each item", async () => {
    const items = [simpleMessage, { ...simpleMessage, to: "b" }, { ...simpleMessage, dryRun: true }];
    const { status, body } = answered(await call("POST /v1/messages/batch", { body: { items } }));
    assert.equal(status, 207);
    assert.ok(Array.isArray(body.items));
    assert.deepEqual(
      body.items.map(({ status }: { status: number }) => status),
      [202, 422, 200],
    );
    assert.equal(body.items[1].body.code, "invalid_request");
    assert.equal(body.items[1].body.outcome, "not_sent");
    assert.equal(body.items[1].body.fields[0].path, "/items/1/to");
  });

  test("refuses an idempotency key for the whole batch", async () => {
    const headers = { "idempotency-key": "k" };
    const refused = problemOf(await call("POST /v1/messages/batch", { body: { items: [simpleMessage] }, headers }));
    assert.equal(refused.code, "invalid_request");
  });
});

suite("GET /v1/messages", () => {
  const key = (id: string, servers: readonly string[], ...permissions: ("send" | "read")[]): Principal => ({
    kind: "key",
    id,
    name: id,
    servers,
    permissions,
  });
  const post = async (changes: object = {}, principal: Principal = OPERATOR) => {
    bench.clock.advance(1);
    return idOf(await call("POST /v1/messages", { body: { ...simpleMessage, ...changes }, principal }));
  };

  test("shows one message in full, but without its body", async () => {
    const secret = "canary-of-the-body";
    const id = await post({
      text: secret,
      html: secret,
      headers: { "X-A": secret },
      tags: { kind: "x" },
      bcc: "c@example.org",
    });
    const { body } = answered(await call(`GET /v1/messages/${id}`));
    assert.doesNotMatch(JSON.stringify(body), /canary/);
    const { id: _, messageId, createdAt, updatedAt, timeline, ...rest } = body;
    assert.match(String(messageId), /^<.+@example\.com>$/);
    assert.equal(createdAt, updatedAt);
    assert.deepEqual(timeline, [{ at: createdAt, status: "queued", note: null }]);
    assert.deepEqual(rest, {
      server: "srv_ada",
      status: "queued",
      from: "ada@example.com",
      to: ["b@example.org"],
      cc: [],
      bcc: ["c@example.org"],
      subject: "Bonjour",
      sizeBytes: 36,
      hasContent: true,
      tags: { kind: "x" },
      key: null,
      onUnknown: "hold",
      scheduledAt: null,
      expiresAt: null,
      nextAttemptAt: null,
      heldBecause: null,
      accepted: [],
      rejected: [],
      recipients: [
        { address: "b@example.org", kind: "to", state: "pending" },
        { address: "c@example.org", kind: "bcc", state: "pending" },
      ],
      attempts: [],
      providerId: null,
    });
    assert.equal(problemOf(await call(`GET /v1/messages/msg_none`)).code, "not_found");
    assert.equal(problemOf(await call(`GET /v1/messages/${id}?full=1`)).code, "invalid_request");
  });

  test("lists all, newest first, filtered by server, status and recipient, alone and together", async () => {
    const one = await post();
    const two = await post({ server: "srv_bob", to: "C@Example.org" });
    const three = await post({ to: "c@example.org", scheduledAt: "2026-12-24T00:00:00Z" });
    assert.deepEqual(await listed(""), [three, two, one]);
    assert.deepEqual(await listed("?server=srv_ada"), [three, one]);
    assert.deepEqual(await listed("?server=BOB"), [two], "by name as well");
    assert.deepEqual(await listed("?server=bob@example.com"), [two], "and by username");
    assert.deepEqual(await listed("?status=queued"), [two, one]);
    assert.deepEqual(await listed("?to=c@example.ORG"), [three, two]);
    assert.deepEqual(await listed("?server=srv_ada&status=queued"), [one]);
    assert.deepEqual(await listed("?server=srv_ada&to=c@example.org"), [three]);
    assert.deepEqual(await listed("?status=scheduled&to=c@example.org"), [three]);
    assert.deepEqual(await listed("?server=srv_bob&status=queued&to=c@example.org"), [two]);
    await bench.records.commit([{ op: "delete", kind: "mailServers", id: "srv_bob" }]);
    assert.deepEqual(await listed("?server=srv_bob"), [two], "of a deleted server too, by its id");
  });

  test("searches for whatever a person types into `q`, and never fails", async () => {
    const one = await post();
    for (const typed of ["b", "B@EXA", "bonj", " bonjour  b@ "]) {
      assert.deepEqual(await listed(`?q=${encodeURIComponent(typed)}`), [one], typed);
    }
    for (const typed of [
      "lect",
      "@",
      "%",
      '"',
      "<b@example.org>",
      "\0",
      "\ud800",
      "é".repeat(5_000),
      "../..",
      "[object Object]",
    ]) {
      assert.deepEqual(await listed(`?q=${encodeURIComponent(typed.toWellFormed())}`), [], typed.slice(0, 20));
    }
    assert.deepEqual(await listed("?q="), [one]);
    assert.deepEqual(await listed("?q=%20&status=queued"), [one]);
    assert.deepEqual(problemOf(await call("GET /v1/messages?q=a&q=b")).fields, ["/q"]);
  });

  test("filters by sender, time, tag and Message-ID, alone and together", async () => {
    const one = await post();
    const tags = { kind: "invoice", "a/b c": "Été & co" };
    const accepted = answered(await call("POST /v1/messages", { body: { ...simpleMessage, tags } })).body;
    const { id: two, messageId } = accepted;
    const shown = answered(await call(`GET /v1/messages/${String(two)}`)).body;
    const query = (members: Record<string, unknown>) =>
      `?${new URLSearchParams(Object.entries(members).map(([name, value]) => [name, String(value)]))}`;
    for (const [members, expected] of [
      [{ from: "ADA@Example.com" }, [two, one]],
      [{ from: "grace@example.com" }, []],
      [{ "tag.kind": "invoice" }, [two]],
      [{ "tag.a/b c": "Été & co", "tag.kind": "invoice" }, [two]],
      [{ "tag.kind": "invoices" }, []],
      [{ "tag.toString": "" }, []],
      [{ messageId }, [two]],
      [{ messageId: String(messageId).slice(1, -1), from: "ada@example.com" }, [two]],
      [{ messageId, "tag.kind": "letter" }, []],
      [{ after: shown.createdAt }, [two]],
      [{ before: shown.createdAt }, [one]],
      [{ before: shown.createdAt, to: "b@example.org", status: "queued" }, [one]],
      [{ after: shown.createdAt, before: shown.createdAt }, []],
    ] as const) {
      assert.deepEqual(await listed(query(members)), expected, JSON.stringify(members));
    }
  });

  test("finds a composed mail by whatever Message-ID it has, with or without brackets", async () => {
    for (const id of ["order-42@erp.example.com", "<order 43>", "<a@b> <c@d>", "<é@example.com>"]) {
      const body = rawMail([FROM, TO, Buffer.from(`Message-ID: ${id}`).toString("latin1")]);
      const accepted = await call("POST /v1/messages", { body, headers: { "content-type": "message/rfc822" } });
      assert.equal(answered(accepted).body.messageId, id);
      const bare = id.replace(/^<(.*)>$/, "$1");
      for (const given of [id, bare, ` <${bare}>`]) {
        assert.deepEqual(await listed(`?messageId=${encodeURIComponent(given)}`), [idOf(accepted)], given);
      }
    }
  });

  test("lists page by page, each message once", async () => {
    const ids = [await post(), await post(), await post()].toReversed();
    const first = answered(await call("GET /v1/messages?limit=2")).body;
    assert.ok(Array.isArray(first.items));
    const rest = await listed(`?limit=2&cursor=${encodeURIComponent(String(first.next))}`);
    assert.deepEqual([...first.items.map(({ id }: { id: string }) => id), ...rest], ids);
    assert.equal(answered(await call("GET /v1/messages?limit=3")).body.next, null);
  });

  for (const [query, place] of [
    ["?color=red", "/color"],
    ["?a%2Fb~=1", "/a~1b~0"],
    ["?status=lost", "/status"],
    ["?to=b", "/to"],
    ["?rejected=1", "/rejected"],
    ["?from=b", "/from"],
    ["?from=Ada%20%3Cada@example.com%3E", "/from"],
    ["?after=yesterday", "/after"],
    ["?after=2026-02-30T00:00:00Z", "/after"],
    ["?before=2026-03-01T00:00:00", "/before"],
    ["?before=", "/before"],
    ["?messageId=", "/messageId"],
    ["?messageId=%3C%3E", "/messageId"],
    ["?tag.=1", "/tag."],
    ["?tag.__proto__=1", "/tag.__proto__"],
    ["?tag.a/b=1&tag.a/b=2", "/tag.a~1b"],
    ["?tags=1", "/tags"],
    ["?server=", "/server"],
    ["?server=nobody", "/server"],
    ["?server=srv_gone", "/server"],
    ["?limit=0", "/limit"],
    ["?limit=201", "/limit"],
    ["?cursor=x", "/cursor"],
  ] as const) {
    test(`refuses ${query} by name`, async () => {
      assert.deepEqual(problemOf(await call(`GET /v1/messages${query}`)).fields, [place]);
    });
  }

  test("shows a key the messages of its servers, and without `read` only those it sent, one by one", async () => {
    const ada = await post();
    const bob = await post({ server: "srv_bob" });
    const own = await post({}, key("a", ["srv_ada"], "send"));
    assert.deepEqual(await listed("", key("r", ["srv_bob"], "read")), [bob]);
    assert.deepEqual(await listed("", key("r", [], "read")), [own, bob, ada]);
    assert.deepEqual(
      await listed("?limit=1", key("r", ["srv_none", "srv_bob"], "read")),
      [bob],
      "pages without any are passed over",
    );
    assert.equal(problemOf(await call("GET /v1/messages", { principal: key("a", [], "send") })).code, "forbidden");
    const elsewhere = await call("GET /v1/messages?server=srv_ada", { principal: key("r", ["srv_bob"], "read") });
    assert.equal(problemOf(elsewhere).code, "server_not_allowed");
    const see = async (id: string, principal: Principal) => {
      const reply = await call(`GET /v1/messages/${id}`, { principal });
      return reply.kind === "problem" ? reply.problem.code : reply.kind;
    };
    assert.equal(await see(own, key("a", ["srv_ada"], "send")), "json");
    assert.equal(await see(ada, key("a", ["srv_ada"], "send")), "forbidden");
    assert.equal(await see(ada, key("r", ["srv_ada"], "read")), "json");
    assert.equal(await see(bob, key("r", ["srv_ada"], "read")), "server_not_allowed");
    assert.equal(await see("msg_none", key("r", ["srv_ada"], "read")), "not_found");
  });

  test("shows a member only the messages of their own server", async () => {
    const ada = await post();
    const bob = await post({ server: "srv_bob" });
    const member = memberOf("bob@example.com");
    assert.deepEqual(await listed("", member), [bob]);
    assert.deepEqual(await listed("", memberOf("eve@example.com")), []);
    assert.equal(problemOf(await call("GET /v1/messages?server=srv_ada", { principal: member })).code, "not_found");
    assert.equal(problemOf(await call(`GET /v1/messages/${ada}`, { principal: member })).code, "not_found");
    assert.equal(problemOf(await call(`POST /v1/messages/${ada}/cancel`, { principal: member })).code, "not_found");
    assert.equal(
      answered(await call(`POST /v1/messages/${bob}/cancel`, { principal: member })).body.status,
      "canceled",
    );
  });
});

test("cancel and retry accept only an empty body", async () => {
  const id = idOf(await call("POST /v1/messages", { body: simpleMessage }));
  for (const act of ["cancel", "retry"]) {
    const refused = problemOf(await call(`POST /v1/messages/${id}/${act}`, { body: { reason: "x" } }));
    assert.deepEqual([refused.code, refused.fields], ["invalid_request", ["/reason"]]);
  }
  assert.equal(answered(await call(`POST /v1/messages/${id}/cancel`, { body: {} })).body.status, "canceled");
});

test("the content is a file to save, and sending it elsewhere answers like a post", async () => {
  const id = idOf(await call("POST /v1/messages", { body: simpleMessage }));
  const file = await call(`GET /v1/messages/${id}/content`);
  assert.ok(file.kind === "file" && file.bytes.includes("Une ligne."));
  assert.deepEqual([file.type, file.name], ["message/rfc822", `${id}.eml`]);
  assert.deepEqual(problemOf(await call(`GET /v1/messages/${id}/content?a=1`)).fields, ["/a"]);
  const found = await bench.records.get("messages", id);
  assert.ok(found);
  const value = inState(found.value, { status: "failed", dueAtMs: 9, finalAtMs: 1 });
  await bench.records.commit([{ op: "put", kind: "messages", id, value }]);
  const resend = () =>
    call(`POST /v1/messages/${id}/resend`, { body: { to: "g@y.org" }, headers: { "idempotency-key": "k" } });
  const { status, headers, body } = answered(await resend());
  assert.deepEqual([status, headers.Location, body.status], [202, `/v1/messages/${body.id}`, "queued"]);
  assert.equal(answered(await resend()).headers["Idempotency-Replayed"], "true");
  const refused = problemOf(await call(`POST /v1/messages/${id}/resend`, { body: { to: 5 } }));
  assert.deepEqual(refused, { code: "invalid_request", fields: ["/to"], outcome: "not_sent" });
});

test("PATCH, retry and resolve answer with the message as it is afterwards", async () => {
  const body = { ...simpleMessage, scheduledAt: "2026-12-24T00:00:00Z" };
  const id = idOf(await call("POST /v1/messages", { body }));
  const later = { scheduledAt: "2026-12-25T00:00:00+01:00" };
  const moved = answered(await call(`PATCH /v1/messages/${id}`, { body: later })).body;
  assert.equal(moved.scheduledAt, "2026-12-24T23:00:00.000Z");
  assert.equal(problemOf(await call(`POST /v1/messages/${id}/retry`)).code, "wrong_status");
  assert.equal(problemOf(await call(`POST /v1/messages/${id}/resolve`, { body: { as: "sent" } })).code, "wrong_status");
});
