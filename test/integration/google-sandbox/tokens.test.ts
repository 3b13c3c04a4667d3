import assert from "node:assert/strict";
import { after, afterEach, before, describe, it } from "node:test";
import { createRemoteJWKSet, decodeJwt, jwtVerify } from "jose";
import {
  connect,
  consentCode,
  exchangeCode,
  postToken,
  REDIRECT_URI,
  refresh,
  revokeByForm,
} from "../../google-sandbox/client-program.ts";
import type { Fault } from "../../google-sandbox/faults.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

/** 43 characters each, as RFC 7636 §4.1 requires, and in no other test's text. */
const RIGHT_VERIFIER = "the-right-verifier-the-right-verifier-right";
const WRONG_VERIFIER = "the-wrong-verifier-the-wrong-verifier-wrong";

const DAY_MS = 86_400_000;
const ada = { account: "ada@example.com" };

describe("the sandbox's tokens", () => {
  let sandbox: GoogleSandbox;
  before(async () => {
    sandbox = await startGoogleSandbox();
  });
  afterEach(() => {
    sandbox.control.clear();
    for (const { email } of sandbox.accounts) sandbox.control.revoke(email);
  });
  after(() => sandbox.close());

  const refreshToken = async (choice = ada): Promise<string> =>
    (await connect(sandbox, choice)).body.refresh_token ?? "";
  const dead = { error: "invalid_grant", error_description: "Token has been expired or revoked." };

  it("answers a code as Google does", async () => {
    const { status, body } = await connect(sandbox, ada);
    assert.equal(status, 200);
    assert.match(body.access_token ?? "", /^ya29\./);
    assert.equal(body.expires_in, 3599);
    assert.equal(body.token_type, "Bearer");
    assert.equal(body.refresh_token_expires_in, undefined);
    assert.equal(body.scope, "openid https://www.googleapis.com/auth/userinfo.email https://mail.google.com/");
  });

  it("proves the account by an id_token that its published keys can verify", async () => {
    const { body } = await connect(sandbox, ada, { nonce: "n-1" });
    const keys = createRemoteJWKSet(new URL(sandbox.environment.GOOGLE_JWKS_URI ?? ""));
    const { payload, protectedHeader } = await jwtVerify(body.id_token ?? "", keys, {
      issuer: sandbox.environment.GOOGLE_ISSUER ?? "",
      audience: sandbox.client.id,
    });
    assert.equal(protectedHeader.alg, "RS256");
    const { email, email_verified, hd, nonce, sub } = payload;
    assert.deepEqual(
      { email, email_verified, hd, nonce, sub },
      {
        email: "ada@example.com",
        email_verified: true,
        hd: "example.com",
        nonce: "n-1",
        sub: sandbox.accounts[0]?.sub,
      },
    );
    const consumer = await connect(sandbox, { account: "someone@gmail.com" });
    assert.equal(decodeJwt(consumer.body.id_token ?? "").hd, undefined);
  });

  it("is described by its discovery document and its RISC configuration", async () => {
    const { environment } = sandbox;
    const discovery = await (await fetch(`${environment.GOOGLE_ISSUER}/.well-known/openid-configuration`)).json();
    assert.equal(discovery.issuer, environment.GOOGLE_ISSUER);
    assert.equal(discovery.token_endpoint, environment.GOOGLE_TOKEN_ENDPOINT);
    assert.equal(discovery.revocation_endpoint, environment.GOOGLE_REVOCATION_ENDPOINT);
    const risc = await (await fetch(environment.GOOGLE_RISC_CONFIGURATION ?? "")).json();
    assert.equal(risc.issuer, `${environment.GOOGLE_ISSUER}/`);
    const token = await sandbox.control.securityEventToken({ type: "tokens-revoked", account: ada.account });
    const keys = createRemoteJWKSet(new URL(risc.jwks_uri));
    const { payload } = await jwtVerify(token, keys, { issuer: risc.issuer, audience: sandbox.client.id });
    assert.equal(payload.exp, undefined);
    const forged = await sandbox.control.securityEventToken({ type: "tokens-revoked", forged: true });
    await assert.rejects(jwtVerify(forged, keys));
  });

  it("accepts the client's secret in the form or as Basic", async () => {
    const code = await consentCode(sandbox, ada, { verifier: RIGHT_VERIFIER });
    const basic = Buffer.from(`${sandbox.client.id}:${sandbox.client.secret}`).toString("base64");
    const answer = await fetch(sandbox.environment.GOOGLE_TOKEN_ENDPOINT ?? "", {
      method: "POST",
      headers: { authorization: `Basic ${basic}` },
      body: new URLSearchParams({
        grant_type: "authorization_code",
        code,
        redirect_uri: REDIRECT_URI,
        code_verifier: RIGHT_VERIFIER,
      }),
    });
    assert.equal(answer.status, 200);
  });

  it("refuses a wrong secret, an unknown client, a wrong verifier, another redirect URI, a used code", async () => {
    const code = await consentCode(sandbox, ada);
    const wrongSecret = await exchangeCode(sandbox, code, { clientSecret: "GOCSPX-wrong" });
    assert.deepEqual(wrongSecret, {
      status: 401,
      body: { error: "invalid_client", error_description: "Unauthorized" },
    });
    const unknown = await exchangeCode(sandbox, code, { clientId: "nobody.apps.googleusercontent.com" });
    assert.equal(unknown.body.error_description, "The OAuth client was not found.");
    const wrongVerifier = await exchangeCode(sandbox, code, { verifier: WRONG_VERIFIER });
    assert.deepEqual([wrongVerifier.status, wrongVerifier.body.error], [400, "invalid_grant"]);
    const moved = await exchangeCode(sandbox, await consentCode(sandbox, ada), { redirectUri: "http://localhost:1/x" });
    assert.equal(moved.body.error, "redirect_uri_mismatch");
    const good = await consentCode(sandbox, ada);
    assert.equal((await exchangeCode(sandbox, good)).status, 200);
    const replayed = await exchangeCode(sandbox, good);
    assert.deepEqual(replayed, { status: 400, body: { error: "invalid_grant", error_description: "Bad Request" } });
    assert.equal((await postToken(sandbox, { grant_type: "magic" })).status, 400);
  });

  it("refuses the old secret once the client has a new one", async () => {
    const old = sandbox.client.secret;
    await sandbox.control.resetClientSecret();
    const code = await consentCode(sandbox, ada);
    assert.equal((await exchangeCode(sandbox, code, { clientSecret: old })).status, 401);
    assert.equal((await exchangeCode(sandbox, code)).status, 200);
  });

  it("answers a refresh without a refresh token, and the old one remains valid", async () => {
    const token = await refreshToken();
    for (let times = 0; times < 2; times += 1) {
      const { status, body } = await refresh(sandbox, token);
      assert.equal(status, 200);
      assert.equal(body.refresh_token, undefined);
      assert.ok(body.access_token);
    }
  });

  it("replaces the refresh token when told to, and the new one is valid", async () => {
    const token = await refreshToken();
    sandbox.control.set({ fault: "rotate_refresh_token" }, { times: 1 });
    const { body } = await refresh(sandbox, token);
    assert.ok(body.refresh_token);
    assert.notEqual(body.refresh_token, token);
    assert.equal((await refresh(sandbox, body.refresh_token)).body.refresh_token, undefined);
  });

  it("keeps a hundred refresh tokens of one account: the oldest ends with the 101st", async () => {
    const tokens: string[] = [];
    for (let count = 0; count < 101; count += 1) tokens.push(await refreshToken());
    const grace = await refreshToken({ account: "grace@example.com" });
    const [first = "", second = ""] = tokens;
    assert.deepEqual((await refresh(sandbox, first)).body, dead);
    assert.equal((await refresh(sandbox, second)).status, 200);
    assert.equal((await refresh(sandbox, grace)).status, 200);
  });

  it("ends refresh tokens after seven days while the app is in Testing, except those for signing in", async () => {
    sandbox.control.set({ fault: "testing_mode" });
    const { body } = await connect(sandbox, ada);
    assert.equal(body.refresh_token_expires_in, 7 * 86_400);
    const signIn = await connect(sandbox, { account: "grace@example.com" }, { scope: "openid email" });
    sandbox.control.advance(7 * DAY_MS - 60_000);
    assert.equal((await refresh(sandbox, body.refresh_token ?? "")).status, 200);
    sandbox.control.advance(120_000);
    assert.deepEqual((await refresh(sandbox, body.refresh_token ?? "")).body, dead);
    assert.equal((await refresh(sandbox, signIn.body.refresh_token ?? "")).status, 200);
  });

  it("can conceal the testing lifetime", async () => {
    sandbox.control.set({ fault: "testing_mode", announced: false });
    assert.equal((await connect(sandbox, ada)).body.refresh_token_expires_in, undefined);
  });

  it("announces the end of a time-based grant, and enforces it", async () => {
    sandbox.control.set({ fault: "refresh_token_expires_in", seconds: 3600 }, { times: 1 });
    const { body } = await connect(sandbox, ada);
    assert.equal(body.refresh_token_expires_in, 3600);
    sandbox.control.advance(1_800_000);
    const left = (await refresh(sandbox, body.refresh_token ?? "")).body.refresh_token_expires_in ?? 0;
    assert.ok(left > 1700 && left <= 1800, `${left} seconds left`);
    sandbox.control.advance(1_900_000);
    assert.deepEqual((await refresh(sandbox, body.refresh_token ?? "")).body, dead);
  });

  it("ends a refresh token that was not used for six months; each use extends its life", async () => {
    const [used, unused] = [await refreshToken(), await refreshToken()];
    sandbox.control.advance(100 * DAY_MS);
    assert.equal((await refresh(sandbox, used)).status, 200);
    sandbox.control.advance(100 * DAY_MS);
    assert.equal((await refresh(sandbox, used)).status, 200);
    assert.deepEqual((await refresh(sandbox, unused)).body, dead);
  });

  it("ends all tokens of one account and client with one revocation, by form or query, without client authentication", async () => {
    const tokens = [await refreshToken(), await refreshToken()];
    const access = (await refresh(sandbox, tokens[0] ?? "")).body.access_token ?? "";
    const grace = await refreshToken({ account: "grace@example.com" });
    assert.equal((await revokeByForm(sandbox, tokens[1] ?? "")).status, 200);
    for (const token of tokens) assert.deepEqual((await refresh(sandbox, token)).body, dead);
    assert.equal((await revokeByForm(sandbox, access)).status, 400);
    const url = `${sandbox.environment.GOOGLE_REVOCATION_ENDPOINT}?token=${encodeURIComponent(grace)}`;
    assert.equal((await fetch(url, { method: "POST" })).status, 200);
    const again = await fetch(url, { method: "POST" });
    assert.equal(again.status, 400);
    assert.deepEqual(await again.json(), { error: "invalid_token", error_description: "Token expired or revoked" });
  });

  it("keeps another client's grants of the same account if one client's are revoked", async () => {
    const other = await sandbox.control.registerClient({ redirectUris: [REDIRECT_URI] });
    const asked = { clientId: other.id, clientSecret: other.secret };
    const theirs = (await connect(sandbox, ada, asked)).body.refresh_token ?? "";
    await revokeByForm(sandbox, await refreshToken());
    const { status } = await postToken(sandbox, {
      grant_type: "refresh_token",
      refresh_token: theirs,
      client_id: other.id,
      client_secret: other.secret,
    });
    assert.equal(status, 200);
    assert.equal((await refresh(sandbox, theirs)).body.error, "unauthorized_client");
  });

  const spoiltClaims: readonly [
    Extract<Fault, { fault: "id_token" }>["is"],
    (claims: Record<string, unknown>) => boolean,
  ][] = [
    ["wrong_nonce", ({ nonce }) => nonce !== "the-nonce"],
    ["wrong_audience", ({ aud }) => aud !== sandbox.client.id],
    ["wrong_issuer", ({ iss }) => iss !== sandbox.origin],
    ["email_unverified", ({ email_verified }) => email_verified === false],
    ["expired", ({ exp }) => Number(exp) * 1000 < Date.now()],
  ];
  for (const [is, isSpoilt] of spoiltClaims) {
    it(`makes one id_token wrong: ${is}`, async () => {
      sandbox.control.set({ fault: "id_token", is }, { times: 1 });
      const claims = async () => decodeJwt((await connect(sandbox, ada)).body.id_token ?? "");
      assert.equal(isSpoilt(await claims()), true);
      assert.equal(isSpoilt(await claims()), false);
    });
  }

  it("signs an id_token with an unknown key, or leaves it out", async () => {
    const keys = createRemoteJWKSet(new URL(sandbox.environment.GOOGLE_JWKS_URI ?? ""));
    sandbox.control.set({ fault: "id_token", is: "bad_signature" }, { times: 1 });
    await assert.rejects(jwtVerify((await connect(sandbox, ada)).body.id_token ?? "", keys));
    sandbox.control.set({ fault: "id_token", is: "missing" }, { times: 1 });
    assert.equal((await connect(sandbox, ada)).body.id_token, undefined);
  });

  it("simulates token errors, 5xx, a missing refresh token and silence, for one account if told so", async () => {
    const { control } = sandbox;
    const token = await refreshToken();
    control.set({ fault: "token_error", error: "invalid_client" }, { times: 1 });
    assert.equal((await refresh(sandbox, token)).status, 401);
    control.set(
      { fault: "token_error", error: "invalid_grant", grant: "refresh_token" },
      { account: "grace@example.com" },
    );
    assert.equal((await refresh(sandbox, token)).status, 200);
    control.set({ fault: "http_error", at: "token", status: 503 }, { times: 1, account: "ada@example.com" });
    assert.deepEqual(await refresh(sandbox, token), {
      status: 503,
      body: { error: "internal_failure", error_description: "Backend Error" },
    });
    control.set({ fault: "no_refresh_token" }, { times: 1 });
    assert.equal((await connect(sandbox, ada)).body.refresh_token, undefined);
    control.set({ fault: "stall", at: "token" }, { times: 1 });
    const silent = fetch(sandbox.environment.GOOGLE_TOKEN_ENDPOINT ?? "", {
      method: "POST",
      body: new URLSearchParams({ grant_type: "refresh_token" }),
      signal: AbortSignal.timeout(300),
    });
    await assert.rejects(silent, { name: "TimeoutError" });
  });

  it("counts grants by kind and account, and revocations", async () => {
    const before = sandbox.control.counters();
    const token = await refreshToken();
    await refresh(sandbox, token);
    await revokeByForm(sandbox, token);
    const since = sandbox.control.counters();
    const grown = (kind: "authorization_code" | "refresh_token") =>
      (since.tokenGrants[kind][ada.account] ?? 0) - (before.tokenGrants[kind][ada.account] ?? 0);
    assert.deepEqual([grown("authorization_code"), grown("refresh_token")], [1, 1]);
    assert.equal(since.revocations.accepted - before.revocations.accepted, 1);
  });
});
