import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Problem } from "../../../functions/domain/problem.ts";
import { isTextCode, problemText } from "../../../functions/domain/problem-texts.ts";
import { problemPage } from "../../../functions/runtime/pages/problem-page.ts";

const pageOf = (problem: Problem, serverId: string | null): string => {
  const reply = problemPage(problem, { language: "en", requestId: "req_1", serverId });
  assert.ok(reply.kind === "html");
  return reply.html;
};

describe("the problem page", () => {
  it("escapes everything it is given", () => {
    const page = pageOf({ code: "state_invalid" }, `"><script>alert(1)</script>`);
    assert.doesNotMatch(page, /<script/);
    assert.match(page, /href="\/servers\/%22%3E%3Cscript%3E/);
  });

  it("names both accounts, escaped, and the way to choose another", () => {
    for (const language of ["en", "fr"] as const) {
      const accounts = { came: `"<b>eve</b>"@example.com`, expected: "ada@example.com" };
      const context = { language, requestId: "req_1", serverId: "srv_1", accounts };
      const reply = problemPage({ code: "account_mismatch" }, context);
      assert.ok(reply.kind === "html");
      assert.match(
        reply.html,
        /<dd>&quot;&lt;b&gt;eve&lt;\/b&gt;&quot;@example\.com<\/dd>.*<dd>ada@example\.com<\/dd>/,
      );
      assert.match(reply.html, /<a class="first" href="\/google_gmail\/authorize\?server=srv_1">/);
    }
  });

  it("names the account that is not admitted, and an expected one only if there is one", () => {
    const named = (expected: string | null): string => {
      const accounts = { came: "eve@example.com", expected };
      const context = { language: "en" as const, requestId: "req_1", serverId: null, accounts };
      const reply = problemPage({ code: "not_admitted" }, context);
      return reply.kind === "html" ? reply.html : "";
    };
    assert.match(named("@example.com"), /eve@example\.com.*Expected account<\/dt><dd>@example\.com/);
    assert.match(named(null), /Account you chose<\/dt><dd>eve@example\.com/);
    assert.doesNotMatch(named(null), /Expected account/);
    assert.match(named(null), /href="\/google_gmail\/authorize\?sign-in&amp;next=\/">Choose another account/);
  });

  it("offers a reload if one may help, by a link without a code", () => {
    assert.match(pageOf({ code: "google_unavailable", retryAfterS: 5 }, "srv_1"), /<a class="first" href="">/);
    assert.doesNotMatch(pageOf({ code: "code_invalid" }, "srv_1"), /href=""/);
  });

  it("allows exactly its own style in its policy", async () => {
    const reply = problemPage({ code: "state_invalid" }, { language: "fr", requestId: "req_1", serverId: null });
    assert.ok(reply.kind === "html");
    const style = /<style>(.*?)<\/style>/s.exec(reply.html)?.[1] ?? "";
    const digest = Buffer.from(await crypto.subtle.digest("SHA-256", Buffer.from(style))).toString("base64");
    assert.ok(reply.headers?.["Content-Security-Policy"]?.includes(`style-src 'sha256-${digest}'`));
  });
});

describe("the texts", () => {
  it("never advise returning to Testing without stating the consequences", () => {
    for (const language of ["fr", "en"] as const) {
      const { advice } = problemText("testing_7d", language);
      assert.match(advice, language === "fr" ? /sept jours/ : /seven days/);
      assert.match(advice, language === "fr" ? /En production/ : /In production/);
    }
  });

  it("recognize their own codes", () => {
    assert.ok(isTextCode("account_mismatch"));
    assert.ok(!isTextCode("constructor"));
  });
});
