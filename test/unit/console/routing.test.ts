import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { googleConsole, projectOf } from "../../../functions/console/routing/google-console.ts";
import {
  CONSOLE_PATHS,
  connectHref,
  googleSignInHref,
  leavesConsole,
  safeNext,
  setupTokenIn,
  signInPath,
} from "../../../functions/console/routing/next.ts";
import { DOCS_PATHS } from "../../../functions/reference/docs-paths.ts";

describe("where a sign-in leads back to", () => {
  it("is a page of the console or the start of a consent", () => {
    for (const path of [
      "/",
      "/setup",
      "/servers",
      "/servers/srv_1?problem=scope_missing",
      "/messages?status=held",
      "/operations",
      "/google_gmail/authorize?server=srv_1",
    ]) {
      assert.equal(safeNext(path), path);
    }
  });

  it("is the home page for anything else", () => {
    for (const path of [
      null,
      undefined,
      "",
      "servers",
      "//evil.example",
      "/\\evil.example",
      "/servers\\..\\..//evil.example",
      "\t//evil.example",
      "/\t/evil.example",
      "https://evil.example/servers",
      "javascript:alert(1)",
      "/../..//evil.example",
      "/sign-in",
      "/sign-in?next=/sign-in",
      "/v1/session",
      "/google_gmail/confirm?code=x",
      "/serversx",
    ]) {
      assert.equal(safeNext(path), "/", String(path));
    }
  });

  it("stays on this origin whatever comes in", () => {
    const piece = fc.constantFrom(
      "/",
      "\\",
      "//",
      "..",
      ".",
      "@",
      ":",
      "?",
      "#",
      "%2f",
      "%5c",
      "\t",
      "\n",
      "servers",
      "evil.example",
      "https:",
    );
    const hostile = fc.oneof(
      fc.string(),
      fc.array(piece, { maxLength: 8 }).map((pieces) => `/${pieces.join("")}`),
    );
    fc.assert(
      fc.property(hostile, (raw) => {
        assert.equal(new URL(safeNext(raw), "https://relais.example").origin, "https://relais.example");
        assert.equal(safeNext(safeNext(raw)), safeNext(raw));
      }),
      { numRuns: 2_000 },
    );
  });

  it("survives the sign-in page and Google", () => {
    const next = "/google_gmail/authorize?server=srv_1&x=a b";
    const onPage = new URL(signInPath(next), "https://relais.example").searchParams.get("next");
    assert.equal(safeNext(onPage), safeNext(next));
    const toGoogle = new URL(googleSignInHref("/servers?a=1&b=2"), "https://relais.example");
    assert.equal(toGoogle.searchParams.get("next"), "/servers?a=1&b=2");
    assert(toGoogle.searchParams.has("sign-in"));
    assert.equal(signInPath("/"), "/sign-in");
  });

  it("is loaded by the browser if the console has no such page", () => {
    const elsewhere = [
      "/google_gmail/authorize?server=srv_1",
      "/v1/session",
      ...Object.values(DOCS_PATHS).flatMap((docs) => [docs, `${docs}?q`, `${docs}#errors`]),
      "/openapi.json",
      "/health",
    ];
    for (const path of elsewhere) {
      assert(leavesConsole(path), path);
      assert(!CONSOLE_PATHS.test(path), path);
    }
    for (const path of ["/", "/servers/srv_1", "/servers/docs", "/keys?new", "/docsx", "/healthy"]) {
      assert(!leavesConsole(path), path);
      assert(CONSOLE_PATHS.test(path), path);
    }
  });
});

describe("links", () => {
  it("escape the ids in them", () => {
    assert.equal(connectHref("srv_1&sign-in"), "/google_gmail/authorize?server=srv_1%26sign-in");
  });

  it("find the setup token only in the fragment", () => {
    assert.equal(setupTokenIn("#setup=abc-_1"), "abc-_1");
    assert.equal(setupTokenIn("#main"), null);
    assert.equal(setupTokenIn("#setup="), null);
    assert.equal(setupTokenIn(""), null);
  });

  it("open Google's console in the client's project, if it is known", () => {
    const project = projectOf("123456789012-abc.apps.googleusercontent.com");
    assert.equal(project, "123456789012");
    assert.equal(
      googleConsole("clients", project),
      "https://console.cloud.google.com/auth/clients?project=123456789012",
    );
    assert.equal(googleConsole("newProject", project), "https://console.cloud.google.com/projectcreate");
    assert.equal(projectOf("odd-client"), null);
    assert.equal(projectOf(null), null);
  });
});
