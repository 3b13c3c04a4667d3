import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { Relais } from "../../../functions/client/relais.ts";
import { RelaisProblem } from "../../../functions/client/relais-error.ts";
import { longAddresses } from "../../builders/raw-mail.ts";
import { KEY, type NotedPace, notedPace, problem, stubClient } from "../../builders/stub-client.ts";
import { type Received, type StubReply, type StubServer, startStubServer } from "../../builders/stub-server.ts";

const message = (id: string, status: string) => ({ id, status, messageId: `<${id}@example.com>`, server: "srv_1" });
const receipt = (id: string) => ({ ...message(id, "queued") });
const ok = (body: unknown): StubReply => ({ status: 200, body });
const wrongStatus: StubReply = { status: 409, body: problem("wrong_status", 409, { retryable: false }) };

describe("messages of relais-client", () => {
  let stub: StubServer;
  let pace: NotedPace;
  before(async () => {
    stub = await startStubServer();
  });
  after(() => stub.close());
  beforeEach(() => {
    stub.received.length = 0;
    pace = notedPace();
  });
  const messages = () => stubClient(stub.origin, pace).messages;
  const requests = () => stub.received.map(({ method, url }) => `${method} ${url}`);
  const answers = (...replies: readonly StubReply[]): void => {
    const left = [...replies];
    stub.answer(() => left.shift() ?? assert.fail("no answer is left"));
  };

  describe("a list", () => {
    const pageOf = ({ url }: Received): StubReply => {
      const cursor = new URL(url, "http://x").searchParams.get("cursor");
      const page = Number(cursor ?? "0");
      const items = page === 1 ? [] : [message(`msg_${page}a`, "sent"), message(`msg_${page}b`, "sent")];
      return ok({ items, next: page < 2 ? String(page + 1) : null });
    };

    it("returns its first page when awaited", async () => {
      stub.answer(pageOf);
      const { items, next } = await messages().list({ status: "sent", to: "b@example.org", limit: 2, rejected: true });
      assert.deepEqual([items.map(({ id }) => id), next], [["msg_0a", "msg_0b"], "1"]);
      assert.deepEqual(requests(), ["GET /v1/messages?status=sent&to=b%40example.org&limit=2&rejected=true"]);
    });

    it("is filtered by sender, times, tags and Message-ID", async () => {
      stub.answer(pageOf);
      await messages().list({
        from: "ada@example.com",
        after: new Date("2027-01-31T09:00:00Z"),
        before: "2027-02-01T09:00+01:00",
        tags: { kind: "a b" },
        messageId: "<1@example.com>",
      });
      assert.deepEqual(Object.fromEntries(new URL(stub.received[0]?.url ?? "", stub.origin).searchParams), {
        from: "ada@example.com",
        messageId: "<1@example.com>",
        after: "2027-01-31T09:00:00.000Z",
        before: "2027-02-01T09:00+01:00",
        "tag.kind": "a b",
      });
    });

    it("yields every message to for await, even past an empty page", async () => {
      stub.answer(pageOf);
      const ids: string[] = [];
      for await (const { id } of messages().list({ q: "inv" })) ids.push(id);
      assert.deepEqual(ids, ["msg_0a", "msg_0b", "msg_2a", "msg_2b"]);
      assert.deepEqual(
        requests(),
        ["", "&cursor=1", "&cursor=2"].map((more) => `GET /v1/messages?q=inv${more}`),
      );
    });

    it("yields its pages, and reads no page that is not requested", async () => {
      stub.answer(pageOf);
      const sizes: number[] = [];
      for await (const { items } of messages().list().pages()) {
        sizes.push(items.length);
        if (sizes.length === 2) break;
      }
      assert.deepEqual(sizes, [2, 0]);
      assert.equal(stub.received.length, 2);
    });

    it("continues from a cursor, and lists mail servers in the same way", async () => {
      stub.answer(pageOf);
      assert.equal((await messages().list({ cursor: "2" })).next, null);
      const ids: string[] = [];
      for await (const { id } of new Relais({ url: stub.origin, key: KEY }).mailServers.list({ limit: 9 }))
        ids.push(id);
      assert.equal(ids.length, 4);
      assert.equal(requests()[1], "GET /v1/mail-servers?limit=9");
    });

    it("rejects wherever it is awaited", async () => {
      stub.answer(() => ({ status: 403, body: problem("forbidden", 403) }));
      await assert.rejects(messages().list(), RelaisProblem);
      await assert.rejects(async () => {
        for await (const _ of messages().list()) assert.fail("there is none");
      }, RelaisProblem);
    });
  });

  it("lists nothing in vain: a first page that fails before anyone looks ends no process", async () => {
    stub.answer(() => ({ status: 403, body: problem("forbidden", 403) }));
    const unhandled: unknown[] = [];
    const note = (reason: unknown): void => void unhandled.push(reason);
    process.on("unhandledRejection", note);
    const relais = new Relais({ url: stub.origin, key: KEY });
    const lists = [messages().list(), relais.mailServers.list(), messages().list(), messages().list()] as const;
    await Promise.allSettled([messages().list(), relais.mailServers.list()]);
    await new Promise((resolve) => setTimeout(resolve, 50));
    process.off("unhandledRejection", note);
    assert.deepEqual(unhandled, []);
    const [awaited, iterated, paged] = lists;
    await assert.rejects(awaited, RelaisProblem);
    await assert.rejects(async () => {
      for await (const _ of iterated) assert.fail("there is none");
    }, RelaisProblem);
    await assert.rejects(async () => {
      for await (const _ of paged.pages()) assert.fail("there is none");
    }, RelaisProblem);
  });

  describe("a command", () => {
    const COMMANDS = [
      ["cancel", (id: string) => messages().cancel(id), "POST /v1/messages/msg_1/cancel", "{}", "canceled", "sent"],
      ["retry", (id: string) => messages().retry(id), "POST /v1/messages/msg_1/retry", "{}", "queued", "failed"],
      [
        "reschedule",
        (id: string) => messages().reschedule(id, new Date("2027-01-31T09:00:00Z")),
        "PATCH /v1/messages/msg_1",
        '{"scheduledAt":"2027-01-31T09:00:00.000Z"}',
        "queued",
        "scheduled",
      ],
      [
        "resolve",
        (id: string) => messages().resolve(id, "resend"),
        "POST /v1/messages/msg_1/resolve",
        '{"as":"resend"}',
        "queued",
        "unknown",
      ],
    ] as const;
    for (const [name, run, request, body, done, undone] of COMMANDS) {
      it(`sends the request of ${name}`, async () => {
        answers(ok(message("msg_1", done)));
        assert.equal((await run("msg_1")).status, done);
        assert.deepEqual(requests(), [request]);
        assert.equal(stub.received[0]?.body.toString(), body);
      });

      it(`discovers that ${name} was done although the answer was lost`, async () => {
        answers("lost", wrongStatus, ok(message("msg_1", done)));
        assert.equal((await run("msg_1")).status, done);
        assert.deepEqual(requests(), [request, request, "GET /v1/messages/msg_1"]);
      });

      it(`does not take a refusal of ${name} for that`, async () => {
        answers("lost", wrongStatus, ok(message("msg_1", undone)));
        await assert.rejects(run("msg_1"), { code: "wrong_status", attempts: 2 });
        answers(wrongStatus);
        await assert.rejects(run("msg_1"), { code: "wrong_status", attempts: 1 });
        // The first refusal alone is not worth another look.
        assert.equal(requests().filter((one) => one === "GET /v1/messages/msg_1").length, 1);
      });
    }

    it("keeps one key over the repetitions of resolve, and takes another for the next decision", async () => {
      answers("lost", ok(message("msg_1", "queued")), ok(message("msg_1", "queued")));
      await messages().resolve("msg_1", "resend");
      await messages().resolve("msg_1", "resend");
      const [first, repeated, next] = stub.received.map(({ headers }) => headers["idempotency-key"]);
      assert.ok(first);
      assert.equal(repeated, first);
      assert.notEqual(next, first);
    });

    it("keeps one key over the repetitions of resend, or the program's own", async () => {
      const accepted = { status: 202, body: { id: "msg_2", status: "queued" } };
      answers("lost", accepted, accepted);
      assert.equal((await messages().resend("msg_1", "g@y.org")).id, "msg_2");
      await messages().resend("msg_1", ["g@y.org"], { idempotencyKey: "mine" });
      assert.deepEqual(requests(), Array(3).fill("POST /v1/messages/msg_1/resend"));
      assert.deepEqual(
        stub.received.map(({ body }) => body.toString()),
        ['{"to":"g@y.org"}', '{"to":"g@y.org"}', '{"to":["g@y.org"]}'],
      );
      const [first, repeated, own] = stub.received.map(({ headers }) => headers["idempotency-key"]);
      assert.ok(first);
      assert.deepEqual([repeated, own], [first, "mine"]);
    });

    it("escapes an id in the path", async () => {
      answers(ok(message("msg_1", "sent")));
      await messages().get("../session?a=/");
      assert.deepEqual(requests(), ["GET /v1/messages/..%2Fsession%3Fa%3D%2F"]);
    });
  });

  describe("a batch", () => {
    interface Item {
      readonly to: string;
      readonly idempotencyKey: string;
    }
    const itemsOf = ({ body }: Received): readonly Item[] => JSON.parse(body.toString()).items;
    const unavailable = { status: 503, body: problem("unavailable", 503, { outcome: "unknown" }) };
    const invalid = { status: 422, body: problem("invalid_request", 422, { outcome: "not_sent", retryable: false }) };
    const taken = ({ to }: Item) => ({ status: 202, body: receipt(`msg_${to}`) });

    it("gives each item a key, and repeats only those that Relais could not accept, with the same key", async () => {
      let turn = 0;
      stub.answer((request) => {
        turn += 1;
        const answer = (item: Item) => {
          if (item.to === "bad") return invalid;
          return item.to === "late" && turn < 3 ? unavailable : taken(item);
        };
        return { status: 207, body: { items: itemsOf(request).map(answer) } };
      });
      const text = "x";
      const results = await messages().batch([
        { to: "good", text, idempotencyKey: "mine" },
        { to: "late", text },
        { to: "bad", text },
      ]);
      const found = results.map((result) => (result.ok ? result.message : result.error.code));
      assert.deepEqual(found, [receipt("msg_good"), receipt("msg_late"), "invalid_request"]);
      const sent = stub.received.map((request) => itemsOf(request).map(({ to }) => to));
      assert.deepEqual(sent, [["good", "late", "bad"], ["late"], ["late"]]);
      const keys = stub.received.flatMap(itemsOf).filter(({ to }) => to === "late");
      assert.equal(new Set(keys.map(({ idempotencyKey }) => idempotencyKey)).size, 1);
      assert.equal(stub.received.map(itemsOf)[0]?.[0]?.idempotencyKey, "mine");
      assert.equal(stub.received[0]?.headers["idempotency-key"], undefined);
    });

    it("keeps the keys if the answer to the whole batch is lost", async () => {
      let turn = 0;
      stub.answer((request) => {
        turn += 1;
        return turn === 1 ? "lost" : { status: 207, body: { items: itemsOf(request).map(taken) } };
      });
      await messages().batch([{ to: "a", text: "x" }]);
      const [first, second] = stub.received.map(({ body }) => body.toString());
      assert.equal(first, second);
    });

    it("says in the end which item has an unknown outcome, with its key, and keeps the outcomes of the others", async () => {
      let turn = 0;
      stub.answer((request) => {
        turn += 1;
        if (turn > 2) return { status: 401, body: problem("unauthenticated", 401) };
        return {
          status: 207,
          body: { items: itemsOf(request).map((item) => (item.to === "b" ? unavailable : taken(item))) },
        };
      });
      const [first, second] = await messages().batch([
        { to: "a", text: "x" },
        { to: "b", text: "x" },
      ]);
      assert.ok(first?.ok);
      assert.ok(second?.ok === false);
      const { code, outcome, attempts, idempotencyKey } = second.error;
      assert.deepEqual([code, outcome, attempts], ["unavailable", "unknown", 3]);
      assert.equal(idempotencyKey, stub.received.flatMap(itemsOf)[1]?.idempotencyKey);
    });

    const notSent = { status: 503, body: problem("contended", 503, { outcome: "not_sent" }) };
    const refused = {
      status: 403,
      body: problem("server_not_allowed", 403, { outcome: "not_sent", retryable: false }),
    };
    /** Sends two items, of which the first is taken at once, and tells what became of the second. */
    const second = async (...turns: readonly (StubReply | { readonly item: object })[]) => {
      let turn = 0;
      stub.answer((request) => {
        const reply = turns[Math.min(turn, turns.length - 1)] ?? assert.fail("no answer is left");
        turn += 1;
        if (typeof reply === "string" || !("item" in reply)) return reply;
        const items = itemsOf(request).map((item) => (item.to === "a" ? taken(item) : reply.item));
        return { status: 207, body: { items } };
      });
      const [first, other] = await messages().batch([
        { to: "a", text: "x" },
        { to: "b", text: "x" },
      ]);
      assert.ok(first?.ok);
      assert.ok(other?.ok === false);
      const { code, outcome, attempts } = other.error;
      return { code, outcome, attempts };
    };

    it("does not say of an item that it was not sent if the answer to its repetition was lost", async () => {
      const lost = { code: "contended", outcome: "unknown", attempts: 6 };
      assert.deepEqual(await second({ item: notSent }, "lost"), lost);
      for (const text of ['{"items":[{"sta', '{"items":[]}', "{}"]) {
        const cut = { status: 207, text };
        assert.deepEqual(await second({ item: notSent }, { item: notSent }, cut), { ...lost, attempts: 7 });
      }
    });

    it("does not take a refusal of an item as proof that an earlier request without an answer sent nothing", async () => {
      const inDoubt = { code: "server_not_allowed", outcome: "unknown" };
      assert.deepEqual(await second("lost", { item: refused }), { ...inDoubt, attempts: 2 });
      assert.deepEqual(await second({ item: unavailable }, { item: refused }), { ...inDoubt, attempts: 2 });
      assert.deepEqual(await second({ item: notSent }, "lost", { item: refused }), { ...inDoubt, attempts: 3 });
      const silent503 = { status: 503, body: problem("unavailable", 503) };
      assert.deepEqual(await second({ item: silent503 }, { item: refused }), { ...inDoubt, attempts: 2 });
    });

    it("says of an item that it was not sent if every request said so", async () => {
      const sure = { outcome: "not_sent", attempts: 2 };
      assert.deepEqual(await second({ item: notSent }, { item: refused }), { code: "server_not_allowed", ...sure });
      const whole = { status: 401, body: problem("unauthenticated", 401, { outcome: "not_sent" }) };
      assert.deepEqual(await second({ item: notSent }, whole), { code: "contended", ...sure });
    });

    it("rejects if the whole batch is refused", async () => {
      answers({ status: 422, body: problem("invalid_request", 422) });
      await assert.rejects(messages().batch([]), { code: "invalid_request" });
    });
  });

  describe("an attachment", () => {
    for (const [what, attachments] of [
      ["a path instead of content", [{ path: "/etc/hostname" }]],
      ["content of no kind that Relais takes", [{ filename: "a", content: 42 }, { content: null }, { content: {} }]],
      ["no members", ["a.pdf", null]],
      ["no list around it", { filename: "a.txt", content: "QQ==" }],
    ] as const) {
      it(`with ${what} is left to Relais, which says what is wrong with it`, async () => {
        answers({ status: 422, body: problem("invalid_request", 422, { retryable: false }) });
        // As a program without types gives it.
        const mail: object = { to: "b@example.org", text: "x", attachments };
        await assert.rejects(messages().send(mail), { name: "RelaisProblem", code: "invalid_request" });
        assert.deepEqual(JSON.parse(stub.received[0]?.body.toString() ?? ""), mail);
      });
    }

    it("is base64 of its bytes in any view", async () => {
      const bytes = new Uint8Array([9, 0, 255, 9]);
      const content = [bytes.subarray(1, 3), Buffer.from([0, 255]), new DataView(bytes.buffer, 1, 2)];
      answers({ status: 202, body: receipt("msg_1") });
      const mail: object = { to: "b@example.org", text: "x", attachments: content.map((one) => ({ content: one })) };
      await messages().send(mail);
      const sent = JSON.parse(stub.received[0]?.body.toString() ?? "").attachments;
      assert.deepEqual(sent, Array(3).fill({ content: "AP8=" }));
    });
  });

  describe("raw mail", () => {
    const bytes = new Uint8Array([0x53, 0xff, 0x0d, 0x0a]);

    it("is sent as it is in the body, with its envelope in a header and the rest in query parameters", async () => {
      answers({ status: 202, body: receipt("msg_1") });
      await messages().sendRaw(bytes, {
        to: ["a@example.org", "b@example.org"],
        server: "Facturation",
        scheduledAt: new Date("2027-01-31T09:00:00Z"),
        expiresAt: "2027-02-01T09:00Z",
        onUnknown: "resend",
        tags: { kind: "invoice & more" },
        wait: 10,
        idempotencyKey: "k",
      });
      const [request] = stub.received;
      assert.ok(request);
      const { "content-type": type, "relais-recipients": to, prefer, "idempotency-key": key } = request.headers;
      assert.deepEqual([type, to, prefer, key], ["message/rfc822", "a@example.org, b@example.org", "wait=10", "k"]);
      assert.deepEqual(request.body, Buffer.from(bytes));
      assert.deepEqual(Object.fromEntries(new URL(request.url, stub.origin).searchParams), {
        server: "Facturation",
        scheduledAt: "2027-01-31T09:00:00.000Z",
        expiresAt: "2027-02-01T09:00Z",
        onUnknown: "resend",
        "tag.kind": "invoice & more",
      });
    });

    it("uses the mail's own header as envelope if none is given", async () => {
      answers({ status: 202, body: receipt("msg_1") });
      await messages().sendRaw(bytes);
      const [request] = stub.received;
      assert.deepEqual([request?.url, request?.headers["relais-recipients"]], ["/v1/messages", undefined]);
    });

    for (const [what, to] of [
      ["an address beyond ASCII", ["jörg@example.org"]],
      ["an address with a line break", ["a@example.org\r\nX-Other: 1"]],
      ["an empty envelope", []],
      ["a hundred long addresses", longAddresses(100)],
    ] as const) {
      it(`is sent as JSON with ${what}, which no header carries everywhere`, async () => {
        answers({ status: 202, body: receipt("msg_1") });
        await messages().sendRaw(bytes, { to, tags: { kind: "x" }, idempotencyKey: "k" });
        const [request] = stub.received;
        assert.equal(request?.headers["content-type"], "application/json");
        const json = { raw: Buffer.from(bytes).toString("base64"), envelope: { to }, tags: { kind: "x" } };
        assert.deepEqual(JSON.parse(request.body.toString()), json);
        assert.equal(request.headers["idempotency-key"], "k");
      });
    }

    it("is sent as it is with its envelope in the header, whatever the letters, if JSON would be too large", async () => {
      const large = new Uint8Array(25_000_001);
      const to = ["jörg@example.org", ...longAddresses(40)];
      answers({ status: 202, body: receipt("msg_1") });
      await messages().sendRaw(large, { to });
      const [request] = stub.received;
      assert.equal(request?.body.length, large.length);
      assert.equal(Buffer.from(String(request?.headers["relais-recipients"]), "latin1").toString(), to.join(", "));
    });

    for (const [who, body] of [
      ["a proxy", {}],
      ["Relais's own server", problem("headers_too_large", 431)],
    ] as const) {
      it(`is refused as too large in its headers if ${who} says so, and is not repeated`, async () => {
        answers({ status: 431, body });
        const expected = { name: "RelaisConnectionError", code: "headers_too_large", outcome: "not_sent", attempts: 1 };
        await assert.rejects(messages().sendRaw(bytes, { to: "a@example.org" }), expected);
      });
    }

    const manyTags = Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`tag${at}`, "é".repeat(100)]));

    for (const [what, to] of [
      ["with an envelope", ["a@example.org"]],
      ["without an envelope", undefined],
    ] as const) {
      it(`is sent as JSON with tags that no query carries everywhere, ${what}`, async () => {
        answers({ status: 202, body: receipt("msg_1") });
        await messages().sendRaw(bytes, { ...(to && { to }), tags: manyTags, server: "srv_1", idempotencyKey: "k" });
        const [request] = stub.received;
        assert.deepEqual([request?.url, request?.headers["relais-recipients"]], ["/v1/messages", undefined]);
        const raw = Buffer.from(bytes).toString("base64");
        const json = { raw, ...(to && { envelope: { to } }), tags: manyTags, server: "srv_1" };
        assert.deepEqual(JSON.parse(request?.body.toString() ?? ""), json);
        assert.equal(request?.headers["idempotency-key"], "k");
      });
    }

    it("is sent as it is with many tags if JSON would be too large", async () => {
      answers({ status: 202, body: receipt("msg_1") });
      await messages().sendRaw(new Uint8Array(25_000_001), { tags: manyTags });
      const [request] = stub.received;
      assert.equal(request?.headers["content-type"], "message/rfc822");
      assert.equal(new URL(request.url, stub.origin).searchParams.get("tag.tag19"), "é".repeat(100));
    });
  });
});
