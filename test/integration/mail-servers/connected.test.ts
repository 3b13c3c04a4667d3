import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, test } from "node:test";
import { routes as authorizeRoutes } from "../../../functions/runtime/handlers/authorize-start.ts";
import { routes as confirmRoutes } from "../../../functions/runtime/handlers/confirm-callback.ts";
import { routes } from "../../../functions/runtime/handlers/mail-servers.ts";
import { type Api, type Caller, SETUP_TOKEN, startApi } from "../../builders/api.ts";
import { consent } from "../../google-sandbox/consent-walker.ts";
import { type GoogleSandbox, startGoogleSandbox } from "../../google-sandbox/sandbox.ts";

const ORIGIN = "https://relais.example.com";
let sandbox: GoogleSandbox;
let api: Api;
let operator: Caller;
before(async () => {
  sandbox = await startGoogleSandbox({ redirectUris: [`${ORIGIN}/google_gmail/confirm`] });
});
after(() => sandbox.close());
beforeEach(async () => {
  api = await startApi(
    (system) => [...authorizeRoutes(system), ...confirmRoutes(system), ...routes(system)],
    sandbox.environment,
  );
  operator = api.setup;
  const { id, secret } = sandbox.client;
  const saved = await operator("PUT", "/v1/settings/gmail-credentials", {
    body: { clientId: id, clientSecret: secret },
  });
  assert.equal(saved.status, 200);
});
afterEach(async () => {
  sandbox.control.clear();
  sandbox.control.clearTranscripts();
  await api.close();
});

interface Stage {
  readonly stage: string;
  readonly ok: boolean;
  readonly ms: number;
  readonly problem?: {
    readonly code: string;
    readonly title: string;
    readonly detail: string;
    readonly upstream?: string;
  };
}
interface Report {
  readonly ok: boolean;
  readonly stages: readonly Stage[];
  readonly message?: { readonly id: string; readonly status: string };
}
interface Server {
  readonly id: string;
  readonly connection: { readonly state: string; readonly reason: string | null; readonly lastVerifiedAt: string };
}

/** The shapes of the API's answers, as a client reads them. */
const report = async (id: string, body?: unknown): Promise<Report> => {
  const answer = await operator("POST", `/v1/mail-servers/${id}/test`, body === undefined ? {} : { body });
  assert.equal(answer.status, 200, JSON.stringify(answer.body));
  return answer.body as Report;
};
const serverOf = async (id: string): Promise<Server> =>
  (await operator("GET", `/v1/mail-servers/${id}`)).body as Server;
const stageNames = ({ stages }: Report) => stages.map(({ stage, ok }) => `${stage} ${ok ? "ok" : "failed"}`).join(", ");

const create = async (changes: object = {}): Promise<string> => {
  const body = { name: `Server ${Math.random()}`, username: "ada@example.com", ...changes };
  const answer = await operator("POST", "/v1/mail-servers", { body });
  assert.equal(answer.status, 201, JSON.stringify(answer.body));
  return (answer.body as Server).id;
};

const connect = async (id: string, account = "ada@example.com"): Promise<void> => {
  const opened = await api.nobody("POST", "/v1/session", { body: { setupToken: SETUP_TOKEN } });
  const headers = { Cookie: opened.headers.get("set-cookie")?.split(";")[0] ?? "" };
  const go = (path: string) => fetch(`${api.origin}${path}`, { headers, redirect: "manual" });
  const start = await go(`/google_gmail/authorize?server=${id}`);
  const { callbackUrl } = await consent(start.headers.get("location") ?? "", { account });
  const { pathname, search } = new URL(callbackUrl);
  const back = await go(`${pathname}${search}`);
  assert.equal(back.headers.get("location"), `/servers/${id}?connected=1`, await back.text());
};

const connected = async (changes: object = {}): Promise<string> => {
  const id = await create(changes);
  await connect(id);
  return id;
};

test("Test connection by SMTP passes every stage, and sends Gmail MAIL, RCPT and RSET, never DATA", async () => {
  const id = await connected();
  const before = await serverOf(id);
  const tested = await report(id);
  assert.equal(stageNames(tested), "token ok, scope ok, identity ok, dns ok, tls ok, auth ok, envelope ok");
  assert.equal(tested.ok, true);
  for (const { ms } of tested.stages) assert.ok(Number.isInteger(ms) && ms >= 0);
  const said = sandbox.control.transcripts().flatMap(({ lines }) => lines.filter((line) => line.startsWith("C: ")));
  const verbs = said.map((line) => line.split(" ")[1]);
  for (const verb of ["MAIL", "RCPT", "RSET"]) assert.ok(verbs.includes(verb), said.join("\n"));
  assert.ok(!verbs.includes("DATA"), said.join("\n"));
  assert.ok((await serverOf(id)).connection.lastVerifiedAt > before.connection.lastVerifiedAt);
  assert.deepEqual(sandbox.control.mails(), []);
});

