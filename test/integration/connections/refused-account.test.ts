import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { HOUR } from "../../../functions/domain/clock.ts";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { noteRefusal } from "../../../functions/domain/connections/checks/note-grant-error.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import { testConnection } from "../../../functions/domain/mail-servers/test-connection.ts";
import type { Fault } from "../../google-sandbox/faults.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

const denied = (stage: "auth" | "mail" | "rcpt" | "data"): Fault => ({
  fault: "smtp_reply",
  stage,
  code: 550,
  enhanced: "5.7.0",
  text: "Mail Sending denied. - gsmtp",
});
const off = (reason: string, status = 400): Fault => ({ fault: "http_error", at: "messages.send", status, reason });

describe("an account that Gmail refuses", () => {
  let relais: Relais;
  before(async () => {
    relais = await startRelais();
  });
  after(() => relais.close());
  beforeEach(() => relais.sandbox.control.clear());

  const refused = async (transport: "smtp" | "gmail_api", beyondProbe: string | null = null): Promise<string> => {
    const id = await relais.addServer({ transport });
    assert.equal((await (await relais.browser(SETUP)).connect(id)).status, 303);
    assert.ok(await noteRefusal(relais.system, id, { beyondProbe }));
    return id;
  };
  const state = async (id: string): Promise<string> => {
    const { connection } = await relais.server(id);
    return connection.state === "error" ? `error ${connection.reason}` : connection.state;
  };
  const test = async (id: string): Promise<string> => {
    const server = await relais.system.records.get("mailServers", id);
    assert.ok(server);
    const stages = await testConnection({ ...relais.system, tokens: accessTokens(relais.system) }, server);
    const last = stages?.at(-1);
    return `${last?.stage} ${last?.problem?.code ?? "ok"}`;
  };
  const released = (id: string): boolean =>
    relais.published.some(({ topic, message }) => topic === "mail-dispatch" && JSON.stringify(message).includes(id));

  for (const [what, transport, fault, seen] of [
    ["at MAIL", "smtp", denied("mail"), "envelope gmail_refused"],
    ["at RCPT", "smtp", denied("rcpt"), "envelope gmail_refused"],
    ["at the login", "smtp", denied("auth"), "auth auth_refused"],
    ["by the API's precondition", "gmail_api", off("failedPrecondition"), "auth gmail_refused"],
    ["by the domain's policy", "gmail_api", off("domainPolicy", 403), "auth admin_policy"],
    ["by an API that is not enabled", "gmail_api", off("accessNotConfigured", 403), "auth gmail_api_disabled"],
  ] as const) {
    it(`is shown by Test connection ${what}, stays refused while Gmail refuses, and serves again after the next check`, async () => {
      const id = await refused(transport);
      relais.sandbox.control.set(fault);
      assert.equal(await test(id), seen);
      const { nextCheckAtMs } = await relais.server(id);
      assert.ok((nextCheckAtMs ?? Infinity) <= relais.clock.nowMs() + 1.2 * HOUR, "a check asks within the hour or so");
      await checkServer(relais.system, id);
      assert.equal(await state(id), "error gmail_refused");
      assert.ok(((await relais.server(id)).nextCheckAtMs ?? Infinity) <= relais.clock.nowMs() + 1.2 * HOUR);
      relais.sandbox.control.clear();
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "valid" });
      assert.ok(released(id), "its held mail goes");
      assert.equal(relais.sandbox.control.mails().length, 0, "nothing was sent to find that out");
    });
  }

  for (const transport of ["smtp", "gmail_api"] as const) {
    it(`serves again after a passed Test connection, and after a reconnect (${transport})`, async () => {
      const id = await refused(transport);
      assert.match(await test(id), / ok$/);
      assert.equal(await state(id), "valid");
      assert.ok(released(id));
      const other = await refused(transport);
      assert.equal((await (await relais.browser(SETUP)).connect(other)).status, 303);
      assert.equal(await state(other), "valid");
    });
  }

  it("may be refused where no test looks: the test says so and ends nothing; a check or a reconnect lets mail try again", async () => {
    const id = await refused("smtp", "550 5.7.0 Mail Sending denied");
    relais.sandbox.control.set(denied("data"));
    assert.equal(await test(id), "envelope gmail_refused");
    assert.equal(await state(id), "error gmail_refused");
    await checkServer(relais.system, id);
    assert.equal(await state(id), "valid");
    assert.match(await test(id), / ok$/, "there is nothing to remember any more");
  });

  it("is not valid after a check if it has another error too", async () => {
    const id = await refused("smtp");
    const before = await relais.server(id);
    assert.ok(before.connection.state === "error");
    const connection = { ...before.connection, grant: { ...before.connection.grant, email: "else@example.com" } };
    const server = await relais.system.records.get("mailServers", id);
    assert.ok(server);
    const value = { ...server.value, username: "grace@example.com", connection };
    await relais.system.records.commit([{ op: "replace", kind: "mailServers", id, version: server.version, value }]);
    await checkServer(relais.system, id);
    assert.notEqual(await state(id), "valid");
  });
});
