import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { GmailSmtpTransport } from "../../../functions/adapters/gmail-smtp/smtp-transport.ts";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import type { Clock } from "../../../functions/domain/clock.ts";
import type { Login, OutgoingMail } from "../../../functions/domain/messages/ports.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { movableClock } from "../../builders/clock.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

// Servers that keep to the standards and yet answer otherwise than our own sandbox.

const clock = systemClock();

describe("a key set and ID tokens as other issuers write them", () => {
  const published: object[] = [];
  let fetches = 0;
  let server: Server;
  let origin: string;

  const newKey = async (kid?: string) => {
    const { privateKey, publicKey } = await generateKeyPair("RS256");
    const name = kid === undefined ? {} : { kid };
    published.push({ ...(await exportJWK(publicKey)), ...name, use: "sig", alg: "RS256" });
    return (iss: string, aud: string | string[] = "client") =>
      new SignJWT({ email: "ada@example.com", email_verified: true })
        .setProtectedHeader({ alg: "RS256", ...name })
        .setIssuer(iss)
        .setAudience(aud)
        .setSubject("1")
        .setIssuedAt()
        .setExpirationTime("5 min")
        .sign(privateKey);
  };

  const identifierOf = (issuer: string, time: Clock = clock) => {
    const google = {
      issuer,
      authorizationEndpoint: `${origin}/auth`,
      tokenEndpoint: `${origin}/token`,
      revocationEndpoint: `${origin}/revoke`,
      jwksUri: `${origin}/certs/`,
    };
    const { identify } = googleOAuth({ google, publicUrl: "http://localhost:8080" }, time);
    return async (token: Promise<string>) => (await identify(await token, { audience: "client", nonce: null })).ok;
  };

  before(async () => {
    server = createServer((req, res) => {
      fetches += 1;
      res.statusCode = req.url === "/certs/" ? 200 : 404;
      res.end(JSON.stringify({ keys: [{ kty: "EC", kid: "other", crv: "P-256" }, ...published] }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  it("finds the key among several, and takes the issuer with a trailing slash and one audience in a list", async () => {
    await newKey("k0");
    const sign = await newKey("k1");
    const identified = identifierOf("http://issuer.test");
    assert.equal(await identified(sign("http://issuer.test")), true);
    assert.equal(await identified(sign("http://issuer.test/")), true);
    assert.equal(await identified(sign("http://issuer.test", ["client"])), true);
    assert.equal(await identified(sign("http://issuer.test", ["client", "another"])), false);
    assert.equal(await identified(sign("http://issuer.test.evil")), false);
  });

  it("takes a key that was published just now, and asks no more for each forged token", async () => {
    const time = movableClock();
    const identified = identifierOf("http://issuer.test", time);
    const old = await newKey("before");
    assert.equal(await identified(old("http://issuer.test")), true);
    const rotated = await newKey("after");
    assert.equal(await identified(rotated("http://issuer.test")), true);
    const forged = await newKey("forged");
    published.pop();
    const asked = fetches;
    for (let n = 0; n < 3; n += 1) assert.equal(await identified(forged("http://issuer.test")), false);
    assert.equal(fetches, asked);
    const again = await newKey("again");
    time.advance(2_000);
    assert.equal(
      await identified(again("http://issuer.test")),
      true,
      "forged ones do not keep the next from being found",
    );
  });

  it("takes a key that was changed under the same id, and keys without any", async () => {
    const time = movableClock();
    const identified = identifierOf("http://issuer.test", time);
    published.length = 0;
    const first = await newKey("same");
    assert.equal(await identified(first("http://issuer.test")), true);
    published.length = 0;
    const second = await newKey("same");
    assert.equal(await identified(second("http://issuer.test")), true);
    assert.equal(await identified(first("http://issuer.test")), false);
    published.length = 0;
    const nameless = [await newKey(), await newKey()];
    time.advance(2_000);
    for (const sign of nameless) assert.equal(await identified(sign("http://issuer.test")), true);
    assert.equal(await identified(second("http://issuer.test")), false);
  });
});

interface Script {
  readonly greeting: string;
  readonly ehlo: string;
  /** Replies by the verb of the command; `.` is the message's end. */
  readonly replies?: Readonly<Record<string, string>>;
  /** Ends the connection right after this verb's reply. */
  readonly closeAfter?: string;
}

const PLAIN: Script = { greeting: "220 mx ready", ehlo: "250 mx" };
const REPLIES: Readonly<Record<string, string>> = {
  AUTH: "235 ok",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go",
  ".": "250 ok",
  RSET: "250 ok",
  NOOP: "250 ok",
  QUIT: "221 bye",
};

describe("an SMTP server with other manners", () => {
  const { ca, certificate, key } = issueCertificates();
  const servers: TlsServer[] = [];
  const transports: GmailSmtpTransport[] = [];
  after(async () => {
    for (const transport of transports) await transport.close();
    for (const server of servers) server.close();
  });

  const start = async (script: Script): Promise<{ transport: GmailSmtpTransport; said: string[] }> => {
    const said: string[] = [];
    const server = createTlsServer({ cert: certificate, key }, (socket) => {
      let inData = false;
      let rest = "";
      const reply = (text: string): unknown => socket.write(`${text.replaceAll("\n", "\r\n")}\r\n`);
      const answer = (line: string): void => {
        said.push(line);
        const verb = inData ? "." : (line.split(" ", 1)[0] ?? "").toUpperCase();
        if (inData && line !== ".") return;
        inData = verb === "DATA";
        reply(verb === "EHLO" ? script.ehlo : (script.replies?.[verb] ?? REPLIES[verb] ?? "502 what"));
        if (verb === script.closeAfter) socket.end();
      };
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        const lines = (rest + chunk).split("\r\n");
        rest = lines.pop() ?? "";
        for (const line of lines) answer(line);
      });
      reply(script.greeting);
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    servers.push(server);
    const { port } = server.address() as AddressInfo;
    const transport = new GmailSmtpTransport(clock, { host: "127.0.0.1", port, security: "tls", ca });
    transports.push(transport);
    return { transport, said };
  };

  const login: Login = { username: "ada@example.com", accessToken: new Secret("token") };
  const mail: OutgoingMail = {
    envelope: { from: "ada@example.com", to: ["b@y.org", "c@y.org"] },
    raw: Buffer.from("From: ada@example.com\r\nSubject: s\r\n\r\nhello\r\n"),
  };
  const yes = async (): Promise<boolean> => true;

  const manners: Readonly<Record<string, Script>> = {
    "no extension at all": PLAIN,
    "a greeting and replies of several lines": {
      greeting: "220-mx\n220-be welcome\n220 ready",
      ehlo: "250-mx\n250-AUTH PLAIN XOAUTH2\n250 HELP",
      replies: { MAIL: "250-2.1.0 one\n250 2.1.0 two", ".": "250-2.0.0 kept\n250 2.0.0 as 42" },
    },
    "251 and 252 to recipients": { ...PLAIN, replies: { RCPT: "252 2.1.5 cannot verify" } },
    "a connection closed right after the 250": { ...PLAIN, closeAfter: "." },
    "a 421 behind the 250": { ...PLAIN, replies: { ".": "250 ok\n421 closing" } },
    "lower-case keywords": { ...PLAIN, ehlo: "250-mx\n250-size 1000000\n250 8bitmime" },
  };
  for (const [manner, script] of Object.entries(manners)) {
    it(`sends to one with ${manner}`, async () => {
      const { transport, said } = await start(script);
      const outcome = await transport.send(mail, login, yes);
      assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
      assert.deepEqual(outcome.accepted, ["b@y.org", "c@y.org"]);
      const parameters = script.ehlo.toUpperCase().includes("SIZE") ? ` SIZE=${mail.raw.length} BODY=8BITMIME` : "";
      assert.ok(said.includes(`MAIL FROM:<ada@example.com>${parameters}`), said.join("\n"));
      // And the next mail goes too, on whatever connection.
      assert.equal((await transport.send(mail, login, yes)).kind, "accepted");
    });
  }

  it("keeps of a refusal its code, enhanced code and text, nothing else", async () => {
    for (const script of [
      { ...PLAIN, replies: { AUTH: "454-4.7.0 Too many\n454 4.7.0 logins" } },
      { ...PLAIN, greeting: "421-4.7.0 Too many\n421 4.7.0 logins" },
      { ...PLAIN, replies: { MAIL: "451-4.7.0 Too many\n451 4.7.0 logins" } },
    ]) {
      const { transport } = await start(script);
      const outcome = await transport.send(mail, login, yes);
      assert.ok(outcome.kind === "refused", JSON.stringify(outcome));
      assert.deepEqual(Object.keys(outcome.reply).sort(), ["code", "enhanced", "response"]);
      assert.equal(outcome.reply.enhanced, "4.7.0");
      assert.equal(outcome.reply.response, "Too many logins");
    }
  });
});
