import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:https";
import { after, before, beforeEach, describe, it } from "node:test";
import { inspect } from "node:util";
import { baseUrlOf, requireVerifiedTls } from "../../../functions/client/origin.ts";
import { Relais } from "../../../functions/client/relais.ts";
import { RelaisConnectionError, RelaisError, RelaisProblem } from "../../../functions/client/relais-error.ts";
import { realPace } from "../../../functions/client/repetition.ts";
import { KEY, type NotedPace, notedPace, problem, stubClient } from "../../builders/stub-client.ts";
import { type StubReply, type StubServer, startStubServer } from "../../builders/stub-server.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

const RECEIPT = { id: "msg_1", messageId: "<1@example.com>", server: "srv_1", status: "queued" };
const accepted: StubReply = { status: 202, body: RECEIPT };

const rejection = async (work: Promise<unknown>): Promise<unknown> => {
  try {
    await work;
  } catch (error) {
    return error;
  }
  return assert.fail("it did not reject");
};

const problemOf = async (work: Promise<unknown>): Promise<RelaisProblem> => {
  const error = await rejection(work);
  assert.ok(error instanceof RelaisProblem, inspect(error));
  return error;
};

const connectionErrorOf = async (work: Promise<unknown>): Promise<RelaisConnectionError> => {
  const error = await rejection(work);
  assert.ok(error instanceof RelaisConnectionError, inspect(error));
  return error;
};

/** As programs without types may give a time, and what Relais gets, which explains what is wrong with it. */
const NO_TIMES: readonly (readonly [given: unknown, sent: unknown])[] = [
  [5, 5],
  [null, null],
  [{ at: 1 }, { at: 1 }],
  [new Date(Number.NaN), "Invalid Date"],
];

