import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { FieldProblem } from "../../../functions/domain/problem.ts";
import { problemBody } from "../../../functions/runtime/problem-json.ts";

const field = (path: string, message = "not known"): FieldProblem => ({ path, code: "unknown_field", message });

const fieldsOf = (...fields: readonly FieldProblem[]): readonly FieldProblem[] => {
  const body = problemBody({ code: "invalid_request", fields }, { requestId: "req_1", language: "en" });
  return body.fields ?? assert.fail("no fields");
};

describe("A problem as the body of an answer", () => {
  it("is well-formed text wherever a long path or message is cut", () => {
    for (const before of ["/", "/a"]) {
      const long = `${before}${"😀".repeat(600)}`;
      const [cut] = fieldsOf(field(long, long));
      assert.ok(cut);
      assert.ok(cut.path.isWellFormed() && cut.message.isWellFormed());
      assert.match(cut.path, /^\/a?(?:😀){90,}\ufffd?…$/u);
      assert.match(cut.message, /^\/a?(?:😀){200,}\ufffd?…$/u);
    }
  });

  it("is well-formed text although a name in the request is not", () => {
    const [whole, cut] = fieldsOf(field("/\ud83d"), field(`/\udc00${"x".repeat(300)}`));
    assert.equal(whole?.path, "/\ufffd");
    assert.ok(cut?.path.isWellFormed());
  });

  it("leaves text alone that is short enough", () => {
    assert.deepEqual(fieldsOf(field("/tags/😀", "…")), [field("/tags/😀", "…")]);
  });
});