test("Test connection by the Gmail API passes every stage that it has", async () => {
  const id = await connected({ transport: "gmail_api" });
  assert.equal(stageNames(await report(id)), "token ok, scope ok, identity ok, dns ok, tls ok, auth ok");
});

test("token: a grant revoked at Google is reported with its cause, and the server must be reconnected", async () => {
  const id = await connected();
  sandbox.control.revoke("ada@example.com");
  const tested = await report(id);
  assert.equal(tested.ok, false);
  assert.equal(stageNames(tested), "token failed");
  const { state, reason } = (await serverOf(id)).connection;
  assert.equal(state, "reconnect_required");
  assert.equal(tested.stages[0]?.problem?.code, reason);
});

const TOKEN_REFUSALS = [
  [{ fault: "token_error", error: "invalid_client", status: 401 }, "client_rejected", "error client_rejected"],
  [{ fault: "http_error", at: "token", status: 503 }, "google_unavailable", "valid null"],
] as const;
for (const [fault, code, shown] of TOKEN_REFUSALS) {
  test(`token: ${code} is what Google says now, although the connection's token is valid for long; shown as ${shown}`, async () => {
    const id = await connected();
    sandbox.control.set(fault, { times: 1 });
    const tested = await report(id);
    assert.equal(stageNames(tested), "token failed");
    assert.equal(tested.stages[0]?.problem?.code, code);
    const { state, reason } = (await serverOf(id)).connection;
    assert.equal(`${state} ${reason}`, shown);
    assert.equal((await report(id)).ok, true);
    assert.equal((await serverOf(id)).connection.state, "valid");
  });
}

test("scope: SMTP with a grant for the API alone", async () => {
  const id = await connected({ transport: "gmail_api" });
  await operator("PATCH", `/v1/mail-servers/${id}`, { body: { transport: "smtp" } });
  const tested = await report(id);
  assert.equal(stageNames(tested), "token ok, scope failed");
  assert.equal(tested.stages.at(-1)?.problem?.code, "scope_missing");
  assert.equal((await serverOf(id)).connection.reason, "scope_missing");
});

test("identity: another username than the account connected", async () => {
  const id = await connected();
  await operator("PATCH", `/v1/mail-servers/${id}`, { body: { username: "grace@example.com" } });
  assert.equal(stageNames(await report(id)), "token ok, scope ok, identity failed");
  await operator("PATCH", `/v1/mail-servers/${id}`, { body: { username: "ada@example.com" } });
  assert.equal((await report(id)).ok, true, "put back, it works as before");
});

test("dns: a host that has no address", async () => {
  const environment = { ...sandbox.environment, GMAIL_SMTP_HOST: "nowhere.invalid" };
  const other = await startApi(routes, environment);
  const id = await connected();
  const server = await api.system.records.get("mailServers", id);
  assert.ok(server?.value.connection.state === "valid");
  const name = { kind: "refresh_token", serverId: id } as const;
  const token = await api.system.vault.read(name, server.value.connection.grant.secretVersion);
  assert.ok(token !== undefined);
  // The same connected server, in a Relais that looks for Gmail's SMTP at a wrong address.
  const secretVersion = await other.system.vault.add(name, token);
  const grant = { ...server.value.connection.grant, secretVersion };
  const value = { ...server.value, connection: { state: "valid", grant } } as const;
  await other.system.records.commit([{ op: "create", kind: "mailServers", id, value }]);
  const { id: clientId, secret: clientSecret } = sandbox.client;
  await other.setup("PUT", "/v1/settings/gmail-credentials", { body: { clientId, clientSecret } });
  const tested = (await other.setup("POST", `/v1/mail-servers/${id}/test`)).body as Report;
  await other.close();
  assert.equal(stageNames(tested), "token ok, scope ok, identity ok, dns failed");
  assert.equal(tested.stages.at(-1)?.problem?.code, "dns_failed");
});

test("tls: a server that does not accept an encrypted connection", async () => {
  const id = await connected();
  sandbox.control.set({ fault: "smtp_refuse_tls" });
  const tested = await report(id);
  assert.equal(stageNames(tested), "token ok, scope ok, identity ok, dns ok, tls failed");
  assert.equal(tested.stages.at(-1)?.problem?.code, "tls_failed");
});

test("auth: a token that Google has just issued is refused, and Gmail's words are reported", async () => {
  const id = await connected();
  sandbox.control.set({ fault: "smtp_reply", stage: "auth", code: 535, enhanced: "5.7.8", text: "no" });
  const tested = await report(id);
  assert.equal(stageNames(tested), "token ok, scope ok, identity ok, dns ok, tls ok, auth failed");
  assert.equal(tested.stages.at(-1)?.problem?.code, "auth_refused");
  assert.match(tested.stages.at(-1)?.problem?.upstream ?? "", /^535 5\.7\.8 Username/);
  assert.equal(sandbox.control.transcripts().length, 1);
});

