import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { Unavailable } from "../../../functions/domain/problem.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { LOG_EVENTS } from "../../../functions/runtime/log-events.ts";
import { jsonLogger, withLogContext } from "../../../functions/runtime/logger.ts";

const logger = () => {
  const lines: string[] = [];
  const log = jsonLogger({
    write: (line) => lines.push(line),
    nowMs: () => 0,
    component: "send-mail",
    build: { version: "1.2.3", commit: "abc" },
    projectId: "acme",
  });
  return { log, lines, first: () => JSON.parse(lines[0] ?? "null") };
};

describe("jsonLogger", () => {
  it("writes one JSON object per line, in the format of Cloud Logging", () => {
    const { log, lines, first } = logger();
    log.warn("claim_lost", { messageId: "msg_1", attempt: 2 });
    assert.equal(lines.length, 1);
    assert.doesNotMatch(lines[0] ?? "", /\n/);
    assert.deepEqual(first(), {
      messageId: "msg_1",
      attempt: 2,
      severity: "WARNING",
      time: "1970-01-01T00:00:00.000Z",
      message: LOG_EVENTS.claim_lost.means,
      code: "claim_lost",
      component: "send-mail",
      version: "1.2.3",
      commit: "abc",
    });
  });

  it("adds the id and trace of the request, and of no other request", async () => {
    const { log, lines } = logger();
    const trace = (id: string) => ({ requestId: id, traceId: id });
    await Promise.all(
      ["a", "b"].map((id) =>
        withLogContext(trace(id), async () => {
          await Promise.resolve();
          log.info("server_checked", { of: id });
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
    log.error("tick_failed", {}, circle);
    log.error("tick_failed", {}, "canary text");
    log.error("tick_failed", {}, new Secret("canary"));
    assert.equal(lines.length, 3);
    assert.doesNotMatch(lines.join(), /canary/);
  });

  it("is given no field of a name that it writes itself, anywhere in the code", () => {
    const root = new URL("../../../functions/", import.meta.url).pathname;
    const sources = globSync("{domain,runtime,adapters,submission}/**/*.ts", { cwd: root });
    const calls = sources.flatMap((path) => [
      ...readFileSync(`${root}${path}`, "utf8").matchAll(/log\.(?:info|warn|error)\(\s*"\w+",\s*\{([^}]*)\}/g),
    ]);
    const lost = calls.filter(([, fields = ""]) =>
      /\b(?:message|code|severity|time|component|version|error):/.test(fields),
    );
    assert.ok(calls.length > 30);
    assert.deepEqual(
      lost.map(([call]) => call).filter((call) => !call.includes("oauth_client_rejected")),
      [],
    );
  });

  it("lets no field replace code or severity", () => {
    const { log, first } = logger();
    log.info("signed_in", { code: "forged", severity: "ERROR" });
    assert.equal(first().code, "signed_in");
    assert.equal(first().severity, "INFO");
  });
});
