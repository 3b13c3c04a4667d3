import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import { securityEventTokens } from "../../../functions/adapters/google-oauth/security-event-tokens.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";

describe("the claims of a token that Google signed", () => {
  const clock = systemClock();
  let google: Server;
  let issuer: string;
  let sign: (claims: object) => Promise<string>;

  before(async () => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const keys = [{ ...(await exportJWK(publicKey)), kid: "k" }];
    google = createServer((request, response) => {
      const configuration = { issuer, jwks_uri: `${issuer}/certs` };
      response.end(JSON.stringify(request.url === "/risc" ? configuration : { keys }));
    }).listen(0, "127.0.0.1");
    await once(google, "listening");
    issuer = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
    sign = (claims) =>
      new SignJWT({ iss: issuer, aud: "client", ...claims } as JWTPayload)
        .setProtectedHeader({ alg: "RS256", kid: "k" })
        .sign(privateKey);
  });
  after(() => google.close());

  const identified = async (claims: object, nonce: string | null = null): Promise<unknown> => {
    const at = { authorizationEndpoint: issuer, tokenEndpoint: issuer, revocationEndpoint: issuer };
    const endpoints = { issuer, ...at, jwksUri: `${issuer}/certs` };
    const oauth = googleOAuth({ google: endpoints, publicUrl: "http://localhost:8080" }, clock);
    const token = { sub: "1", email: "Ada@example.com", email_verified: true, exp: clock.nowMs() / 1_000 + 300.5 };
    const proof = await oauth.identify(await sign({ ...token, ...claims }), { audience: "client", nonce });
    return proof.ok ? proof.identity : proof.detail;
  };
  const ada = { sub: "1", email: "ada@example.com", hostedDomain: null };

  it("prove an account without a domain, whether `hd` is absent or null", async () => {
    assert.deepEqual(await identified({}), ada);
    assert.deepEqual(await identified({ hd: null }), ada);
    assert.deepEqual(await identified({ hd: "example.com" }), { ...ada, hostedDomain: "example.com" });
    assert.equal(await identified({ hd: 1 }), "hd");
    assert.equal(await identified({ hd: ["example.com"] }), "hd");
  });

  it("prove an account if `nonce` is null and none was sent, but not if one was", async () => {
    assert.deepEqual(await identified({ nonce: null }), ada);
    assert.equal(await identified({ nonce: null }, "sent"), "nonce");
    assert.equal(await identified({}, "sent"), "nonce");
    assert.deepEqual(await identified({ nonce: "sent" }, "sent"), ada);
  });

  it("prove nothing if one that must be there is null", async () => {
    for (const name of ["sub", "email", "email_verified"]) assert.equal(await identified({ [name]: null }), name);
  });

  const event = async (claims: object): Promise<unknown> => {
    const tokens = securityEventTokens(clock, `${issuer}/risc`);
    const proof = await tokens.prove(await sign({ jti: "e1", events: {}, ...claims }), { audience: "client" });
    return proof.ok ? proof.proven : proof.detail;
  };
  const DISABLED = "https://schemas.openid.net/secevent/risc/event-type/account-disabled";
  const disabled = (subject: unknown) => ({
    iat: 1_700_000_000,
    events: { [DISABLED]: { subject, reason: "hijacking" } },
  });

  it("date an event to the millisecond if `iat` has a fraction", async () => {
    for (const [iat, issuedAtMs] of [
      [1_700_000_000, 1_700_000_000_000],
      [1_700_000_000.25, 1_700_000_000_250],
      [1_700_000_000.999_999, 1_700_000_000_999],
      [1.5e9, 1.5e12],
    ] as const)
      assert.deepEqual(await event({ iat }), { jti: "e1", issuedAtMs, audience: ["client"], events: [] });
  });

  it("prove no event without a date that a calendar has", async () => {
    for (const iat of [undefined, null, 0, -1, 1e300, 8.64e12 + 1]) assert.equal(await event({ iat }), "iat", `${iat}`);
    assert.notEqual(await event({ iat: 8.64e12 }), "iat");
  });

  it("tell of an event whose subject names no account, whether it is absent or null", async () => {
    const events = [{ type: "account-disabled", sub: null, tokenMark: null }];
    const told = { jti: "e1", issuedAtMs: 1_700_000_000_000, audience: ["client"], events };
    for (const subject of [undefined, null, {}, { sub: null }]) assert.deepEqual(await event(disabled(subject)), told);
    const named = [{ type: "account-disabled", sub: "7", tokenMark: null }];
    assert.deepEqual(await event(disabled({ sub: "7" })), { ...told, events: named });
    assert.equal(await event(disabled({ sub: 7 })), "events");
  });
});
