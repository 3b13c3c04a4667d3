import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { routes } from "../../../functions/runtime/handlers/send-mail.ts";
import { type Api, startApi } from "../../builders/api.ts";

const MIB = 1024 * 1024;

describe("POST /v1/messages", () => {
  let api: Api;
  before(async () => {
    api = await startApi(routes);
  });
  after(() => api.close());

  it("answers message_too_large above the platform's 32 MiB as above its own limit, and says that nothing was sent", async () => {
    const message = { to: "b@y.org", text: "x" };
    const heavy = {
      ...message,
      attachments: [{ filename: "a", content: Buffer.alloc(24_000_000).toString("base64") }],
    };
    for (const body of [heavy, `${JSON.stringify(message)}${" ".repeat(32 * MIB)}`]) {
      for (const path of ["/v1/messages", "/v1/messages/batch"]) {
        if (path.endsWith("batch") && typeof body !== "string") continue;
        const { status, body: problem } = await api.setup("POST", path, { body });
        assert.equal(status, 413);
        assert.ok(typeof problem === "object" && problem !== null && "code" in problem && "outcome" in problem);
        assert.deepEqual([problem.code, problem.outcome], ["message_too_large", "not_sent"]);
      }
    }
  });

  it("also tells a caller without access that nothing was sent", async () => {
    const { status, body } = await api.nobody("POST", "/v1/messages", { body: { to: "b@y.org", text: "x" } });
    assert.equal(status, 401);
    assert.ok(typeof body === "object" && body !== null && "outcome" in body);
    assert.equal(body.outcome, "not_sent");
  });
});
