import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import {
  AnswerTooLarge,
  type HttpRequest,
  NoAnswerInTime,
  sendRequest,
} from "../../../functions/adapters/http/send-request.ts";

describe("a plain HTTP request", () => {
  let server: Server;
  let answer: RequestListener;
  before(async () => {
    server = createServer((request, response) => answer(request, response)).listen(0, "127.0.0.1");
    await once(server, "listening");
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const send = (more: Partial<HttpRequest> = {}) =>
    sendRequest({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`,
      method: "POST",
      headers: { "content-type": "text/plain" },
      body: "é",
      timeoutMs: 5_000,
      largestAnswerBytes: 1_000,
      keepAlive: false,
      ...more,
    });

  it("sends the body with its length in bytes, and returns status, headers and text", async () => {
    answer = async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      response.writeHead(400, { "retry-after": "7" });
      response.end(`${request.method} ${request.headers["content-length"]} ${Buffer.concat(parts)}`);
    };
    const { status, headers, text } = await send();
    assert.deepEqual([status, headers["retry-after"], text], [400, "7", "POST 2 é"]);
  });

  it("sends a body of several parts as one, and says its length", async () => {
    answer = async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part);
      response.end(`${request.headers["content-length"]} ${Buffer.concat(parts)}`);
    };
    const parts = ["a", "", "é", "x".repeat(300_000)].map((text) => Buffer.from(text));
    const { text } = await send({ body: parts, largestAnswerBytes: 400_000 });
    assert.equal(text, `300003 aé${"x".repeat(300_000)}`);
    assert.equal((await send({ body: [] })).text, "0 ");
  });

  it("follows no redirect", async () => {
    const asked: (string | undefined)[] = [];
    answer = (request, response) => {
      asked.push(request.url);
      response.writeHead(307, { location: "/elsewhere" }).end();
    };
    assert.equal((await send()).status, 307);
    assert.deepEqual(asked, ["/token"]);
  });

  it("aborts an endless answer", async () => {
    let closed = false;
    answer = (_, response) => {
      response.on("close", () => {
        closed = true;
      });
      const more = (): void => {
        if (!response.destroyed) response.write("x".repeat(600), () => setImmediate(more));
      };
      more();
    };
    await assert.rejects(send(), AnswerTooLarge);
    while (!closed) await new Promise(setImmediate);
  });

  it("waits no longer than allowed, for the beginning of an answer or its end", async () => {
    answer = () => undefined;
    await assert.rejects(send({ timeoutMs: 50 }), NoAnswerInTime);
    answer = (_, response) => void response.write("half");
    await assert.rejects(send({ timeoutMs: 50 }), NoAnswerInTime);
  });

  it("says what happened to a connection", async () => {
    answer = (_, response) => void response.destroy();
    await assert.rejects(send(), { code: "ECONNRESET" });
    await assert.rejects(send({ url: "http://127.0.0.1:1/" }), { code: "ECONNREFUSED" });
    answer = (_, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half", () => response.destroy());
    };
    await assert.rejects(send(), { code: "ECONNRESET" });
  });

  it("reuses a connection only if told to", async () => {
    const ports = new Set<number | undefined>();
    answer = (request, response) => {
      ports.add(request.socket.remotePort);
      response.end("x");
    };
    for (let count = 0; count < 3; count += 1) await send();
    assert.equal(ports.size, 3);
    ports.clear();
    for (let count = 0; count < 3; count += 1) await send({ keepAlive: true });
    assert.equal(ports.size, 1);
  });
});