test("envelope: the sender refused", async () => {
  const id = await connected();
  sandbox.control.set({ fault: "smtp_reply", stage: "mail", code: 553, enhanced: "5.1.2", text: "no such sender" });
  const tested = await report(id);
  assert.equal(stageNames(tested), "token ok, scope ok, identity ok, dns ok, tls ok, auth ok, envelope failed");
  assert.equal(tested.stages.at(-1)?.problem?.code, "sender_refused");
});

test("with a test mail to itself, it accepts a real message to the server's own address", async () => {
  const id = await connected();
  const { ok, message } = await report(id, { sendTo: "self" });
  assert.equal(ok, true);
  const kept = await api.system.records.get("messages", message?.id ?? "");
  assert.deepEqual([kept?.value.serverId, kept?.value.recipientAddresses], [id, ["ada@example.com"]]);
  assert.equal(message?.status, "queued");
});

test("disconnecting one of two servers of an account keeps the other's grant; the last one revokes", async () => {
  const [one, two] = [await connected(), await connected()];
  const first = await operator("POST", `/v1/mail-servers/${one}/disconnect`);
  assert.deepEqual(first.body, { revoked: false, sharedWith: [two] });
  assert.equal((await serverOf(one)).connection.state, "not_connected");
  assert.equal((await report(two)).ok, true);
  const second = await operator("POST", `/v1/mail-servers/${two}/disconnect`);
  assert.deepEqual(second.body, { revoked: true, sharedWith: [] });
});

test("deleting a connected server revokes its grant and destroys its token; open mail prevents it unless it is canceled", async () => {
  const id = await connected();
  const { message } = await report(id, { sendTo: "self" });
  const refused = await operator("DELETE", `/v1/mail-servers/${id}`);
  assert.equal(refused.status, 409);
  assert.equal((await operator("DELETE", `/v1/mail-servers/${id}?messages=cancel`)).status, 204);
  assert.equal((await api.system.records.get("messages", message?.id ?? ""))?.value.status, "canceled");
  assert.deepEqual(await api.system.vault.versions({ kind: "refresh_token", serverId: id }), []);
  assert.equal(sandbox.control.revoke("ada@example.com"), 0, "nothing was left to revoke");
});

test("after a change of the Google client the connected servers must be reconnected, and the doctor says so", async () => {
  const id = await connected();
  await operator("PUT", "/v1/settings/gmail-credentials", {
    body: { clientId: "another.apps.googleusercontent.com", clientSecret: "another" },
  });
  const answer = await operator("GET", "/v1/doctor");
  const { checks } = answer.body as { checks: readonly { id: string; ok: boolean; advice: string }[] };
  assert.equal(checks.find((check) => check.id === "former_client")?.ok, false);
  assert.notEqual((await serverOf(id)).connection.state, "not_connected", "the grant is kept");
});

test("no answer and no log line of these tests contains a token or the client's secret", async () => {
  const id = await connected();
  const answers = [await report(id), await serverOf(id), (await operator("GET", "/v1/audit")).body];
  const grant = await api.system.records.get("mailServers", id);
  assert.ok(grant?.value.connection.state === "valid");
  const name = { kind: "refresh_token", serverId: id } as const;
  const secret = await api.system.vault.read(name, grant.value.connection.grant.secretVersion);
  assert.ok(secret !== undefined);
  const said = JSON.stringify([answers, api.logLines]);
  for (const value of [secret.reveal(), sandbox.client.secret]) assert.ok(!said.includes(value));
});

test("a change of the client or its publishing status has every account checked at the next tick; other changes do not", async () => {
  const id = await connected();
  const never = await create();
  const nextCheckAtMs = async (server: string) =>
    (await api.system.records.get("mailServers", server))?.value.nextCheckAtMs ?? null;
  const tomorrow = (await nextCheckAtMs(id)) ?? assert.fail("a connected account is checked");
  assert.ok(tomorrow > Date.now() + 3_600_000);
  const settings = (body: object) => operator("PATCH", "/v1/settings", { body });
  assert.equal((await settings({ retentionDays: 31 })).status, 200);
  assert.equal(await nextCheckAtMs(id), tomorrow);

  assert.equal((await settings({ publishingStatus: "testing" })).status, 200);
  assert.ok(((await nextCheckAtMs(id)) ?? tomorrow) <= Date.now());
  assert.equal(await nextCheckAtMs(never), null, "there is nothing to check");

  await connect(id);
  assert.ok(((await nextCheckAtMs(id)) ?? 0) > Date.now());
  const body = { clientId: sandbox.client.id, clientSecret: sandbox.client.secret };
  assert.equal((await operator("PUT", "/v1/settings/gmail-credentials", { body })).status, 200);
  assert.ok(((await nextCheckAtMs(id)) ?? tomorrow) <= Date.now());
});
