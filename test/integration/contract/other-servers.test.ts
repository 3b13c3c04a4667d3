import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it, type TestContext } from "node:test";
import { createServer as createTlsServer, type Server as TlsServer } from "node:tls";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import PostalMime from "postal-mime";
import { SMTPServer } from "smtp-server";
import { GmailApiAccount } from "../../../functions/adapters/gmail-api/gmail-account.ts";
import { GmailApiTransport } from "../../../functions/adapters/gmail-api/gmail-transport.ts";
import { GmailSmtpTransport } from "../../../functions/adapters/gmail-smtp/smtp-transport.ts";
import { googleOAuth } from "../../../functions/adapters/google-oauth/google-oauth.ts";
import { composeMime } from "../../../functions/adapters/nodemailer/compose-mime.ts";
import type { Clock } from "../../../functions/domain/clock.ts";
import type { Login, OutgoingMail } from "../../../functions/domain/google/transports.ts";
import type { MessageBody } from "../../../functions/domain/messages/message.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { testClock } from "../../builders/clock.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

// Servers that follow the standards and yet answer differently from our sandbox.

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

  it("finds the key among several, and accepts an issuer with a trailing slash and one audience in a list", async () => {
    await newKey("k0");
    const sign = await newKey("k1");
    const identified = identifierOf("http://issuer.test");
    assert.equal(await identified(sign("http://issuer.test")), true);
    assert.equal(await identified(sign("http://issuer.test/")), true);
    assert.equal(await identified(sign("http://issuer.test", ["client"])), true);
    assert.equal(await identified(sign("http://issuer.test", ["client", "another"])), false);
    assert.equal(await identified(sign("http://issuer.test.evil")), false);
  });

  it("accepts a key that has just been published, and does not ask again for each forged token", async () => {
    const time = testClock(Date.now());
    const identified = identifierOf("http://issuer.test", time);
    const old = await newKey("before");
    assert.equal(await identified(old("http://issuer.test")), true);
    const rotated = await newKey("after");
    assert.equal(await identified(rotated("http://issuer.test")), true);
    const forged = await newKey("forged");
    published.pop();
    const asked = fetches;
    for (let n = 0; n < 9; n += 1) assert.equal(await identified(forged("http://issuer.test")), false);
    assert.ok(fetches < asked + 5, `${fetches - asked} fetches for nine forged tokens`);
    const again = await newKey("again");
    time.advance(2_000);
    assert.equal(
      await identified(again("http://issuer.test")),
      true,
      "forged tokens do not prevent the next key from being found",
    );
  });

  it("accepts a key that was changed under the same id, and keys without an id", async () => {
    const time = testClock(Date.now());
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

const yes = async (): Promise<boolean> => true;

describe("a Gmail API that is not Gmail", () => {
  const login: Login = { username: "ada@example.com", accessToken: new Secret("token") };
  const probed = async (t: TestContext, statusOf: (path: string) => number) => {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      asked.push(`${req.method} ${req.url}`);
      res.writeHead(statusOf(req.url ?? ""), { "Content-Type": "application/json" }).end("{}");
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const stages = await new GmailApiTransport(clock, { rootUrl: `http://127.0.0.1:${port}` }).probe(login);
    return { auth: stages.at(-1), asked };
  };

  const sentBy = async (t: TestContext, known: string, { bytes, prefix = "" }: { bytes: number; prefix?: string }) => {
    const got: { path: string; body: string }[] = [];
    const server = createServer(async (req, res) => {
      const path = req.url?.split("?")[0] ?? "";
      const chunks: Buffer[] = [];
      for await (const chunk of req) chunks.push(chunk);
      if (path === prefix + known) got.push({ path: known, body: Buffer.concat(chunks).toString() });
      res.writeHead(path === prefix + known ? 200 : 404, { "Content-Type": "application/json" }).end('{"id": "g1"}');
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const raw = Buffer.from(`From: ada@example.com\r\nTo: b@y.org\r\n\r\n${"x".repeat(bytes)}\r\n`);
    const mail = { envelope: { from: "ada@example.com", to: ["b@y.org"] }, raw };
    const outcome = await new GmailApiTransport(clock, { rootUrl: `http://127.0.0.1:${port}${prefix}` }).send(
      mail,
      login,
      yes,
    );
    assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
    assert.equal(got.length, 1);
    const [{ path, body } = { path: "", body: "" }] = got;
    const received = path.startsWith("/upload/") ? body : Buffer.from(JSON.parse(body).raw, "base64url").toString();
    assert.equal(received, raw.toString());
  };

  it("receives a mail whole, small or large, whichever of the two addresses it supports", async (t) => {
    const path = "/gmail/v1/users/me/messages/send";
    for (const known of [path, `/upload${path}`])
      for (const bytes of [10, 2_000_000]) await sentBy(t, known, { bytes });
    for (const known of [path, `/upload${path}`]) await sentBy(t, known, { bytes: 10, prefix: "/proxies/gmail" });
  });

  it("is asked for send-as addresses and sent mail below its root's path", async (t) => {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      asked.push(req.url?.split("?")[0] ?? "");
      res.writeHead(200, { "Content-Type": "application/json" }).end('{"sendAs": [], "messages": []}');
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const account = new GmailApiAccount(clock, { rootUrl: `http://127.0.0.1:${port}/proxies/gmail` });
    assert.deepEqual(await account.sendAs(login), ["ada@example.com"]);
    assert.equal(await account.findSent(login, { messageId: "<a@example.com>", sinceMs: 0 }), "not_found");
    const users = "/proxies/gmail/gmail/v1/users/me";
    assert.deepEqual(asked, [`${users}/settings/sendAs`, `${users}/messages`]);
  });

  it("is not asked to send anything by a probe if it recognizes the token, whatever else it answers", async (t) => {
    for (const status of [200, 400, 404]) {
      const { auth, asked } = await probed(t, () => status);
      assert.equal(auth?.ok, true, String(status));
      assert.deepEqual(asked, ["GET /gmail/v1/users/me/profile"]);
    }
  });

  it("is not believed to have a mail that it sent elsewhere, and nobody else is shown the token", async (t) => {
    const asked: string[] = [];
    const server = createServer((req, res) => {
      req.resume();
      asked.push(req.url?.split("?")[0] ?? "");
      const status = req.url === "/elsewhere" ? 200 : 307;
      res.writeHead(status, { Location: "/elsewhere", "Content-Type": "application/json" }).end('{"id": "g1"}');
    }).listen(0, "127.0.0.1");
    t.after(() => server.close());
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const mail = {
      envelope: { from: "ada@example.com", to: ["b@y.org"] },
      raw: Buffer.from("From: ada@example.com\r\n\r\nx\r\n"),
    };
    const outcome = await new GmailApiTransport(clock, { rootUrl: `http://127.0.0.1:${port}` }).send(mail, login, yes);
    assert.equal(outcome.kind, "unknown");
    assert.deepEqual(asked, ["/gmail/v1/users/me/messages/send"]);
  });

  it("passes a probe if the scope allows only sending, and fails it if that is refused too", async (t) => {
    const narrow = await probed(t, (path) => (path.endsWith("/send") ? 400 : 403));
    assert.equal(narrow.auth?.ok, true);
    for (const status of [401, 403, 429, 503]) {
      const { auth } = await probed(t, () => status);
      assert.deepEqual([auth?.ok, auth?.reply?.code], [false, status]);
    }
  });
});

interface Script {
  readonly greeting: string;
  readonly ehlo: string;
  /** Replies by the verb of the command; `.` is the message's end. */
  readonly replies?: Readonly<Record<string, string>>;
  /** Closes the connection right after the reply to this verb. */
  readonly closeAfter?: string;
  /** Milliseconds until it greets. */
  readonly greetsAfterMs?: number;
  /** Sends replies one byte at a time. */
  readonly dribbles?: boolean;
  /** How many mails a session may carry; then MAIL is answered by 421, and the connection is closed. */
  readonly mailsASession?: number;
}

const BODY: MessageBody = {
  from: { name: "Ada “é”", address: "ada@example.com" },
  to: [],
  cc: [],
  bcc: [],
  replyTo: [],
  subject: "Été 😀",
  text: "Où êtes-vous ? 😀",
  html: null,
  attachments: [],
  headers: { "X-Ville": "Besançon" },
  inReplyTo: null,
  references: [],
  listUnsubscribe: null,
};

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

describe("a submission server on STARTTLS that offers as little as it may", () => {
  const { ca, certificate, key } = issueCertificates();
  const received: { readonly to: readonly string[]; readonly raw: Buffer }[] = [];
  let server: SMTPServer;
  let transport: GmailSmtpTransport;
  before(async () => {
    server = new SMTPServer({
      secure: false,
      key,
      cert: certificate,
      authMethods: ["XOAUTH2"],
      hidePIPELINING: true,
      hide8BITMIME: true,
      hideSMTPUTF8: true,
      disableReverseLookup: true,
      logger: false,
      closeTimeout: 500,
      onAuth: ({ accessToken }, _session, callback) => {
        if (accessToken === "token") callback(null, { user: "ada" });
        else callback(Object.assign(new Error("no"), { responseCode: 535 }));
      },
      onData: (stream, { envelope }, callback) => {
        void stream.toArray().then((chunks) => {
          received.push({ to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks) });
          callback(null);
        });
      },
    });
    server.on("error", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.server.address() as AddressInfo;
    transport = new GmailSmtpTransport(clock, { host: "127.0.0.1", port, security: "starttls", ca });
  });
  after(async () => {
    await transport.close();
    await new Promise<void>((resolve) => server.close(resolve));
  });
  const mailTo = async (to: string): Promise<OutgoingMail> => {
    const body = { ...BODY, to: [{ name: "Zoë", address: to }] };
    const raw = await composeMime({ body, messageId: "<m1@example.com>", date: new Date(0) });
    return { envelope: { from: "ada@example.com", to: [to] }, raw };
  };
  const login = (token: string): Login => ({ username: "ada@example.com", accessToken: new Secret(token) });

  it("receives a mail beyond ASCII in ASCII, to a domain beyond ASCII in its ASCII form", async () => {
    const outcome = await transport.send(await mailTo("b@exämple.org"), login("token"), async () => true);
    assert.equal(outcome.kind, "accepted", JSON.stringify(outcome));
    const [mail] = received;
    // As this server shows it; on the wire it can only have been ASCII.
    assert.deepEqual(mail?.to, ["b@exämple.org"]);
    assert.equal(
      mail?.raw.every((byte) => byte < 0x80),
      true,
    );
    assert.equal((await PostalMime.parse(mail?.raw ?? "")).text?.trim(), BODY.text);
  });

  it("is never sent an address that it does not support, and may refuse a token in plain words", async () => {
    const foreign = await transport.send(await mailTo("josé@y.org"), login("token"), async () => true);
    assert.ok(foreign.kind === "refused");
    assert.equal(foreign.reply.enhanced, "5.6.7");
    const denied = await transport.send(await mailTo("b@y.org"), login("wrong"), async () => true);
    assert.ok(denied.kind === "refused");
    assert.deepEqual([denied.stage, denied.reply.code], ["auth", 535]);
    assert.equal(received.length, 1);
  });
});

describe("an SMTP server with habits of its own", () => {
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
      let mails = 0;
      // RFC 5321 §4.1.4: a second MAIL within a transaction is 503; the transaction ends with the message or RSET.
      let inTransaction = false;
      const reply = (text: string): void => {
        const bytes = `${text.replaceAll("\n", "\r\n")}\r\n`;
        for (const piece of script.dribbles === true ? bytes : [bytes]) socket.write(piece);
      };
      const replyTo = (verb: string): string => {
        if (verb === "EHLO") return script.ehlo;
        if (verb === "MAIL" && inTransaction) return "503 5.5.1 nested MAIL command";
        if (verb === "MAIL" && mails >= (script.mailsASession ?? 100)) return "421 4.7.0 enough for one session";
        const scripted = script.replies?.[verb];
        // A scripted reply to DATA is used once.
        if (verb === "DATA" && said.filter((line) => line === "DATA").length > 1) return REPLIES[verb] ?? "";
        return scripted ?? REPLIES[verb] ?? "502 what";
      };
      const answer = (line: string): void => {
        said.push(line);
        const verb = inData ? "." : (line.split(" ", 1)[0] ?? "").toUpperCase();
        if (inData && line !== ".") return;
        const text = replyTo(verb);
        inData = verb === "DATA" && text.startsWith("3");
        if (verb === "MAIL" && text.startsWith("2")) inTransaction = true;
        if (verb === "." || verb === "RSET") inTransaction = false;
        if (verb === ".") mails += 1;
        reply(text);
        if (verb === script.closeAfter || text.startsWith("421")) socket.end();
      };
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        const lines = (rest + chunk).split("\r\n");
        rest = lines.pop() ?? "";
        for (const line of lines) answer(line);
      });
      setTimeout(() => reply(script.greeting), script.greetsAfterMs ?? 0);
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
    "a greeting that takes its time": { ...PLAIN, greetsAfterMs: 1_500 },
    "replies a byte at a time": { ...PLAIN, dribbles: true },
    "replies without any text": { greeting: "220", ehlo: "250", replies: { MAIL: "250", RCPT: "250", ".": "250" } },
    "a single mail a session": { ...PLAIN, mailsASession: 1 },
    "lower-case keywords": { ...PLAIN, ehlo: "250-mx\n250-size 1000000\n250 8bitmime" },
  };
  for (const [manner, script] of Object.entries(manners)) {
    it(`receives mail, with ${manner}`, async () => {
      const { transport, said } = await start(script);
      const outcome = await transport.send(mail, login, yes);
      assert.ok(outcome.kind === "accepted", JSON.stringify(outcome));
      assert.deepEqual(outcome.accepted, ["b@y.org", "c@y.org"]);
      const parameters = script.ehlo.toUpperCase().includes("SIZE") ? ` SIZE=${mail.raw.length} BODY=8BITMIME` : "";
      assert.ok(said.includes(`MAIL FROM:<ada@example.com>${parameters}`), said.join("\n"));
      // The next mail is sent too, on whatever connection.
      assert.equal((await transport.send(mail, login, yes)).kind, "accepted");
    });
  }

  for (const [what, reply] of [
    ["for now", "451 4.3.0 not now"],
    ["for good", "554 5.7.1 not this"],
  ] as const) {
    it(`refuses DATA ${what}: the next mail on the same session is not refused because of that`, async () => {
      const { transport, said } = await start({ ...PLAIN, replies: { DATA: reply } });
      const refused = await transport.send(mail, login, yes);
      assert.ok(refused.kind === "refused", JSON.stringify(refused));
      assert.equal(refused.stage, "data");
      const next = await transport.send(mail, login, yes);
      assert.equal(next.kind, "accepted", JSON.stringify(next));
      assert.equal(said.filter((line) => line.startsWith("EHLO")).length, 1);
    });
  }

  it("has its code, enhanced code and text recorded in a refusal, and nothing else", async () => {
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
