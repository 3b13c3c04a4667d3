import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { end, type Running, runFunction, useBundles } from "../../builders/deployed-stack.ts";
import { consent } from "../../google-sandbox/consent-walker.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const PUBLIC_URL = "https://relais.example.com";
const SETUP_TOKEN = "setup-token-of-a-deployed-function";
const NAMES = ["authorize-start", "confirm-callback", "mail-servers", "send-mail"] as const;

/** The built functions, each in a process with its own part of the configuration, on one store. */
describe("a session opened with the setup token, as deployed", () => {
  const { dist, remove } = useBundles();
  const data = mkdtempSync(join(tmpdir(), "relais-setup-session-"));
  const running = new Map<string, Running>();
  let sandbox: GoogleSandbox;
  before(async () => {
    sandbox = await startGoogleSandbox({ redirectUris: [`${PUBLIC_URL}/google_gmail/confirm`] });
    const environment = {
      NODE_ENV: "production",
      RELAIS_STORE: "embedded",
      RELAIS_DATA_DIR: data,
      RELAIS_PUBLIC_URL: PUBLIC_URL,
      RELAIS_SETUP_TOKEN: SETUP_TOKEN,
      RELAIS_OPERATORS: sandbox.operatorEmail,
      ...sandbox.environment,
    };
    await Promise.all(NAMES.map(async (name) => running.set(name, await runFunction(name, { dist }, environment))));
  });
  after(async () => {
    await Promise.all([...running.values()].map(({ child }) => end(child)));
    await sandbox.close();
    rmSync(data, { recursive: true, force: true });
    remove();
  });

  const ask = async (
    name: (typeof NAMES)[number],
    path: string,
    { cookie, ...init }: { readonly method?: string; readonly body?: unknown; readonly cookie?: string } = {},
  ) => {
    const answer = await fetch(`http://localhost:${running.get(name)?.port}${path}`, {
      method: init.method ?? "GET",
      redirect: "manual",
      headers: {
        "x-forwarded-host": "relais.example.com",
        "sec-fetch-site": "same-origin",
        ...(cookie !== undefined && { cookie: `__session=${cookie}` }),
        ...(init.body !== undefined && { "content-type": "application/json" }),
      },
      ...(init.body !== undefined && { body: JSON.stringify(init.body) }),
    });
    const set = /__session=([^;]+)/.exec(answer.headers.get("set-cookie") ?? "")?.[1];
    return { status: answer.status, headers: answer.headers, text: await answer.text(), set };
  };

  const openSession = async (): Promise<string> => {
    const opened = await ask("mail-servers", "/v1/session", { method: "POST", body: { setupToken: SETUP_TOKEN } });
    assert.equal(opened.status, 204, opened.text);
    return opened.set ?? "";
  };

  /** Goes from Relais to Google, up to the URL that Google sends the browser back to. */
  const begin = async (path: string, account: string, cookie?: string) => {
    const begun = await ask("authorize-start", path, cookie === undefined ? {} : { cookie });
    assert.equal(begun.status, 302, begun.text);
    const { callbackUrl } = await consent(begun.headers.get("location") ?? "", { account });
    const { pathname, search } = new URL(callbackUrl);
    return { callback: `${pathname}${search}`, cookie: begun.set ?? cookie ?? "" };
  };

  const addServer = async (cookie: string, username: string): Promise<string> => {
    const added = await ask("mail-servers", "/v1/mail-servers", {
      method: "POST",
      cookie,
      body: { name: username, username },
    });
    assert.equal(added.status, 201, added.text);
    return JSON.parse(added.text).id;
  };

  it("saves the client, adds a server, connects it and sends from it", async () => {
    const cookie = await openSession();
    const { id: clientId, secret: clientSecret } = sandbox.client;
    const body = { clientId, clientSecret };
    assert.equal(
      (await ask("mail-servers", "/v1/settings/gmail-credentials", { method: "PUT", cookie, body })).status,
      200,
    );
    const id = await addServer(cookie, "ada@example.com");
    const { callback } = await begin(`/google_gmail/authorize?server=${id}`, "ada@example.com", cookie);
    const done = await ask("confirm-callback", callback, { cookie });
    assert.deepEqual([done.status, done.headers.get("location")], [303, `/servers/${id}?connected=1`]);
    const message = { server: id, to: ["b@example.org"], subject: "x", text: "x", dryRun: true };
    const sent = await ask("send-mail", "/v1/messages", { method: "POST", cookie, body: message });
    assert.equal(sent.status, 200, sent.text);
  });

  it("connects nothing more once an operator has signed in, not even what it had begun", async () => {
    const cookie = await openSession();
    const id = await addServer(cookie, "grace@example.com");
    const connecting = await begin(`/google_gmail/authorize?server=${id}`, "grace@example.com", cookie);
    const signingIn = await begin("/google_gmail/authorize?sign-in&next=/", sandbox.operatorEmail);
    const signedIn = await ask("confirm-callback", signingIn.callback, { cookie: signingIn.cookie });
    assert.equal(signedIn.status, 303, signedIn.text);
    const late = await ask("confirm-callback", connecting.callback, { cookie });
    assert.deepEqual([late.status, late.headers.get("x-relais-problem")], [400, "state_invalid"]);
    assert.equal((await ask("authorize-start", `/google_gmail/authorize?server=${id}`, { cookie })).status, 303);
    assert.equal((await ask("mail-servers", "/v1/session", { cookie })).status, 401);
  });
});
