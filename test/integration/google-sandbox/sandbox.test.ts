import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { freePort } from "../../../functions/runtime/local/free-port.ts";
import { root } from "../../../infra/build/repository.ts";
import { connect, REDIRECT_URI, refresh, type SandboxAccess } from "../../google-sandbox/client-program.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";
import { smtpDialogue, xoauth2 } from "../../google-sandbox/smtp-dialogue.ts";
import { TOKENS } from "../../google-sandbox/style.ts";

const sendBySmtp = async (sandbox: SandboxAccess, mime: string): Promise<string | null> => {
  const { body } = await connect(sandbox);
  const dialogue = await smtpDialogue({
    host: sandbox.environment.GMAIL_SMTP_HOST ?? "",
    port: Number(sandbox.environment.GMAIL_SMTP_PORT),
    ca: readFileSync(sandbox.environment.GMAIL_SMTP_CA ?? "", "utf8"),
  });
  for (const line of [
    "EHLO client.example.com",
    xoauth2("ada@example.com", body.access_token ?? ""),
    "MAIL FROM:<ada@example.com>",
    "RCPT TO:<b@y.org>",
    "DATA",
  ]) {
    await dialogue.say(line);
  }
  const reply = await dialogue.write(`${mime}\r\n.\r\n`);
  dialogue.close();
  return reply;
};

/** The sandbox in its own process. */
const serve = async (dataDir: string, ports: { readonly http: number; readonly smtp: number }) => {
  const script = fileURLToPath(new URL("../../google-sandbox/serve.ts", import.meta.url));
  const args = ["--data-dir", dataDir, "--port", `${ports.http}`, "--smtp-port", `${ports.smtp}`];
  const child = spawn(process.execPath, [script, ...args], { stdio: ["ignore", "pipe", "inherit"] });
  const [line] = await once(createInterface({ input: child.stdout }), "line");
  const told: { environment: Record<string, string>; client: { id: string; secret: string } } = JSON.parse(
    String(line),
  );
  return { process: child, told };
};

const HOSTILE = [
  'From: "<script>alert(1)</script>" <ada@example.com>',
  "To: b@y.org",
  "Subject: <img src=x onerror=alert(2)>",
  "Message-ID: <m1@example.com>",
  "Date: Sun, 22 Nov 2026 09:00:00 +0000",
  "MIME-Version: 1.0",
  "Content-Type: multipart/mixed; boundary=b1",
  "",
  "--b1",
  "Content-Type: text/plain",
  "",
  "Bonjour </pre><script>alert(3)</script>",
  "--b1",
  'Content-Type: application/pdf; name="facture.pdf"',
  'Content-Disposition: attachment; filename="facture.pdf"',
  "Content-Transfer-Encoding: base64",
  "",
  "JVBERg==",
  "--b1--",
].join("\r\n");

describe("the sandbox's mailbox", () => {
  let sandbox: GoogleSandbox;
  before(async () => {
    sandbox = await startGoogleSandbox();
    await sendBySmtp(sandbox, HOSTILE);
  });
  after(() => sandbox.close());

  it("shows sent mail as text, under a policy that runs no script", async () => {
    const list = await fetch(sandbox.mailboxUrl);
    assert.match(list.headers.get("content-security-policy") ?? "", /^default-src 'none'; style-src 'self'/);
    const [mail] = sandbox.control.mails();
    const page = await (await fetch(`${sandbox.mailboxUrl}/${mail?.id}`)).text();
    for (const shown of [
      "ada@example.com",
      "b@y.org",
      "&lt;m1@example.com&gt;",
      "Bonjour",
      "facture.pdf",
      "22 Nov 2026",
    ]) {
      assert.ok(page.includes(shown), shown);
    }
    for (const html of [await list.text(), page]) assert.doesNotMatch(html, /<script|<img/);
    assert.equal((await fetch(`${sandbox.mailboxUrl}/none`)).status, 404);
  });

  it("gives programs the same data, and the bytes", async () => {
    const { items } = await (await fetch(`${sandbox.origin}/sandbox/mailbox`)).json();
    assert.equal(items.length, 1);
    const [item] = items;
    assert.equal(item.subject, "<img src=x onerror=alert(2)>");
    assert.equal(item.messageId, "<m1@example.com>");
    assert.deepEqual(item.envelope.to, ["b@y.org"]);
    assert.deepEqual(item.attachments, [{ filename: "facture.pdf", contentType: "application/pdf", bytes: 4 }]);
    const raw = await fetch(`${sandbox.origin}/sandbox/mailbox/${item.id}/raw`);
    assert.equal(await raw.text(), `${HOSTILE}\r\n`);
  });
});

