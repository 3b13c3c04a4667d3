import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { after, before, describe, it } from "node:test";
import { GmailApiTransport } from "../../../functions/adapters/gmail-api/gmail-transport.ts";
import { classify, type ReplyMeaning } from "../../../functions/domain/google/reply-table.ts";
import type { SendOutcome } from "../../../functions/domain/google/transports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { testClock } from "../../builders/clock.ts";

const TYPES = ["application/json; charset=utf-8", "text/plain", "text/html", "application/octet-stream", null] as const;

/** The status and body of a refusal, and what it means. */
const REFUSALS: readonly (readonly [number, unknown, ReplyMeaning])[] = [
  [400, { error: { code: 400, status: "FAILED_PRECONDITION", message: "Precondition check failed." } }, "account"],
  [400, { error: { errors: [{ reason: "failedPrecondition" }] } }, "account"],
  [400, { error: "failedPrecondition" }, "account"],
  [400, "Mail service not enabled", "account"],
  [403, { error: { errors: [{ reason: "userRateLimitExceeded" }] } }, "rate_limit"],
  [403, { error: { errors: [{ reason: "dailyLimitExceeded" }] } }, "daily_limit"],
  [403, { message: "User-rate limit exceeded" }, "rate_limit"],
  [403, "Rate Limit Exceeded", "rate_limit"],
  [403, "<html><body>Rate Limit Exceeded</body></html>", "account"],
  [400, { error: { errors: [{ reason: "invalidArgument" }], message: "Invalid To header" } }, "final"],
  [400, "Bad Request", "final"],
];

describe("Gmail's refusals are understood whatever content type they declare", () => {
  let answer: { readonly status: number; readonly type: string | null; readonly body: string };
  const server = createServer((_, res) => {
    if (answer.type !== null) res.setHeader("content-type", answer.type);
    res.writeHead(answer.status).end(answer.body);
  });
  before(() => once(server.listen(0, "127.0.0.1"), "listening"));
  after(() => server.close());
  const send = async (): Promise<SendOutcome> => {
    const address = server.address();
    assert.ok(typeof address === "object" && address !== null);
    const transport = new GmailApiTransport(testClock(), { rootUrl: `http://127.0.0.1:${address.port}` });
    const raw = Buffer.from("To: b@y.org\r\n\r\nx\r\n");
    const mail = { envelope: { from: "ada@example.com", to: ["b@y.org"] }, raw };
    return transport.send(mail, { username: "ada@example.com", accessToken: new Secret("t") }, async () => true);
  };

  for (const type of TYPES) {
    it(String(type), async () => {
      for (const [status, said, meaning] of REFUSALS) {
        const body = typeof said === "string" ? said : JSON.stringify(said);
        answer = { status, type, body };
        const outcome = await send();
        assert.ok(outcome.kind === "refused", body);
        assert.equal(classify({ transport: "gmail_api", ...outcome }).meaning, meaning, body);
        assert.ok(!outcome.reply.response.includes("<"), "no page in a record");
      }
      answer = { status: 200, type, body: '{"id":"m1"}' };
      const sent = await send();
      assert.ok(sent.kind === "accepted");
      assert.equal(sent.providerId, "m1");
    });
  }
});
