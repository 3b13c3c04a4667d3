import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import tls from "node:tls";
import { GmailSmtpTransport } from "../../../functions/adapters/gmail-smtp/smtp-transport.ts";
import { eventStream } from "../../../functions/adapters/google-risc/event-stream.ts";
import { sendRequest } from "../../../functions/adapters/http/send-request.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import { compose } from "../../../functions/runtime/compose.ts";
import { loadConfig } from "../../../functions/runtime/config.ts";
import type { System } from "../../../functions/runtime/system.ts";
import { systemClock } from "../../../functions/runtime/system-clock.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

/** How Node and OpenSSL name a certificate that no known authority has signed. */
const UNTRUSTED = /SELF_SIGNED|UNABLE_TO_VERIFY|UNABLE_TO_GET_ISSUER|unable to (verify|get)|self.signed/i;

const login = { username: "ada@example.com", accessToken: new Secret("token-for-google-alone") };
const client = { clientId: "c.apps.googleusercontent.com", clientSecret: new Secret("client-secret") };
const mail = {
  envelope: { from: login.username, to: ["b@y.org"] },
  raw: Buffer.from("From: ada@example.com\r\nTo: b@y.org\r\nMessage-ID: <m@example.com>\r\n\r\nx\r\n"),
};
const yes = async (): Promise<boolean> => true;

