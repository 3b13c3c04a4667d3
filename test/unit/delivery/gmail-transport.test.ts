import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { GmailApiTransport } from "../../../functions/adapters/gmail-api/gmail-transport.ts";
import { MINUTE } from "../../../functions/domain/clock.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { testClock } from "../../builders/clock.ts";

test("a worker that was frozen at the mark sends nothing, because others may have taken its message for abandoned", async (t) => {
  const asked: string[] = [];
  const server = createServer((req, res) => {
    asked.push(req.url ?? "");
    res.writeHead(200, { "content-type": "application/json" }).end('{"id":"1"}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const clock = testClock();
  const transport = new GmailApiTransport(clock, { rootUrl: `http://127.0.0.1:${address.port}` });
  const mail = { envelope: { from: "ada@example.com", to: ["b@y.org"] }, raw: Buffer.from("To: b@y.org\r\n\r\nx\r\n") };
  const outcome = await transport.send(
    mail,
    { username: "ada@example.com", accessToken: new Secret("t") },
    async () => {
      clock.advance(10 * MINUTE);
      return true;
    },
  );
  assert.equal(outcome.kind, "not_sent");
  assert.deepEqual(asked, []);
});
