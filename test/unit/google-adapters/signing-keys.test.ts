import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, beforeEach, describe, it } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { exportJWK, generateKeyPair, type JWK, SignJWT } from "jose";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import { type TestClock, testClock } from "../../builders/clock.ts";

interface Key {
  readonly kid: string;
  readonly own: CryptoKey;
  readonly jwk: JWK;
}

describe("Google's signing keys", () => {
  let server: Server;
  let origin: string;
  let keys: readonly [Key, Key, Key];
  let clock: TestClock;
  let identify: (token: string) => Promise<string>;
  let published: unknown;
  let status: number;
  let delayMs: number;
  let fetches: number;

  const newKey = async (kid: string): Promise<Key> => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    return { kid, own: privateKey, jwk: { ...(await exportJWK(publicKey)), kid, use: "sig", alg: "RS256" } };
  };
  const sign = ({ kid, own }: { readonly kid: string | undefined; readonly own: CryptoKey }): Promise<string> =>
    new SignJWT({ sub: "1", email: "ada@example.com", email_verified: true })
      .setProtectedHeader({ alg: "RS256", ...(kid !== undefined && { kid }) })
      .setIssuer(origin)
      .setAudience("client")
      .setExpirationTime(clock.nowMs() / 1_000 + 300)
      .sign(own);

  before(async () => {
    keys = await Promise.all([newKey("a"), newKey("b"), newKey("c")]);
    server = createServer(async (_, response) => {
      fetches += 1;
      const [said, body] = [status, JSON.stringify({ keys: published })];
      await pause(delayMs);
      response.writeHead(said).end(body);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());
  beforeEach(() => {
    [published, status, delayMs, fetches] = [[keys[0].jwk], 200, 0, 0];
    clock = testClock(Math.floor(Date.now() / 1_000) * 1_000);
    const at = { authorizationEndpoint: origin, tokenEndpoint: origin, revocationEndpoint: origin, jwksUri: origin };
    const oauth = googleOAuth({ google: { issuer: origin, ...at }, publicUrl: "http://localhost:8080" }, clock);
    identify = async (token) => {
      const proof = await oauth.identify(token, { audience: "client", nonce: null });
      return proof.ok ? "proven" : `${proof.reason}: ${proof.detail}`;
    };
  });

  const NO_KEY = "unproven: ERR_JWKS_NO_MATCHING_KEY";
  const NO_MATCH = "unproven: ERR_JWS_SIGNATURE_VERIFICATION_FAILED";

  it("that have just been rotated prove every token that comes while they are being fetched", async () => {
    const [a, b] = keys;
    assert.equal(await identify(await sign(a)), "proven");
    published = [b.jwk];
    delayMs = 50;
    const tokens = await Promise.all([b, b, b, a].map(sign));
    const proofs = await Promise.all(tokens.map(identify));
    assert.deepEqual(proofs.slice(0, 3), ["proven", "proven", "proven"]);
    assert.equal(fetches, 2, "one request for all of them");
  });

  it("that were changed under the same id prove every token that comes while they are being fetched", async () => {
    const [a, b] = keys;
    const changed = { kid: a.kid, own: b.own };
    assert.equal(await identify(await sign(a)), "proven");
    published = [{ ...b.jwk, kid: a.kid }];
    delayMs = 50;
    const tokens = await Promise.all([sign(changed), sign(changed)]);
    assert.deepEqual(await Promise.all(tokens.map(identify)), ["proven", "proven"]);
    assert.equal(fetches, 2);
  });

  it("are found right after a forged token has been refused, or a few of them", async () => {
    const [a, b, c] = keys;
    assert.equal(await identify(await sign(a)), "proven");
    assert.equal(await identify(await sign(c)), NO_KEY);
    assert.equal(await identify(await sign({ kid: a.kid, own: c.own })), NO_MATCH);
    published = [b.jwk];
    assert.equal(await identify(await sign(b)), "proven");
    published = [c.jwk];
    assert.equal(await identify(await sign(c)), "proven", "nor does one rotation hide the next");
  });

  it("are not fetched for each of many forged tokens, and are found two seconds later", async () => {
    const [a, b] = keys;
    const forged = await Promise.all([sign(b), sign({ kid: a.kid, own: b.own })]);
    for (let n = 0; n < 20; n += 1) assert.match(await identify(forged[n % 2] ?? ""), /^unproven: /);
    assert.equal(fetches, 1 + 5);
    clock.advance(1_999);
    await identify(await sign(b));
    assert.equal(fetches, 1 + 5);
    published = [b.jwk];
    clock.advance(1);
    assert.equal(await identify(await sign(b)), "proven");
  });

  it("are asked for at most once in two seconds by forged tokens that go on coming", async () => {
    const forged = await sign(keys[1]);
    for (let n = 0; n < 100; n += 1) {
      await identify(forged);
      clock.advance(200);
    }
    assert.ok(fetches <= 1 + 5 + 20_000 / 2_000, `${fetches}`);
  });

  it("leave it open whose a new key is while they are unreachable, but not whose a known one is", async () => {
    const [a, b] = keys;
    assert.equal(await identify(await sign(a)), "proven");
    published = [b.jwk];
    status = 503;
    for (let n = 0; n < 8; n += 1) assert.equal(await identify(await sign(b)), "unreachable: signing keys");
    assert.equal(await identify(await sign(a)), "proven");
    assert.equal(await identify(await sign({ kid: a.kid, own: b.own })), NO_MATCH);
    status = 200;
    clock.advance(2_000);
    assert.equal(await identify(await sign(b)), "proven");
    assert.equal(await identify(await sign(a)), NO_KEY);
  });

  const unusable: Readonly<Record<string, unknown>> = {
    "without a type": { kid: "x" },
    "of a type that nobody knows": { kty: "XYZ", kid: "x" },
    "of another type": { kty: "EC", crv: "P-256", kid: "x" },
    "whose id is null": { kty: "EC", crv: "P-256", kid: null },
    "whose id is a number": { kty: "RSA", kid: 7, n: "AQAB", e: "AQAB" },
    "without a modulus": { kty: "RSA", kid: "x", e: "AQAB" },
    "with a modulus of null": { kty: "RSA", kid: "x", n: null, e: "AQAB" },
    "of a kind that jose refuses": {
      kty: "RSA",
      kid: "x",
      n: "!!",
      e: "AQAB",
      ext: "yes",
      key_ops: ["verify", "verify"],
    },
    "that is null": null,
    "that is a text": "key",
    "that is a list": [],
  };
  for (const [what, other] of Object.entries(unusable)) {
    it(`prove a token although there is one beside them ${what}`, async () => {
      published = [other, keys[0].jwk];
      assert.equal(await identify(await sign(keys[0])), "proven");
      assert.equal(await identify(await sign(keys[1])), NO_KEY);
    });
  }

  it("prove a token although an unusable one has the same id, or none of them has an id", async () => {
    const [a, b] = keys;
    const short = { kty: "RSA", n: "AQAB", e: "AQAB", alg: "RS256" };
    for (const other of [
      { ...short, kid: a.kid },
      { ...short, n: "!!", kid: a.kid },
    ]) {
      published = [other, a.jwk];
      assert.equal(await identify(await sign(a)), "proven", JSON.stringify(other));
      clock.advance(3_600_000);
    }
    const { kid: _, ...nameless } = a.jwk;
    published = [short, { ...nameless, kid: null }, { ...short, n: "!!" }];
    assert.equal(await identify(await sign({ ...a, kid: undefined })), "proven");
    assert.equal(await identify(await sign({ ...b, kid: undefined })), NO_MATCH);
  });

  it("prove nothing if the one that signed is unusable, until Google has mended it", async () => {
    const [a] = keys;
    const broken = { kty: "RSA", kid: a.kid, alg: "RS256" };
    const outcomes: (readonly [unknown, string])[] = [
      [{ ...broken, n: "!!", e: "AQAB" }, "unproven: signing key unusable"],
      [{ ...broken, n: "AQAB", e: "AQAB" }, "unproven: signing key unusable"],
      [{ ...broken, n: a.jwk.n, e: "" }, NO_MATCH],
    ];
    for (const [key, outcome] of outcomes) {
      published = [key];
      assert.equal(await identify(await sign(a)), outcome);
      published = [a.jwk];
      assert.equal(await identify(await sign(a)), "proven", "the keys are fetched again");
      clock.advance(3_600_000);
    }
  });

  it("are unreachable if the answer holds none, and those that are known stay", async () => {
    const [a, b] = keys;
    const none: readonly unknown[] = [[], [{ kid: "x" }], [{ kty: "RSA", kid: b.kid }], null, { [a.kid]: a.jwk }];
    for (const answer of none) {
      published = answer;
      assert.equal(await identify(await sign(a)), "unreachable: signing keys", JSON.stringify(answer));
    }
    published = [a.jwk];
    assert.equal(await identify(await sign(a)), "proven");
    for (const answer of none) {
      published = answer;
      clock.advance(3_600_000);
      assert.equal(await identify(await sign(a)), "proven", JSON.stringify(answer));
    }
  });
});
