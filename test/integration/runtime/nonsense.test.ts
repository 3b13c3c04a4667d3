import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { type Listening, listen } from "../../../functions/runtime/local/listen.ts";
import { refuseUnparsable } from "../../../functions/runtime/local/refusals.ts";

// What Node's parser does not take for a request reaches no function, but it is refused in the same form.

let port: number;
let listening: Listening;
before(async () => {
  port = await freePort();
  listening = await listen(port, (_, res) => res.end("a request"));
});
after(() => listening.close(0));

const answerTo = async (text: string) => {
  const socket = connect(port, "127.0.0.1");
  socket.end(text);
  let answer = "";
  socket.on("data", (chunk) => {
    answer += chunk.toString();
  });
  await once(socket, "close");
  const [head = "", body = ""] = answer.split("\r\n\r\n");
  return { status: Number(head.split(" ")[1]), head, body };
};

describe("Something that is not an HTTP request", () => {
  const nonsense: readonly (readonly [what: string, text: string, status: number, code: string])[] = [
    ["a method that nobody has", "FOO /v1/messages HTTP/1.1\r\nHost: a\r\n\r\n", 405, "method_not_allowed"],
    [
      "headers beyond 16 KiB",
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(20_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    [
      "a target beyond 16 KiB",
      `GET /v1/messages?tag.a=${"a".repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    ["a header with a NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, "malformed_request"],
    ["two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed_request"],
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
    ["two Hosts", "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
    ["one Host twice", "GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
    ["two Hosts of HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400, "malformed_request"],
    ["the wish for a tunnel", "CONNECT a:1 HTTP/1.1\r\nHost: a:1\r\n\r\n", 405, "method_not_allowed"],
    ["another protocol", "hello\r\n\r\n", 405, "method_not_allowed"],
  ];
  for (const [what, text, status, code] of nonsense) {
    it(`${what} is refused with problem details`, async () => {
      const answer = await answerTo(text);
      assert.equal(answer.status, status);
      assert.match(answer.head, /^Content-Type: application\/problem\+json/m);
      if (status === 405) assert.match(answer.head, /^Allow: GET, HEAD, POST, PUT, PATCH, DELETE$/m);
      const problem = JSON.parse(answer.body);
      assert.equal(problem.status, status);
      assert.equal(problem.code, code);
      assert.match(problem.requestId, /^req_/);
    });
  }

  for (const [what, text] of [
    ["head", "GET / HTTP/1.1\r\nHost: a\r\n"],
    ["body", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nx"],
  ] as const) {
    it(`a request whose ${what} does not come whole in time is refused as such, and the connection is closed`, async () => {
      const hasty = createServer({ headersTimeout: 100, requestTimeout: 200, connectionsCheckingInterval: 20 });
      hasty.on("clientError", refuseUnparsable).listen(0, "127.0.0.1");
      await once(hasty, "listening");
      const socket = connect((hasty.address() as AddressInfo).port, "127.0.0.1");
      let answer = "";
      socket.on("data", (chunk) => (answer += chunk.toString()));
      socket.write(text);
      await once(socket, "close");
      hasty.close();
      const [head = "", body = ""] = answer.split("\r\n\r\n");
      assert.match(head, /^HTTP\/1\.1 408 /);
      assert.match(head, /^Connection: close$/m);
      const { status, code, retryable } = JSON.parse(body);
      assert.deepEqual([status, code, retryable], [408, "request_timeout", true]);
    });
  }

  it("an unknown expectation is ignored", async () => {
    const request = "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n";
    assert.deepEqual([(await answerTo(request)).status, (await answerTo(request)).body], [200, "a request"]);
  });

  it("HTTP/1.0 needs no Host", async () => {
    assert.equal((await answerTo("GET / HTTP/1.0\r\n\r\n")).status, 200);
  });

  it("the next request is served", async () => {
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "a request");
  });
});
