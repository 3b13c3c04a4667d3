import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { after, before, describe, it } from "node:test";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { type Listening, listen } from "../../../functions/runtime/local/listen.ts";

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
      400,
      "malformed_request",
    ],
    ["a header with a NUL", "GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n", 400, "malformed_request"],
    ["two lengths", "POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400, "malformed_request"],
    ["no Host", "GET / HTTP/1.1\r\nConnection: close\r\n\r\n", 400, "malformed_request"],
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

  it("an unknown expectation is ignored", async () => {
    const request = "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\nConnection: close\r\n\r\n";
    assert.deepEqual([(await answerTo(request)).status, (await answerTo(request)).body], [200, "a request"]);
  });

  it("the next request is served", async () => {
    assert.equal(await (await fetch(`http://127.0.0.1:${port}/`)).text(), "a request");
  });
});
