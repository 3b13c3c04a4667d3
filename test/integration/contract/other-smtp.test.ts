import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import { SMTPServer } from "smtp-server";
import { connectedServer, type Stack, startStack } from "../../builders/connected-stack.ts";
import { eventually } from "../../builders/eventually.ts";
import { issueCertificates } from "../../google-sandbox/certificates.ts";

interface MessageJson {
  readonly id: string;
  readonly messageId: string;
  readonly status: string;
  readonly accepted: readonly string[];
  readonly rejected: readonly string[];
  readonly attempts: readonly { readonly outcome: string }[];
}

const refusal = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code });

/** A submission server that is not our sandbox, with the whole of Relais in front of it. A minute takes a second. */
describe("npm start with another SMTP server, on STARTTLS and with few extensions", () => {
  const { ca, certificate, key } = issueCertificates();
  const folder = mkdtempSync(join(tmpdir(), "relais-other-smtp-"));
  const received: { readonly to: readonly string[]; readonly raw: string }[] = [];
  const tokens: string[] = [];
  let rcpt: (address: string) => Error | null = () => null;
  let login: () => Error | null = () => null;
  let conversations = 0;
  let smtp: SMTPServer;
  let stack: Stack;
  let server: string;

  before(async () => {
    smtp = new SMTPServer({
      secure: false,
      key,
      cert: certificate,
      banner: "other.example ESMTP",
      authMethods: ["XOAUTH2"],
      hidePIPELINING: true,
      hide8BITMIME: true,
      hideSMTPUTF8: true,
      disableReverseLookup: true,
      onConnect: (_session, callback) => {
        conversations += 1;
        callback();
      },
      logger: false,
      closeTimeout: 500,
      onAuth: ({ accessToken = "" }, _session, callback) => {
        tokens.push(accessToken);
        const denied = login();
        if (denied === null) callback(null, { user: "ada" });
        else callback(denied);
      },
      onRcptTo: ({ address }, _session, callback) => callback(rcpt(address)),
      onData: (stream, { envelope }, callback) => {
        void stream.toArray().then((chunks) => {
          received.push({ to: envelope.rcptTo.map(({ address }) => address), raw: Buffer.concat(chunks).toString() });
          callback(null);
        });
      },
    });
    smtp.on("error", () => undefined);
    await new Promise<void>((resolve) => smtp.listen(0, "127.0.0.1", resolve));
    const { port } = smtp.server.address() as AddressInfo;
    const authority = join(folder, "ca.pem");
    writeFileSync(authority, ca);
    stack = await startStack({
      GMAIL_SMTP_HOST: "127.0.0.1",
      GMAIL_SMTP_PORT: String(port),
      GMAIL_SMTP_SECURITY: "starttls",
      GMAIL_SMTP_CA: authority,
      RELAIS_TIME_SCALE: "60",
    });
    server = await connectedServer(stack);
  });
  after(async () => {
    await stack.stop();
    await new Promise<void>((resolve) => smtp.close(resolve));
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => {
    received.length = 0;
    tokens.length = 0;
    conversations = 0;
    rcpt = () => null;
    login = () => null;
  });

  const send = async (to: readonly string[], attachments: readonly object[] = []): Promise<MessageJson> => {
    const body = { server, to, subject: "Été 😀", text: "Où ?", attachments, onUnknown: "hold" };
    const answer = await stack.relais.operate("POST", "/v1/messages", body, { prefer: "wait=40" });
    assert.equal(answer.status, 200, await answer.clone().text());
    return answer.json();
  };

  it("sends in ASCII if the server supports nothing else", async () => {
    const mail = Buffer.from("Subject: devis\n\nPrêt à signer\n").toString("base64");
    const message = await send(["b@example.org", "c@exämple.org"], [{ filename: "devis.eml", content: mail }]);
    assert.equal(message.status, "sent", JSON.stringify(message));
    assert.deepEqual(message.accepted, ["b@example.org", "c@xn--exmple-cua.org"]);
    assert.equal(received.length, 1);
    assert.match(received[0]?.raw ?? "", /^\p{ASCII}*$/u);
    assert.ok(received[0]?.raw.includes(`\r\n\r\n${mail}\r\n`));
    assert.ok(received[0]?.raw.includes(`Message-ID: ${message.messageId}\r\n`));
  });

  it("shows the outcome for each recipient, and retries only the deferred one", async () => {
    let turns = 0;
    rcpt = (address) => {
      if (address.startsWith("never")) return refusal(550, "5.1.1 no such user");
      if (!address.startsWith("later")) return null;
      turns += 1;
      return turns === 1 ? refusal(451, "4.2.1 later") : null;
    };
    const message = await send(["b@example.org", "never@example.org", "later@example.org"]);
    assert.equal(message.status, "sent", JSON.stringify(message));
    assert.deepEqual(message.accepted, ["b@example.org", "later@example.org"]);
    assert.deepEqual(message.rejected, ["never@example.org"]);
    assert.deepEqual(
      received.map(({ to }) => to),
      [["b@example.org"], ["later@example.org"]],
    );
  });

  it("refreshes a refused token once, and sends with the new one", async () => {
    // An open session continues with the token that opened it.
    await eventually("no session is open", () => smtp.connections.size === 0);
    login = () => (tokens.length === 1 ? refusal(535, "5.7.8 no") : null);
    const message = await send(["b@example.org"]);
    assert.equal(message.status, "sent", JSON.stringify(message));
    assert.deepEqual(
      message.attempts.map(({ outcome }) => outcome),
      ["sent"],
    );
    assert.equal(new Set(tokens).size, 2, "another token");
  });

  it("refuses an address that the server does not support, even before any session has asked", async () => {
    const accented = { server, to: ["josé@example.org"], subject: "Été", text: "Où ?" };
    for (const time of ["asked", "remembered"]) {
      const refused = await stack.relais.operate("POST", "/v1/messages", accented);
      assert.equal(refused.status, 422, time);
      const { fields }: { fields: readonly { path: string; message: string }[] } = await refused.json();
      assert.equal(fields[0]?.path, "/to");
      assert.match(fields[0]?.message ?? "", /SMTPUTF8/);
      assert.equal(conversations, 1, "it is asked once");
    }
    assert.equal(received.length, 0);
  });

  it("passes Test connection, which sends nothing", async () => {
    const tested = await stack.relais.operate("POST", `/v1/mail-servers/${server}/test`, {});
    const { ok, stages }: { ok: boolean; stages: readonly { stage: string; ok: boolean }[] } = await tested.json();
    assert.equal(ok, true, JSON.stringify(stages));
    assert.deepEqual(
      stages.map(({ stage }) => stage),
      ["token", "scope", "identity", "dns", "tls", "auth", "envelope"],
    );
    assert.equal(received.length, 0);
  });
});