describe("a request of relais-client", () => {
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

  /** Answers in this order, and with the last one from then on. */
  const answers = (...replies: readonly StubReply[]): void => {
    let at = 0;
    stub.answer(() => replies[Math.min(at++, replies.length - 1)] ?? assert.fail("no answer is left"));
  };
  const messages = (changes = {}) => stubClient(stub.origin, pace, changes).messages;
  const keys = () => stub.received.map(({ headers }) => headers["idempotency-key"]);

  it("leaves it to Relais to say what is wrong with a time", async () => {
    answers(accepted);
    for (const [given, sent] of NO_TIMES) {
      const time = given as string;
      await messages().send({ to: "a@example.org", text: "x", scheduledAt: time, expiresAt: time });
      assert.deepEqual(JSON.parse(String(stub.received.at(-1)?.body)), {
        ...{ to: "a@example.org", text: "x" },
        ...{ scheduledAt: sent, expiresAt: sent },
      });
      await messages().sendRaw(Buffer.from("To: a@example.org\r\n\r\n"), { scheduledAt: time });
      assert.match(stub.received.at(-1)?.url ?? "", /[?&]scheduledAt=[^&]/);
    }
  });

  it("carries the key and a JSON body, in which bytes are base64 and times are ISO 8601", async () => {
    answers(accepted);
    const sent = await messages().send(
      {
        to: "b@example.org",
        subject: "é",
        text: "x",
        scheduledAt: new Date("2027-01-31T09:00:00Z"),
        attachments: [{ filename: "a.bin", content: new Uint8Array([0, 255]) }, { content: "QQ==" }],
      },
      { idempotencyKey: "invoice-42", wait: 30 },
    );
    assert.deepEqual(sent, RECEIPT);
    const [request] = stub.received;
    assert.ok(request);
    assert.equal(`${request.method} ${request.url}`, "POST /v1/messages");
    const { authorization, prefer, "content-type": type, "idempotency-key": key } = request.headers;
    assert.deepEqual(
      [authorization, prefer, type, key],
      [`Bearer ${KEY}`, "wait=30", "application/json", "invoice-42"],
    );
    assert.deepEqual(JSON.parse(request.body.toString()), {
      to: "b@example.org",
      subject: "é",
      text: "x",
      scheduledAt: "2027-01-31T09:00:00.000Z",
      attachments: [{ filename: "a.bin", content: "AP8=" }, { content: "QQ==" }],
    });
  });

  it("makes an idempotency key for each message, and keeps it for every repetition", async () => {
    answers(
      "lost",
      { status: 503, body: problem("unavailable", 503) },
      { status: 502, text: "<h1>Bad gateway" },
      accepted,
    );
    const client = messages();
    await client.send({ to: "b@example.org", text: "x" });
    const [first, ...others] = keys();
    assert.match(first?.toString() ?? "", /^[\x21-\x7e]{20,255}$/);
    assert.deepEqual(others, [first, first, first]);
    await client.send({ to: "b@example.org", text: "x" });
    assert.notEqual(keys().at(-1), first);
  });

  it("waits twice as long before each repetition, randomly shortened by up to half", async () => {
    answers("lost");
    await rejection(messages({ pace: { ...pace, random: () => 0 } }).get("msg_1"));
    await rejection(messages({ pace: { ...pace, random: () => 0.999_999 } }).get("msg_1"));
    const rounded = pace.pauses.map((ms) => Math.round(ms));
    assert.deepEqual(rounded, [250, 500, 1_000, 2_000, 500, 1_000, 2_000, 4_000]);
  });

  for (const [form, header] of [
    ["seconds", "7"],
    ["a date", new Date(notedPace().nowMs() + 7_000).toUTCString()],
  ] as const) {
    it(`waits as long as Retry-After requires in ${form}`, async () => {
      const busy = { status: 429, body: problem("overloaded", 429), headers: { "retry-after": header } };
      answers(busy, accepted);
      await messages().send({ to: "b@example.org", text: "x" });
      const [pause = 0] = pace.pauses;
      assert.ok(pause >= 7_000 && pause < 8_000, `${pause} ms`);
    });
  }

  it("reports a wait of several minutes to the caller instead of waiting", async () => {
    const busy = { status: 503, body: problem("unavailable", 503), headers: { "retry-after": "3600" } };
    answers(busy);
    const error = await problemOf(messages().send({ to: "b@example.org", text: "x" }));
    assert.deepEqual([error.retryAfterMs, error.attempts, stub.received.length], [3_600_000, 1, 1]);
  });

  it("ignores a Retry-After that cannot be read", async () => {
    answers({ status: 503, body: problem("unavailable", 503), headers: { "retry-after": "soon" } }, accepted);
    await messages().send({ to: "b@example.org", text: "x" });
    assert.deepEqual(pace.pauses, [250]);
  });

  it("rejects with a typed problem, and repeats none that is final", async () => {
    const fields = [{ path: "/to", code: "no_recipient", message: "at least one recipient" }] as const;
    answers({ status: 422, body: problem("invalid_request", 422, { fields, outcome: "not_sent" }) });
    const error = await problemOf(messages().send({ text: "x" }, { idempotencyKey: "k" }));
    assert.ok(error instanceof RelaisError && error instanceof Error);
    assert.deepEqual(
      [error.code, error.status, error.outcome, error.retryable, error.fields, error.requestId, error.idempotencyKey],
      ["invalid_request", 422, "not_sent", false, fields, "req-1", "k"],
    );
    assert.match(error.message, /invalid_request.*What to do.*\/to: at least one recipient.*req-1/);
    assert.equal(stub.received.length, 1);
  });

  it("says after the last repetition that the outcome is unknown, and which key to repeat it with", async () => {
    answers("lost");
    const error = await connectionErrorOf(messages().send({ to: "b@example.org", text: "x" }));
    assert.deepEqual([error.code, error.outcome, error.retryable, error.attempts], ["unreachable", "unknown", true, 5]);
    assert.equal(error.idempotencyKey, keys()[0]);
    assert.equal(stub.received.length, 5);
  });

  it("does not take a refusal as proof that an earlier request whose answer was lost sent nothing", async () => {
    const refused = { status: 401, body: problem("unauthenticated", 401, { outcome: "not_sent" }) };
    answers("lost", refused);
    const inDoubt = await problemOf(messages().send({ to: "b@example.org", text: "x" }));
    assert.deepEqual([inDoubt.code, inDoubt.outcome, inDoubt.attempts], ["unauthenticated", "unknown", 2]);
    const busy = { status: 429, body: problem("overloaded", 429, { outcome: "not_sent" }) };
    answers(busy, refused);
    const sure = await problemOf(messages().send({ to: "b@example.org", text: "x" }));
    assert.deepEqual([sure.outcome, sure.attempts], ["not_sent", 2]);
    answers({ status: 503, body: problem("unavailable", 503) });
    assert.equal((await problemOf(messages().send({ to: "b@example.org", text: "x" }))).outcome, "unknown");
    assert.equal((await problemOf(messages().get("msg_1"))).outcome, undefined);
  });

  it("states no outcome for a call that sends nothing", async () => {
    answers("lost");
    assert.equal((await connectionErrorOf(messages({ repetitions: 0 }).get("msg_1"))).outcome, undefined);
  });

  it("aborts a request that is not answered in time", async () => {
    answers("silent");
    const error = await connectionErrorOf(messages({ timeoutMs: 50, repetitions: 1 }).get("msg_1"));
    assert.deepEqual([error.code, error.attempts], ["timeout", 2]);
  });

  it("recognises an answer that does not come from Relais, and sends the key to no other host", async () => {
    const other = await startStubServer();
    answers({ status: 308, headers: { location: `${other.origin}/v1/session` } });
    const moved = await connectionErrorOf(
      stubClient(stub.origin, pace).request({ method: "GET", path: "/v1/session" }),
    );
    assert.deepEqual([moved.code, moved.status, moved.retryable], ["not_relais", 308, false]);
    assert.match(moved.message, new RegExp(`redirects to ${other.origin}`));
    assert.equal(other.received.length, 0);
    other.close();
    answers({ status: 200, text: "<html>Welcome" });
    const page = await connectionErrorOf(messages().get("msg_1"));
    assert.deepEqual([page.code, page.attempts], ["not_relais", 1]);
    answers({ status: 404, text: "<html>Not found" });
    const missing = await connectionErrorOf(messages().send({ to: "b@example.org", text: "x" }));
    assert.deepEqual([missing.code, missing.outcome, missing.attempts], ["not_relais", "not_sent", 1]);
  });

  const mail = { to: "b@example.org", text: "x" };

  for (const [what, reply] of [
    ["501 of a proxy", { status: 501, text: "<html>" }],
    ["520 of a proxy", { status: 520, text: "<html>" }],
    ["524 of a proxy", { status: 524, text: "" }],
    ["an acceptance that is cut off", { status: 202, text: '{"id":"msg_1","sta' }],
    ["an acceptance without a body", { status: 202, text: "" }],
    ["an acceptance of null", { status: 202, text: "null" }],
    ["an acceptance of something else", { status: 200, text: '["msg_1"]' }],
    ["an acceptance of no message", { status: 200, text: '{"status":"ok"}' }],
  ] as const) {
    it(`takes ${what} as no answer to a message, and asks again with its key`, async () => {
      answers(reply, accepted);
      assert.deepEqual(await messages().send(mail), RECEIPT);
      assert.equal(keys().length, 2);
      assert.equal(new Set(keys()).size, 1);
      answers(reply);
      const error = await connectionErrorOf(messages({ repetitions: 1 }).send(mail));
      const { code, status, outcome, retryable, attempts } = error;
      assert.deepEqual([code, status, outcome], ["not_relais", reply.status, "unknown"]);
      assert.deepEqual([retryable, attempts], [true, 2]);
    });
  }

  it("does not take the refusal that follows an acceptance that is cut off as proof that nothing was sent", async () => {
    answers(
      { status: 202, text: '{"id":"msg_1",' },
      { status: 401, body: problem("unauthenticated", 401, { outcome: "not_sent" }) },
    );
    assert.equal((await problemOf(messages().send(mail))).outcome, "unknown");
  });

  it("does not resolve a call that sends nothing with null", async () => {
    answers({ status: 200, text: "null" });
    const error = await connectionErrorOf(messages().get("msg_1"));
    assert.deepEqual([error.code, error.outcome, error.retryable], ["not_relais", undefined, false]);
  });

  it("rejects with the signal's reason, before, during and between requests", async () => {
    answers("silent");
    const reason = new Error("enough");
    assert.equal(await rejection(messages().get("msg_1", { signal: AbortSignal.abort(reason) })), reason);
    assert.equal(stub.received.length, 0);
    const during = new AbortController();
    stub.answer(() => {
      during.abort(reason);
      return "silent";
    });
    assert.equal(await rejection(messages().get("msg_1", { signal: during.signal })), reason);
    const between = new AbortController();
    answers("lost");
    const sleep: typeof realPace.sleep = (ms, signal) => {
      setImmediate(() => between.abort(reason));
      return realPace.sleep(ms + 600_000, signal);
    };
    const aborted = messages({ pace: { ...pace, sleep } }).get("msg_1", { signal: between.signal });
    assert.equal(await rejection(aborted), reason);
    assert.equal(stub.received.length, 2);
  });

  it("asks for a token before each request, and passes on the rejection of that", async () => {
    answers("lost", accepted);
    let asked = 0;
    const key = () => Promise.resolve(`token-${++asked}`);
    await messages({ key }).send({ to: "b@example.org", text: "x" });
    const sent = stub.received.map(({ headers }) => headers.authorization);
    assert.deepEqual(sent, ["Bearer token-1", "Bearer token-2"]);
    const failed = new Error("no metadata server");
    assert.equal(await rejection(messages({ key: () => Promise.reject(failed) }).get("msg_1")), failed);
  });

  it("requires https, except on loopback, and an address without user, query and fragment", () => {
    for (const url of ["http://relais.example.com", "ftp://example.com", "relais", "http://127.0.0.1.example.com"]) {
      assert.throws(() => new Relais({ url, key: KEY }), TypeError, url);
    }
    for (const url of ["https://user:x@example.com", "https://example.com/?a=1", "https://example.com/#a"]) {
      assert.throws(() => new Relais({ url, key: KEY }), /address alone/, url);
    }
    assert.equal(baseUrlOf(new URL("https://example.com/")), "https://example.com");
    assert.equal(baseUrlOf("https://example.com/relais/"), "https://example.com/relais");
    for (const url of ["http://localhost:8080", "http://127.0.0.1:1", "http://[::1]:1", "http://relais.localhost"]) {
      assert.equal(baseUrlOf(url), url);
    }
  });

  it("sends nothing to a server whose certificate nobody vouches for, and says so", async () => {
    const { certificate: cert, key } = issueCertificates();
    let requests = 0;
    const server = createServer({ cert, key }, (_, answer) => {
      requests += 1;
      answer.end("{}");
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const url = `https://localhost:${typeof address === "object" ? address?.port : ""}`;
    const error = await connectionErrorOf(new Relais({ url, key: KEY, repetitions: 0 }).session());
    server.close();
    assert.equal(error.code, "unreachable");
    assert.match(error.message, /could not be reached: .*certificate/);
    assert.equal(requests, 0);
  });

  it("makes no https request while the environment disables the verification of certificates", () => {
    const off = { NODE_TLS_REJECT_UNAUTHORIZED: "0" };
    assert.throws(() => requireVerifiedTls("https://example.com", off), /NODE_TLS_REJECT_UNAUTHORIZED/);
    requireVerifiedTls("https://example.com", {});
    requireVerifiedTls("http://localhost:8080", off);
  });

  it("does not reveal its key when it is printed, nor in an error", async () => {
    answers({ status: 401, body: problem("unauthenticated", 401) });
    const relais = new Relais({ url: stub.origin, key: KEY });
    const error = await rejection(relais.session());
    for (const shown of [inspect(relais, { depth: 9, showHidden: true }), inspect(error, { depth: 9 })]) {
      assert.ok(!shown.includes(KEY), shown);
    }
    for (const key of ["", `${KEY}\n`, "clé"]) {
      assert.throws(
        () => new Relais({ url: stub.origin, key }),
        (thrown: Error) => thrown instanceof TypeError && !thrown.message.includes(KEY),
      );
    }
  });

  it("sends nothing that no header can carry, and shows no token that has it", async () => {
    stub.received.length = 0;
    for (const token of ["", `${KEY}\n${KEY}`, `${KEY}\0`, `${KEY}…`, `Bearer ${KEY}`]) {
      const error = await rejection(messages({ key: () => token }).get("msg_1"));
      assert.ok(error instanceof TypeError && error.message.includes("Authorization"), inspect(error));
      assert.ok(!inspect(error, { depth: 9 }).includes(KEY));
    }
    for (const idempotencyKey of ["order…42", "order\n42"]) {
      const error = await rejection(messages().send({ to: "b@example.org", text: "x" }, { idempotencyKey }));
      assert.ok(error instanceof TypeError && error.message.includes("Idempotency-Key"), inspect(error));
    }
    assert.deepEqual([stub.received, pace.pauses], [[], []]);
  });

  it("recognises an answer that does not come from Relais although a fetch of the caller's own names no URL", async () => {
    const mine = () => Promise.resolve(new Response("<html>", { status: 404 }));
    const error = await connectionErrorOf(messages({ fetch: mine }).get("msg_1"));
    assert.deepEqual([error.code, error.retryable, error.status], ["not_relais", false, 404]);
    assert.ok(error.message.startsWith(stub.origin));
  });
});
