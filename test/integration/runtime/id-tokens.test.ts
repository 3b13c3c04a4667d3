import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { exportJWK, generateKeyPair, type JWTPayload, SignJWT } from "jose";
import { type Stack, startStack } from "../../builders/connected-stack.ts";

const CALLER = "erp@other-project.iam.gserviceaccount.com";
const KID = "published";

// The token is one as a service account gets it from the metadata server or from `gcloud auth print-identity-token
// --audiences=… --include-email`.
describe("a program with an ID token from Google", () => {
  let google: Server;
  let stack: Stack;
  let issuer: string;
  let published: CryptoKey;
  let foreignKey: CryptoKey;

  before(async () => {
    const [pair, other] = [await generateKeyPair("RS256"), await generateKeyPair("RS256")];
    published = pair.privateKey;
    foreignKey = other.privateKey;
    const keys = JSON.stringify({
      keys: [{ ...(await exportJWK(pair.publicKey)), kid: KID, use: "sig", alg: "RS256" }],
    });
    google = createServer((_, response) => response.end(keys)).listen(0, "127.0.0.1");
    await once(google, "listening");
    issuer = `http://127.0.0.1:${(google.address() as AddressInfo).port}`;
    stack = await startStack({ GOOGLE_ISSUER: issuer, GOOGLE_JWKS_URI: `${issuer}/certs`, RELAIS_CALLERS: CALLER });
  });
  after(async () => {
    await stack.stop();
    google.closeAllConnections();
    google.close();
  });

  const now = (): number => Math.floor(Date.now() / 1_000);
  const claims = (more: JWTPayload = {}): JWTPayload => ({
    iss: issuer,
    aud: stack.relais.origin,
    sub: "1234",
    email: CALLER,
    email_verified: true,
    iat: now(),
    exp: now() + 3_600,
    ...more,
  });
  const sign = (payload: JWTPayload, key = published): Promise<string> =>
    new SignJWT(payload).setProtectedHeader({ alg: "RS256", kid: KID, typ: "JWT" }).sign(key);
  const ask = (token: string, path = "/v1/mail-servers") =>
    stack.relais.request(path, { headers: { Authorization: `Bearer ${token}` } });
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");

  it("is admitted to messages and to the list of mail servers, and to nothing else", async () => {
    const token = await sign(claims());
    assert.equal((await ask(token)).status, 200);
    assert.equal((await ask(token, "/v1/messages")).status, 200);
    assert.equal((await ask(token, "/v1/settings")).status, 403);
    const sent = await stack.relais.request("/v1/messages", {
      method: "POST",
      headers: { Authorization: `Bearer ${token}`, "Content-Type": "application/json" },
      body: JSON.stringify({ to: "b@example.org", subject: "x", text: "x" }),
    });
    // There is no mail server to send from, which is looked for once the caller is known.
    assert.equal((await sent.json()).code, "server_unavailable");
  });

  const wrong: Readonly<Record<string, () => Promise<string>>> = {
    "whose signature Google's front end took away": async () => (await sign(claims())).replace(/\.[^.]*$/, "."),
    "whose signature Google's front end wrote over": async () =>
      (await sign(claims())).replace(/\.[^.]*$/, ".SIGNATURE_REMOVED_BY_GOOGLE"),
    "that says it needs no signature": async () => `${encoded({ alg: "none", kid: KID })}.${encoded(claims())}.`,
    "that a key signed which Google does not publish": async () => sign(claims(), foreignKey),
    "that was changed after it was signed": async () => {
      const [header, , signature] = (await sign(claims({ email: "mallory@example.com" }))).split(".");
      return `${header}.${encoded(claims())}.${signature}`;
    },
    "made for another service": async () => sign(claims({ aud: "https://other.example.com" })),
    "of another issuer": async () => sign(claims({ iss: "https://accounts.example.com" })),
    "that has ended": async () => sign(claims({ iat: now() - 7_200, exp: now() - 3_600 })),
    "that never ends": async () => sign(claims({ exp: undefined })),
    "whose address Google has not verified": async () => sign(claims({ email_verified: false })),
    "without an address": async () => sign(claims({ email: undefined, email_verified: undefined })),
    "of somebody who is not in RELAIS_CALLERS": async () => sign(claims({ email: "someone@example.com" })),
    "that is none": async () => "a.b.c",
  };
  for (const [what, token] of Object.entries(wrong)) {
    it(`is refused with a token ${what}`, async () => {
      const response = await ask(await token());
      assert.equal(response.status, 401);
      assert.equal((await response.json()).code, "unauthenticated");
    });
  }
});