describe("the sandbox's control by HTTP", () => {
  let sandbox: GoogleSandbox;
  before(async () => {
    sandbox = await startGoogleSandbox();
  });
  after(() => sandbox.close());

  const control = async (body: unknown, type = "application/json") => {
    const answer = await fetch(`${sandbox.origin}/sandbox/control`, {
      method: "POST",
      headers: { "content-type": type },
      body: JSON.stringify(body),
    });
    return { status: answer.status, body: await answer.json() };
  };

  it("sets, lists and clears switches", async () => {
    const set = await control({ fault: "smtp_daily_limit", times: 2, account: "ada@example.com" });
    assert.equal(set.status, 201);
    const listed = await (await fetch(`${sandbox.origin}/sandbox/control`)).json();
    assert.deepEqual(listed.switches, [
      { id: set.body.id, fault: { fault: "smtp_daily_limit" }, timesLeft: 2, account: "ada@example.com" },
    ]);
    await fetch(`${sandbox.origin}/sandbox/control?id=${set.body.id}`, { method: "DELETE" });
    assert.deepEqual(sandbox.control.switches(), []);
  });

  it("ages tokens, revokes access and changes redirect URIs on command", async () => {
    const first = (await connect(sandbox)).body.refresh_token ?? "";
    assert.equal((await control({ action: "advance", ms: 1000 })).status, 200);
    assert.equal((await control({ action: "revoke", account: "ada@example.com" })).status, 200);
    assert.equal((await refresh(sandbox, first)).body.error, "invalid_grant");
    const redirectUri = "http://localhost:9999/google_gmail/confirm";
    await control({ action: "redirect_uris", uris: [redirectUri] });
    assert.equal((await connect(sandbox, undefined, { redirectUri })).status, 200);
    await sandbox.control.setRedirectUris([REDIRECT_URI]);
  });

  it("refuses unknown commands, and what a page of another site could post", async () => {
    assert.equal((await control({ fault: "earthquake" })).status, 422);
    assert.equal((await control({ fault: "deny", forever: true })).status, 422);
    assert.equal((await control({ action: "dance" })).status, 422);
    assert.equal((await control({ fault: "deny" }, "text/plain")).status, 415);
    assert.deepEqual(sandbox.control.switches(), []);
  });

  it("shows transcripts and counters", async () => {
    await sendBySmtp(sandbox, "From: ada@example.com\r\nTo: b@y.org\r\n\r\nHello");
    const transcripts = await (await fetch(`${sandbox.origin}/sandbox/transcripts`)).json();
    assert.equal(transcripts[0].account, "ada@example.com");
    const { counters } = await (await fetch(`${sandbox.origin}/sandbox/control`)).json();
    assert.equal(counters.smtpSessions, 1);
  });
});

describe("the sandbox as a process", () => {
  it("keeps clients, grants, keys, certificates and mail in its folder, so a kill loses nothing", async () => {
    const dataDir = mkdtempSync(join(tmpdir(), "sandbox-life-"));
    const ports = { http: await freePort(), smtp: await freePort() };
    const first = await serve(dataDir, ports);
    const redirectUris = [REDIRECT_URI];
    const keys = await (await fetch(first.told.environment.GOOGLE_JWKS_URI ?? "")).text();
    const { body } = await connect(first.told);
    await sendBySmtp(first.told, "From: ada@example.com\r\nTo: b@y.org\r\nMessage-ID: <m1@example.com>\r\n\r\nHello");
    first.process.kill("SIGKILL");
    await once(first.process, "exit");
    const ca = readFileSync(join(dataDir, "google-sandbox-ca.pem"), "utf8");
    const second = await startGoogleSandbox({ dataDir, redirectUris, ports });
    try {
      assert.deepEqual(second.environment, first.told.environment);
      assert.deepEqual(second.client, first.told.client);
      assert.equal(second.ca, ca);
      assert.equal(await (await fetch(second.environment.GOOGLE_JWKS_URI ?? "")).text(), keys);
      assert.equal((await refresh(second, body.refresh_token ?? "")).status, 200);
      assert.deepEqual(
        second.control.mails().map(({ messageId }) => messageId),
        ["<m1@example.com>"],
      );
    } finally {
      await second.close();
      rmSync(dataDir, { recursive: true });
    }
  });

  it("runs several at once, each with its own accounts, client and mail", async () => {
    const redirectUri = "http://localhost:1234/google_gmail/confirm";
    const [one, other] = await Promise.all([
      startGoogleSandbox(),
      startGoogleSandbox({
        redirectUris: [redirectUri],
        client: { id: "mine", secret: "canary" },
        smtpSecurity: "starttls",
      }),
    ]);
    await sendBySmtp(one, "From: ada@example.com\r\nTo: b@y.org\r\n\r\nHello");
    assert.equal((await connect(other, undefined, { redirectUri })).status, 200);
    assert.deepEqual(other.control.mails(), []);
    assert.deepEqual(other.client, { id: "mine", secret: "canary" });
    assert.equal(other.environment.GMAIL_SMTP_SECURITY, "starttls");
    assert.equal(other.environment.GMAIL_SMTP_PORT, String(other.smtpStartTls.port));
    await Promise.all([one.close(), other.close()]);
  });

  it("closes at once even if clients stay connected", async () => {
    const sandbox = await startGoogleSandbox();
    sandbox.control.set({ fault: "stall", at: "jwks" });
    const hanging = fetch(sandbox.environment.GOOGLE_JWKS_URI ?? "").catch(() => "cut");
    const dialogue = await smtpDialogue({ ...sandbox.smtp, ca: sandbox.ca });
    await sandbox.close();
    assert.equal(await hanging, "cut");
    assert.equal(await dialogue.say("NOOP"), null);
  });

  it("writes client files as Google's console does", async () => {
    const sandbox = await startGoogleSandbox();
    const folder = mkdtempSync(join(tmpdir(), "sandbox-client-"));
    const read = (kind: "web" | "installed") => {
      sandbox.writeClientSecret(join(folder, "client_secret.json"), kind);
      return JSON.parse(readFileSync(join(folder, "client_secret.json"), "utf8"))[kind];
    };
    assert.equal(read("web").client_secret, sandbox.client.secret);
    assert.deepEqual(read("web").redirect_uris, ["http://localhost:8080/google_gmail/confirm"]);
    assert.equal(read("installed").client_id, sandbox.desktopClient.id);
    rmSync(folder, { recursive: true });
    await sandbox.close();
  });
});

