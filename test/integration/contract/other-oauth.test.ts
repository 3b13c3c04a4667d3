import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import type { GoogleOAuth, Revocation, TokenAnswer } from "../../../functions/domain/google/tokens.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";

// A token endpoint that follows RFC 6749 and yet answers differently from our sandbox.
describe("the answers of a token endpoint", () => {
  const clock: TestClock = testClock();
  const HOUR_MS = 3_600_000;
  let server: Server;
  let oauth: GoogleOAuth;
  let answer: { readonly status: number; readonly body: string; readonly type: string };

  before(async () => {
    server = createServer((req, res) => {
      req.resume().on("end", () => {
        res.writeHead(answer.status, { "content-type": answer.type }).end(answer.body);
      });
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const google = {
      issuer: origin,
      authorizationEndpoint: `${origin}/auth`,
      tokenEndpoint: `${origin}/token`,
      revocationEndpoint: `${origin}/revoke`,
      jwksUri: `${origin}/certs`,
    };
    oauth = googleOAuth({ google, publicUrl: "http://localhost:8080" }, clock);
  });
  after(() => server.close());

  const ask = (status: number, body: unknown, type = "application/json") => {
    answer = { status, type, body: typeof body === "string" ? body : JSON.stringify(body) };
    return oauth.refresh({ clientId: "client", clientSecret: new Secret("s") }, new Secret("refresh"));
  };

  type Row = readonly [what: string, extra: Record<string, unknown>, expected: Partial<TokenAnswer>];
  const granted: readonly Row[] = [
    ["a life as text", { expires_in: "1800" }, { expiresAtMs: clock.nowMs() + HOUR_MS / 2 }],
    ["no life", {}, { expiresAtMs: clock.nowMs() + HOUR_MS }],
    ["a life of null", { expires_in: null }, { expiresAtMs: clock.nowMs() + HOUR_MS }],
    ["a refresh token without end", { refresh_token_expires_in: 0 }, { refreshTokenExpiresAtMs: null }],
    [
      "a refresh token's life as text",
      { refresh_token_expires_in: "60" },
      { refreshTokenExpiresAtMs: clock.nowMs() + 60_000 },
    ],
    ["no scope", {}, { scopes: null, idToken: null, refreshToken: null }],
    ["scopes in any order, parted by any space", { scope: " b  a " }, { scopes: ["b", "a"] }],
    [
      "members of null",
      { scope: null, id_token: null, refresh_token: null },
      { scopes: null, idToken: null, refreshToken: null },
    ],
    ["an empty refresh token", { refresh_token: "" }, { refreshToken: null }],
    ["members that nobody knows", { foo: { bar: 1 }, token_type: "bearer" }, { scopes: null }],
  ];
  for (const [what, extra, expected] of granted) {
    it(`are read with ${what}`, async () => {
      const said = await ask(200, { access_token: "a", ...extra }, "application/json; charset=utf-8");
      assert.ok(said.ok, JSON.stringify(said));
      for (const [name, value] of Object.entries(expected)) {
        assert.deepEqual(said.tokens[name as keyof TokenAnswer], value, name);
      }
    });
  }

  it("never make an invalid date of a lifetime that is too long for a calendar", async () => {
    const said = await ask(200, { access_token: "a", refresh_token_expires_in: 1e300 });
    assert.ok(said.ok && said.tokens.refreshTokenExpiresAtMs !== null);
    assert.match(new Date(said.tokens.refreshTokenExpiresAtMs).toISOString(), /^2126/);
  });

  const refused: readonly (readonly [what: string, status: number, body: unknown, kind: string])[] = [
    ["without a description", 400, { error: "invalid_grant" }, "ended"],
    ["with a description of null", 400, { error: "invalid_grant", error_description: null }, "ended"],
    ["with 401", 401, { error: "invalid_client", error_description: "no" }, "client_rejected"],
    ["of our request", 400, { error: "invalid_request" }, "unreachable"],
    ["by a code that nobody knows", 400, { error: "internal_error" }, "unreachable"],
    ["that passes, with 400", 400, { error: "temporarily_unavailable" }, "unreachable"],
    ["for the rate, with 403", 403, { error: "rate_limit_exceeded" }, "unreachable"],
    ["of an administrator", 400, { error: "admin_policy_enforced" }, "ended"],
    ["with 200", 200, { error: "invalid_grant" }, "ended"],
    ["that is a page", 400, "<html>no</html>", "unreachable"],
    ["that is empty", 401, "", "unreachable"],
    ["for too many requests", 429, { error: "invalid_grant" }, "unreachable"],
    ["in a storm", 503, { error: "invalid_grant" }, "unreachable"],
  ];
  const revocations: readonly (readonly [what: string, status: number, body: unknown, outcome: Revocation])[] = [
    ["200", 200, "", "revoked"],
    ["200 with a page", 200, "<html>ok</html>", "revoked"],
    ["that the token is over", 400, { error: "invalid_token", error_description: "Token expired or revoked" }, "gone"],
    ["that the grant is over", 400, { error: "invalid_grant" }, "gone"],
    ["that our request is wrong", 400, { error: "invalid_request" }, "refused"],
    ["that it knows no such tokens", 400, { error: "unsupported_token_type" }, "refused"],
    ["400 without a code", 400, "", "refused"],
    ["400 with a page", 400, "<html>invalid_token</html>", "refused"],
    ["400 with a code of null", 400, { error: null }, "refused"],
    ["that it wants a client", 401, { error: "invalid_client" }, "refused"],
    ["401 to the request, not to the token", 401, { error: "invalid_token" }, "refused"],
    ["403", 403, "<html>no</html>", "refused"],
    ["404", 404, "<html>nothing here</html>", "refused"],
    ["405", 405, "", "refused"],
    ["201", 201, "", "refused"],
    ["a redirect", 302, "", "unreachable"],
    ["429", 429, { error: "invalid_token" }, "unreachable"],
    ["503", 503, { error: "invalid_token" }, "unreachable"],
  ];
  for (const [what, status, body, outcome] of revocations) {
    it(`to a revocation, ${what}: ${outcome}`, async () => {
      answer = { status, type: "application/json", body: typeof body === "string" ? body : JSON.stringify(body) };
      assert.equal(await oauth.revoke(new Secret("refresh")), outcome);
    });
  }

  for (const [what, status, body, kind] of refused) {
    it(`are a refusal ${what}: ${kind}`, async () => {
      const said = await ask(status, body);
      assert.ok(!said.ok);
      assert.equal(said.refusal.kind, kind);
    });
  }
});
