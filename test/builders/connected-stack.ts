import assert from "node:assert/strict";
import { freePort } from "../../functions/runtime/local/free-port.ts";
import { consent } from "../google-sandbox/consent-walker.ts";
import type { SandboxOptions } from "../google-sandbox/options.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../google-sandbox/sandbox.ts";
import { RelaisProcess } from "./relais-process.ts";

/** `npm start` beside a sandbox in the test's own process, so that the test can script Google and read the mailbox. */
export interface Stack {
  readonly relais: RelaisProcess;
  readonly sandbox: GoogleSandbox;
  stop(): Promise<void>;
}

/** What the steps below need of a stack, however its functions run. */
export interface StackParts {
  readonly relais: Pick<RelaisProcess, "request" | "operate" | "setupToken">;
  readonly sandbox: Pick<GoogleSandbox, "client">;
}

export const startStack = async (
  environment: Readonly<Record<string, string>> = {},
  options: SandboxOptions = {},
): Promise<Stack> => {
  const port = await freePort();
  const redirectUris = [`http://localhost:${port}/google_gmail/confirm`];
  const sandbox = await startGoogleSandbox({ redirectUris, ...options });
  const relais = await RelaisProcess.start({ port, environment: { ...sandbox.environment, ...environment } });
  return {
    relais,
    sandbox,
    stop: async () => {
      await relais.stop();
      await sandbox.close();
    },
  };
};

export const saveCredentials = async ({ relais, sandbox }: StackParts): Promise<void> => {
  const saved = await relais.operate("PUT", "/v1/settings/gmail-credentials", {
    clientId: sandbox.client.id,
    clientSecret: sandbox.client.secret,
  });
  assert.equal(saved.status, 200, await saved.text());
};

interface ServerOptions {
  readonly name?: string;
  readonly username?: string;
  readonly [field: string]: unknown;
}

export const createServer = async ({ relais }: StackParts, options: ServerOptions = {}): Promise<string> => {
  const created = await relais.operate("POST", "/v1/mail-servers", {
    name: "Facturation",
    username: "ada@example.com",
    transport: "smtp",
    ...options,
  });
  const server: { id: string } = await created.json();
  assert.equal(created.status, 201, JSON.stringify(server));
  return server.id;
};

/** Walks through the consent over plain HTTP as one browser, and returns the callback's answer. */
export const connect = async (
  { relais }: StackParts,
  serverId: string,
  choices: { readonly account?: string; readonly untick?: readonly string[]; readonly deny?: boolean } = {},
): Promise<Response> => {
  const session = await relais.request("/v1/session", {
    method: "POST",
    headers: { "Content-Type": "application/json", "Sec-Fetch-Site": "same-origin" },
    body: JSON.stringify({ setupToken: relais.setupToken }),
  });
  assert.equal(session.status, 204, await session.text());
  const cookie = session.headers.get("set-cookie")?.split(";")[0] ?? "";
  const start = await relais.request(`/google_gmail/authorize?server=${serverId}`, { headers: { Cookie: cookie } });
  assert.equal(start.status, 302, await start.text());
  const { callbackUrl } = await consent(start.headers.get("location") ?? "", {
    account: choices.account ?? "ada@example.com",
    ...(choices.untick ? { untick: [...choices.untick] } : {}),
    ...(choices.deny ? { deny: true } : {}),
  });
  const callback = new URL(callbackUrl);
  return relais.request(`${callback.pathname}${callback.search}`, { headers: { Cookie: cookie } });
};

/** Saves the credentials, and creates and connects one server: the path up to "Gmail token valid". */
export const connectedServer = async (stack: StackParts, options: ServerOptions = {}): Promise<string> => {
  await saveCredentials(stack);
  const id = await createServer(stack, options);
  const back = await connect(stack, id, { account: options.username ?? "ada@example.com" });
  assert.equal(back.status, 303, await back.text());
  assert.equal(back.headers.get("location"), `/servers/${id}?connected=1`);
  return id;
};