describe("with NODE_TLS_REJECT_UNAUTHORIZED=0 and servers with untrusted certificates", () => {
  let impostor: Server;
  let asked = 0;
  let origin: string;
  let host: string;
  let sandbox: GoogleSandbox;
  const dataDir = mkdtempSync(join(tmpdir(), "relais-tls-"));
  const systems: System[] = [];

  /** Everything that Relais requests from Google goes to the impostor. */
  const systemWith = (smtpSecurity: "tls" | "starttls"): System => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    const smtp = smtpSecurity === "tls" ? sandbox.smtp : sandbox.smtpStartTls;
    const config = loadConfig({
      RELAIS_DATA_DIR: dataDir,
      GOOGLE_ISSUER: origin,
      GOOGLE_AUTHORIZATION_ENDPOINT: `${origin}/auth`,
      GOOGLE_TOKEN_ENDPOINT: `${origin}/token`,
      GOOGLE_REVOCATION_ENDPOINT: `${origin}/revoke`,
      GOOGLE_JWKS_URI: `${origin}/certs`,
      GOOGLE_RISC_CONFIGURATION: `${origin}/risc`,
      GMAIL_API_ROOT_URL: origin,
      GMAIL_SMTP_HOST: "localhost",
      GMAIL_SMTP_PORT: String(smtp.port),
      GMAIL_SMTP_SECURITY: smtpSecurity,
    });
    const system = compose(config, { component: "test", write: () => undefined });
    systems.push(system);
    return system;
  };

  before(async () => {
    sandbox = await startGoogleSandbox();
    const { certificate, key } = issueCertificates();
    impostor = createServer({ key, cert: certificate }, (req, res) => {
      asked += 1;
      req.resume();
      res.setHeader("Content-Type", "application/json");
      res.end('{"keys":[],"access_token":"t","expires_in":3600,"id":"m1"}');
    }).listen(0, "127.0.0.1");
    await once(impostor, "listening");
    host = `localhost:${(impostor.address() as AddressInfo).port}`;
    origin = `https://${host}`;
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
    assert.equal((await fetch(`${origin}/control`)).status, 200, "the variable makes Node trust the impostor");
    asked = 0;
  });
  after(async () => {
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
    for (const system of systems) for (const one of Object.values(system.transports)) await one.close();
    impostor.closeAllConnections();
    impostor.close();
    await sandbox.close();
    rmSync(dataDir, { recursive: true, force: true });
  });

  const refusedFor = (outcome: unknown): void => assert.match(JSON.stringify(outcome), UNTRUSTED);

  /**
   * Google's libraries verify only because the variable is gone. All other requests ask for verification, and must be
   * verified even with the variable.
   */
  const BY_LIBRARIES = /^the Gmail API, for (a mail|send-as)/;

  /** What must fail, and how the failure shows that the certificate is the reason. */
  const CALLS: Readonly<Record<string, (system: System) => Promise<void>>> = {
    "the token endpoint": async ({ oauth }) => {
      const refused = await oauth.refresh(client, new Secret("refresh-token"));
      assert.equal(refused.ok, false);
      refusedFor(refused);
    },
    "the revocation endpoint": async ({ oauth }) =>
      assert.equal(await oauth.revoke(new Secret("refresh-token")), "unreachable"),
    "the signing keys, and with them a code": async ({ oauth }) => {
      const refused = await oauth.exchangeCode(client, { code: "code", verifier: new Secret("verifier") });
      assert.ok(!refused.ok && refused.refusal.kind === "unreachable");
    },
    "Google's RISC configuration": async ({ securityEventTokens }) => {
      assert.equal((await securityEventTokens.prove("a.b.c", { audience: client.clientId })).ok, false);
    },
    "the Gmail API, for a mail": async ({ transports }) => {
      const outcome = await transports.gmail_api.send(mail, login, yes);
      assert.equal(outcome.kind, "not_sent");
      refusedFor(outcome);
    },
    "the Gmail API, for Test connection": async ({ transports }) => {
      const failed = (await transports.gmail_api.probe(login)).find(({ ok }) => !ok);
      assert.equal(failed?.stage, "tls");
      refusedFor(failed);
    },
    "the Gmail API, for send-as addresses": async ({ gmailAccount }) =>
      assert.equal(await gmailAccount.sendAs(login), "unavailable"),
    "SMTP, for a mail": async ({ transports }) => {
      const outcome = await transports.smtp.send(mail, login, yes);
      assert.equal(outcome.kind, "not_sent");
      refusedFor(outcome);
    },
    "SMTP, for Test connection": async ({ transports }) => {
      const failed = (await transports.smtp.probe(login)).find(({ ok }) => !ok);
      assert.equal(failed?.stage, "tls");
      refusedFor(failed);
    },
    "SMTP, for what it offers": async ({ offersSmtpUtf8 }) => assert.equal(await offersSmtpUtf8(), null),
    "a request of our own (to Firestore, Secret Manager and Pub/Sub too), on a connection that is kept or not":
      async () => {
        for (const keepAlive of [true, false]) {
          const request = {
            url: origin,
            method: "GET",
            headers: {},
            timeoutMs: 5_000,
            largestAnswerBytes: 1_000,
          } as const;
          await assert.rejects(sendRequest({ ...request, keepAlive }), UNTRUSTED);
        }
      },
    "IAM, for `npm run risc`": async () => {
      const accessToken = async (): Promise<string> => "owner";
      const options = { serviceAccount: "a@b", accessToken, nowMs: Date.now, iamRootUrl: origin, riscRootUrl: origin };
      await assert.rejects(eventStream(options).status(), UNTRUSTED);
    },
  };
  for (const smtpSecurity of ["tls", "starttls"] as const) {
    for (const [what, call] of Object.entries(CALLS)) {
      if (smtpSecurity === "starttls" && !what.startsWith("SMTP")) continue;
      it(`sends nothing to ${what} (${smtpSecurity})`, async () => {
        const system = systemWith(smtpSecurity);
        if (!BY_LIBRARIES.test(what)) process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
        await call(system);
        assert.equal(asked, 0, "the impostor was asked something");
        const said = sandbox.control.transcripts().flatMap(({ lines }) => lines);
        assert.deepEqual(
          said.filter((line) => /^C: (AUTH|MAIL)/.test(line)),
          [],
        );
      });
    }
  }
});

it("refuses a certificate that a trusted authority issued for another host", {
  skip: process.platform !== "linux",
}, async () => {
  const { ca, certificate, key } = issueCertificates();
  const server = tls.createServer({ key, cert: certificate }, (socket) => socket.end("220 hello\r\n"));
  server.listen(0, "127.0.0.2");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const transport = new GmailSmtpTransport(systemClock(), { host: "127.0.0.2", port, security: "tls", ca });
  const outcome = await transport.send(mail, login, yes);
  assert.match(JSON.stringify(outcome), /"not_sent".*ALTNAME_INVALID/);
  await transport.close();
  server.close();
});
