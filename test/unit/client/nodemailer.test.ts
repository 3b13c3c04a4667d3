import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { after, before, beforeEach, describe, it } from "node:test";
import { createTransport, type SendMailOptions } from "nodemailer";
import { type RelaisTransportOptions, relaisTransport } from "../../../functions/client/nodemailer.ts";
import { RelaisConnectionError, RelaisProblem } from "../../../functions/client/relais-error.ts";
import { comparableMail, fixedMail, nodemailerMails } from "../../builders/nodemailer-mails.ts";
import { longAddresses } from "../../builders/raw-mail.ts";
import { KEY, problem } from "../../builders/stub-client.ts";
import { type Received, type StubServer, startStubServer } from "../../builders/stub-server.ts";

describe("the nodemailer transport of relais-client", () => {
  const folder = mkdtempSync(join(tmpdir(), "relais-nodemailer-"));
  let stub: StubServer;
  let files: StubServer;
  before(async () => {
    stub = await startStubServer();
    files = await startStubServer();
    files.answer(({ url }) => ({ status: 200, text: `what is at ${url}` }));
  });
  after(() => {
    stub.close();
    files.close();
    rmSync(folder, { recursive: true });
  });
  beforeEach(() => {
    stub.received.length = 0;
    stub.answer(accept);
  });

  const idOf = ({ body }: Received): string => /^message-id: *(\S+)/im.exec(body.toString("latin1"))?.[1] ?? "<made@x>";
  const accept = (request: Received) => ({
    status: 202,
    body: { id: "msg_1", messageId: idOf(request), server: "srv_1", status: "queued" },
  });
  const transporter = (options: Partial<RelaisTransportOptions> = {}) =>
    createTransport(relaisTransport({ url: stub.origin, key: KEY, repetitions: 0, ...options }));
  const toRecipients = () => stub.received.map(({ headers }) => headers["relais-recipients"]);
  const mail = { from: "ada@example.com", to: "b@example.org", text: "x" };

  it("posts each mail of nodemailer's documentation as its stream transport composes it, to its envelope", async () => {
    const composer = createTransport({ streamTransport: true, buffer: true });
    const mails = Object.entries(nodemailerMails({ folder, origin: files.origin }));
    for (const [at, [name, given]] of mails.entries()) {
      const composed = await composer.sendMail(fixedMail(given(), at));
      const info = await transporter().sendMail(fixedMail(given(), at));
      const request = stub.received.at(-1) ?? assert.fail(name);
      assert.ok(Buffer.isBuffer(composed.message));
      assert.equal(comparableMail(request.body), comparableMail(composed.message), name);
      assert.equal(request.headers["content-type"], "message/rfc822", name);
      assert.equal(request.headers["relais-recipients"], composed.envelope.to.join(", "), name);
      assert.deepEqual(info.envelope, composed.envelope, name);
      const isRaw = "raw" in given();
      assert.equal(info.messageId, isRaw ? "<raw@example.com>" : composed.messageId, name);
    }
  });

  it("answers what nodemailer's transports answer, with the id and status at Relais", async () => {
    const info = await transporter({ server: "Facturation" }).sendMail({
      ...mail,
      cc: "c@example.org",
      bcc: "d@example.org",
    });
    const { envelope, messageId, accepted, rejected, response, id, status } = info;
    assert.deepEqual(envelope, { from: "ada@example.com", to: ["b@example.org", "c@example.org", "d@example.org"] });
    assert.deepEqual([accepted, rejected], [envelope.to, []]);
    assert.deepEqual([id, status, response], ["msg_1", "queued", "250 2.0.0 msg_1 queued"]);
    const [request] = stub.received;
    assert.equal(request?.url, "/v1/messages?server=Facturation");
    assert.equal(messageId, idOf(request));
    assert.doesNotMatch(request.body.toString(), /d@example\.org/);
  });

  it("repeats a mail with its key, composed once", async () => {
    let turn = 0;
    stub.answer((request) => {
      turn += 1;
      return turn === 1 ? "lost" : accept(request);
    });
    await transporter({ repetitions: 1 }).sendMail(mail);
    const [first, second] = stub.received;
    assert.ok(first && second);
    assert.equal(first.headers["idempotency-key"], second.headers["idempotency-key"]);
    assert.deepEqual(first.body, second.body);
  });

  it("takes what one mail may say to Relais", async () => {
    const relais = {
      server: "srv_2",
      idempotencyKey: "k",
      tags: { kind: "invoice" },
      scheduledAt: "2027-01-31T09:00Z",
    };
    const options: SendMailOptions & { relais: object } = { ...mail, relais };
    await transporter({ server: "srv_1" }).sendMail(options);
    const [request] = stub.received;
    assert.equal(request?.headers["idempotency-key"], "k");
    assert.deepEqual(Object.fromEntries(new URL(request.url, stub.origin).searchParams), {
      server: "srv_2",
      scheduledAt: "2027-01-31T09:00Z",
      "tag.kind": "invoice",
    });
  });

  it("keeps its own server for a mail that names none", async () => {
    for (const relais of [{ server: undefined }, { tags: { kind: "x" } }, {}, null, undefined]) {
      const options: SendMailOptions & { relais: unknown } = { ...mail, relais };
      await transporter({ server: "Facturation" }).sendMail(options);
      const [request] = stub.received.splice(0);
      assert.equal(new URL(request?.url ?? "", stub.origin).searchParams.get("server"), "Facturation");
    }
    const none: SendMailOptions & { relais: unknown } = { ...mail, relais: { server: undefined } };
    await transporter().sendMail(none);
    assert.equal(stub.received[0]?.url, "/v1/messages");
  });

  it("sends a mail although a program without types asks for a dry run, instead of telling of a mail that is not kept", async () => {
    const withLongList = { ...mail, to: [...longAddresses(100)] };
    for (const one of [mail, withLongList]) {
      const options: SendMailOptions & { relais: unknown } = { ...one, relais: { dryRun: true, server: "srv_2" } };
      const { id } = await transporter().sendMail(options);
      assert.equal(id, "msg_1");
      const [request] = stub.received.splice(0);
      assert.ok(request);
      assert.doesNotMatch(`${request.url} ${request.body}`, /dryRun/);
      assert.match(`${request.url} ${request.body}`, /srv_2/);
    }
  });

  it("sends to nobody if the envelope says so, whatever the header says", async () => {
    stub.answer(() => ({ status: 422, body: problem("invalid_request", 422, { retryable: false }) }));
    await assert.rejects(
      transporter().sendMail({ ...mail, envelope: { from: "a@example.com", to: [] } }),
      RelaisProblem,
    );
    const [request] = stub.received;
    assert.deepEqual(JSON.parse(request?.body.toString() ?? "").envelope, { to: [] });
  });

  for (const [code, status, responseCode] of [
    ["unauthenticated", 401, 535],
    ["forbidden", 403, 550],
    ["from_not_allowed", 422, 550],
    ["server_unavailable", 409, 550],
    ["invalid_request", 422, 554],
    ["message_too_large", 413, 552],
    ["overloaded", 429, 451],
    ["unavailable", 503, 451],
  ] as const) {
    it(`rejects with the problem ${code}, and the reply ${responseCode} that nodemailer would have got`, async () => {
      stub.answer(() => ({ status, body: problem(code, status) }));
      const permanent = responseCode >= 500;
      await assert.rejects(transporter().sendMail(mail), { name: "RelaisProblem", code, responseCode, permanent });
      await assert.rejects(transporter().verify(), { name: "RelaisProblem", code, responseCode });
    });
  }

  it("posts a mail to a hundred long addresses as JSON, since no header carries them everywhere", async () => {
    stub.answer(() => ({ status: 202, body: { id: "msg_1", messageId: "<1@x>", server: "srv_1", status: "queued" } }));
    const to = longAddresses(100);
    const sender = transporter({ server: "Facturation" });
    const { accepted } = await sender.sendMail({ ...mail, to: [...to] });
    assert.deepEqual(accepted, to);
    const [request] = stub.received;
    const { raw, envelope, server } = JSON.parse(request?.body.toString() ?? "");
    assert.deepEqual([envelope.to, server, request?.url], [to, "Facturation", "/v1/messages"]);
    assert.match(Buffer.from(raw, "base64").toString(), /^From: ada@example\.com\r\n/);
  });

  it("rejects with the reply 552 if Relais's own server refuses the headers for their size", async () => {
    stub.answer(() => ({ status: 431, body: problem("headers_too_large", 431) }));
    const expected = {
      name: "RelaisConnectionError",
      code: "headers_too_large",
      outcome: "not_sent",
      responseCode: 552,
    };
    await assert.rejects(transporter().sendMail(mail), expected);
  });

  for (const status of [413, 431]) {
    it(`rejects with the reply 552 if a proxy answers ${status}`, async () => {
      stub.answer(() => ({ status, text: "<html>Too large" }));
      const expected = { name: "RelaisConnectionError", status, responseCode: 552, permanent: true };
      await assert.rejects(transporter().sendMail(mail), expected);
    });
  }

  it("rejects with nodemailer's own error if a mail cannot be composed, and sends nothing", async () => {
    const missing = { ...mail, attachments: [{ path: join(folder, "missing.txt") }] };
    await assert.rejects(transporter().sendMail(missing), { code: "ENOENT" });
    const broken = new Readable({ read: () => broken.destroy(new Error("the disk is gone")) });
    await assert.rejects(transporter().sendMail({ ...mail, text: broken }), /the disk is gone/);
    assert.equal(stub.received.length, 0);
  });

  it("says that nobody knows if no answer came", async () => {
    stub.answer(() => "lost");
    await assert.rejects(transporter().sendMail(mail), (error) => {
      assert.ok(error instanceof RelaisConnectionError);
      assert.equal(error.outcome, "unknown");
      return true;
    });
  });

  it("ends with the mail's signal, while it is composed and while it is sent", async () => {
    const reason = new Error("enough");
    const sending = new AbortController();
    stub.answer(() => {
      sending.abort(reason);
      return "silent";
    });
    const aborted = { name: "AbortError", code: "EABORT", cause: reason };
    await assert.rejects(transporter().sendMail({ ...mail, signal: sending.signal }), aborted);
    const composing = new AbortController();
    // It gives nothing and has no end of its own.
    const stalled = new Readable({ read: () => setImmediate(() => composing.abort(reason)) });
    await assert.rejects(transporter().sendMail({ ...mail, text: stalled, signal: composing.signal }), aborted);
    assert.equal(stalled.destroyed, true);
    assert.equal(stub.received.length, 1);
  });

  it("proves its key without sending", async () => {
    const session = (permissions: readonly string[]) => ({ actor: "key:1", role: "program", permissions, servers: [] });
    stub.answer(() => ({ status: 200, body: session(["send"]) }));
    assert.equal(await transporter().verify(), true);
    assert.deepEqual(
      stub.received.map(({ method, url }) => `${method} ${url}`),
      ["GET /v1/session"],
    );
    stub.answer(() => ({ status: 200, body: session(["read"]) }));
    await assert.rejects(transporter().verify(), { code: "EAUTH", responseCode: 550 });
  });

  it("takes callbacks, and leaves alone what they throw", async () => {
    const [error, info] = await new Promise<readonly unknown[]>((resolve) => {
      transporter().sendMail(mail, (...ended) => resolve(ended));
    });
    assert.equal(error, null);
    assert.ok(typeof info === "object" && info !== null && "id" in info);
    stub.answer(() => ({ status: 401, body: problem("unauthenticated", 401) }));
    const [refused] = await new Promise<readonly unknown[]>((resolve) => {
      transporter().verify((...ended) => resolve(ended));
    });
    assert.ok(refused instanceof RelaisProblem);
  });

  it("sends to an address beyond ASCII too", async () => {
    await transporter().sendMail({ ...mail, to: "jörg@bücher.example" });
    assert.deepEqual(toRecipients(), [undefined]);
    const { envelope } = JSON.parse(stub.received[0]?.body.toString() ?? "");
    assert.deepEqual(envelope.to.length, 1);
  });

  it("is idle at any time, and needs no end", () => {
    const one = transporter();
    assert.equal(one.isIdle(), true);
    one.close();
  });
});