describe("the sandbox's pages", () => {
  let sandbox: GoogleSandbox;
  before(async () => {
    sandbox = await startGoogleSandbox();
    const html = "<p onclick=alert(1)>Bonjour <b>Grace</b></p><script>alert(2)</script>";
    await sendBySmtp(sandbox, `From: ada@example.com\r\nSubject: Facture\r\nContent-Type: text/html\r\n\r\n${html}`);
  });
  after(() => sandbox.close());

  const read = async (path: string, headers: Readonly<Record<string, string>> = {}) => {
    const answer = await fetch(new URL(path, sandbox.mailboxUrl), { headers });
    return { answer, page: await answer.text() };
  };

  it("are in the language of the browser, or in the one that was chosen on them", async () => {
    const inFrench = await read("/mailbox", { "accept-language": "fr-CA,fr;q=0.9,en;q=0.5" });
    assert.match(inFrench.page, /<html lang="fr">.*Messages envoyés.*href="\/mailbox\?hl=en"/s);
    const chosen = await read("/mailbox?hl=en", { "accept-language": "fr" });
    assert.match(chosen.page, /<html lang="en">.*Sent mail/s);
    const cookie = chosen.answer.headers.getSetCookie()[0]?.split(";")[0] ?? "";
    assert.match((await read("/mailbox", { cookie, "accept-language": "fr" })).page, /<html lang="en">/);
    assert.match((await read("/mailbox?hl=xx", { "accept-language": "en" })).page, /<html lang="en">/);
  });

  it("show a mail's HTML only in a frame in which nothing runs and nothing is loaded", async () => {
    const [mail] = sandbox.control.mails();
    const { page } = await read(`/mailbox/${mail?.id}`);
    assert.match(page, new RegExp(`<iframe title="[^"]+" src="/mailbox/${mail?.id}/html" sandbox></iframe>`));
    assert.doesNotMatch(page, /<script|<b>/);
    const { answer, page: framed } = await read(`/mailbox/${mail?.id}/html`);
    assert.match(framed, /<b>Grace<\/b>/);
    const policy = answer.headers.get("content-security-policy") ?? "";
    assert.match(policy, /^sandbox; default-src 'none';/);
    assert.doesNotMatch(policy, /script-src|allow-scripts/);
  });

  it("have the tokens of the console, and its font", async () => {
    const console = readFileSync(join(root, "functions/console/style.css"), "utf8");
    const [, theirs = ""] = /^:root \{([^}]*)\}/m.exec(console) ?? [];
    for (const [name, value] of Object.entries(TOKENS)) assert.ok(theirs.includes(`  ${name}: ${value};\n`), name);
    const { answer } = await read("/sandbox/inter.woff2");
    assert.equal(answer.headers.get("content-type"), "font/woff2");
  });
});
