import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { jsonLogger, withLogContext } from "../../../functions/runtime/logger.ts";

const logger = () => {
  const lines: string[] = [];
  const log = jsonLogger({
    write: (line) => lines.push(line),
    nowMs: () => 0,
    component: "send-mail",
    projectId: "acme",
  });
  return { log, lines, first: () => JSON.parse(lines[0] ?? "null") };
};

describe("jsonLogger", () => {
  it("writes one JSON object per line, in the format of Cloud Logging", () => {
    const { log, lines, first } = logger();
    log.warn("message_deferred", { messageId: "msg_1", attempt: 2 });
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? "", /\n/);
    assert.deepEqual(first(), {
      messageId: "msg_1",
      attempt: 2,
      severity: "WARNING",
      time: "1970-01-01T00:00:00.000Z",
      message: "message deferred",
      code: "message_deferred",
      component: "send-mail",
    });
  });

  it("adds the id and trace of the request, and of no other request", async () => {
    const { log, lines } = logger();
    const trace = (id: string) => ({ requestId: id, traceId: id });
    await Promise.all(
      ["a", "b"].map((id) =>
        withLogContext(trace(id), async () => {
          await Promise.resolve();
          log.info("x", { of: id });
        }),
      ),
    );
    for (const line of lines.map((text) => JSON.parse(text))) {
      assert.equal(line.requestId, line.of);
      assert.equal(line["logging.googleapis.com/trace"], `projects/acme/traces/${line.of}`);
    }
  });

  it("writes the names and messages of an error and its causes, and nothing else of them", () => {
    const { log, lines, first } = logger();
    const cause = Object.assign(new TypeError("socket hang up"), { config: { token: "canary" } });
    log.error("dependency_unavailable", {}, new Unavailable("read settings", { cause }));
    assert.equal(first().error, "Unavailable: could not read settings ← TypeError: socket hang up");
    assert.doesNotMatch(lines[0] ?? "", /canary|\.ts/);
  });

  it("stops at a cause that is circular or not an error", () => {
    const { log, lines } = logger();
    const circle: Error = new Error("round");
    circle.cause = circle;
    log.error("a", {}, circle);
    log.error("b", {}, "canary text");
    log.error("c", {}, new Secret("canary"));
    assert.equal(lines.length, 3);
    assert.doesNotMatch(lines.join(), /canary/);
  });

  it("lets no field replace code or severity", () => {
    const { log, first } = logger();
    log.info("real", { code: "forged", severity: "ERROR" });
    assert.equal(first().code, "real");
    assert.equal(first().severity, "INFO");
  });
});
