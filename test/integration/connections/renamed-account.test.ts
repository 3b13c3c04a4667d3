import assert from "node:assert/strict";
import { after, before, beforeEach, describe, it } from "node:test";
import { checkServer } from "../../../functions/domain/connections/checks/check-server.ts";
import { accessTokens } from "../../../functions/domain/connections/tokens/access-token.ts";
import type { MailServer } from "../../../functions/domain/mail-servers/mail-server.ts";
import { mailServerView } from "../../../functions/domain/mail-servers/mail-server-view.ts";
import { type Browser, type Relais, SETUP, startRelais } from "./relais.ts";

const SIGN_IN = "/google_gmail/authorize?sign-in&next=%2F";

/** What the API shows of the connection, and the username. */
const shown = async (relais: Relais, id: string) => {
  const value = await relais.server(id);
  const { connection, username } = mailServerView({ id, value, version: "1" }, () => "advice");
  const { state, reason, email } = connection;
  return { username, state, reason, email };
};

describe("an account that is renamed at Google", () => {
  let relais: Relais;
  let browser: Browser;
  let accounts = 0;
  before(async () => {
    relais = await startRelais();
    browser = await relais.browser(SETUP);
  });
  after(() => relais.close());
  beforeEach(() => relais.sandbox.control.clear());

  /** A server that is connected to an account under its own name, which is then renamed. */
  const renamed = async (changes: Partial<MailServer> = {}, options: { readonly withoutAlias?: boolean } = {}) => {
    accounts += 1;
    const [username, email] = [`old${accounts}@example.com`, `new${accounts}@example.com`];
    relais.sandbox.control.rename(accounts === 1 ? "ada@example.com" : `new${accounts - 1}@example.com`, username);
    const id = await relais.addServer({ username, ...changes });
    assert.equal((await browser.connect(id, { account: username })).status, 303);
    relais.sandbox.control.rename(username, email, options);
    return { id, username, email };
  };
  const told = ({ username, email }: { readonly username: string; readonly email: string }, state = "valid") => ({
    username,
    email,
    state,
    reason: "account_renamed",
  });

  const WAYS: Readonly<Record<string, (of: { readonly id: string; readonly email: string }) => Promise<unknown>>> = {
    "a check": ({ id }) => checkServer(relais.system, id),
    "a refresh": ({ id }) => accessTokens(relais.system).renew(id),
    "a sign-in that is not admitted": async ({ email }) => {
      const visitor = await relais.browser();
      assert.equal((await visitor.get(await visitor.consent(SIGN_IN, { account: email }))).status, 403);
    },
    "a connection of another server": async ({ email }) => {
      const other = await relais.addServer({ name: `Other ${accounts}`, username: email });
      assert.equal((await browser.connect(other, { account: email })).status, 303);
    },
    "a connection of another server that ends in a mismatch": async ({ email }) => {
      const other = await relais.addServer({ name: `Third ${accounts}`, username: "grace@example.com" });
      assert.equal((await browser.connect(other, { account: email })).status, 409);
    },
    "a reconnection of its own": async ({ id, email }) => {
      assert.equal((await browser.connect(id, { account: email })).status, 303);
    },
  };
  for (const [way, find] of Object.entries(WAYS)) {
    it(`is found by ${way}, and its mail continues while the former address is an alias`, async () => {
      const server = await renamed();
      await find(server);
      assert.deepEqual(await shown(relais, server.id), told(server));
      await checkServer(relais.system, server.id);
      assert.deepEqual(await shown(relais, server.id), told(server), "a check leaves it so");
    });
  }

  it("holds its mail once the former address is no longer an alias, and reports it", async () => {
    const server = await renamed({}, { withoutAlias: true });
    assert.deepEqual(await checkServer(relais.system, server.id), { kind: "checked", state: "error" });
    assert.deepEqual(await shown(relais, server.id), told(server, "error"));
    const sinceMs = async () => {
      const { connection } = await relais.server(server.id);
      return connection.state === "error" && connection.sinceMs;
    };
    const before = await sinceMs();
    await checkServer(relais.system, server.id);
    assert.equal(await sinceMs(), before, "since the first time");
  });

  it("holds its mail if its aliases cannot be read, unless an operator vouches for them", async () => {
    for (const [sendAsUnchecked, state] of [
      [false, "error"],
      [true, "valid"],
    ] as const) {
      const server = await renamed({ transport: "gmail_api", sendAsUnchecked });
      await checkServer(relais.system, server.id);
      assert.deepEqual(await shown(relais, server.id), told(server, state));
    }
  });

  it("works again under its new name and under its former one", async () => {
    const server = await renamed();
    await checkServer(relais.system, server.id);
    relais.sandbox.control.rename(server.email, server.username);
    await checkServer(relais.system, server.id);
    const { username, email, state, reason } = await shown(relais, server.id);
    assert.deepEqual([username, email, state, reason], [server.username, server.username, "valid", null]);
    relais.sandbox.control.rename(server.username, server.email);
  });

  it("is distinguished from another account: the former address with another subject is a mismatch, and keeps its grant", async () => {
    const server = await renamed();
    const other = await relais.addServer({ name: `Fourth ${accounts}`, username: server.username });
    const answer = await browser.connect(other, { account: server.email });
    assert.equal(answer.headers.get("x-relais-problem"), "account_mismatch", "this server never had that account");
    const page = await answer.text();
    assert.ok(page.includes(server.email) && page.includes(server.username));
  });

  describe("a token of another account", () => {
    it("is used for nothing, holds the mail, and is forgotten with the next token of the right account", async () => {
      const id = await relais.addServer({ name: "Grace", username: "grace@example.com" });
      assert.equal((await browser.connect(id, { account: "grace@example.com" })).status, 303);
      const before = await relais.server(id);
      relais.sandbox.control.set({ fault: "id_token", is: "another_subject" });
      const tokens = accessTokens(relais.system);
      for (const _again of [1, 2]) {
        const outcome = await tokens.renew(id);
        assert.equal(outcome.ok ? "ok" : outcome.why, "account_mismatch");
      }
      const { username, email, state, reason } = await shown(relais, id);
      assert.deepEqual(
        [username, email],
        ["grace@example.com", "grace@example.com"],
        "the intruder is not written down",
      );
      assert.deepEqual([state, reason], ["error", "account_mismatch"]);
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "error" });
      assert.equal((await relais.server(id)).accountSub, before.accountSub);
      relais.sandbox.control.clear();
      assert.ok((await tokens.renew(id)).ok);
      assert.equal((await shown(relais, id)).state, "valid");
    });

    it("is found by a check, which stores nothing of it", async () => {
      const id = await relais.addServer({ name: "Facture", username: "facturation@example.com" });
      assert.equal((await browser.connect(id, { account: "facturation@example.com" })).status, 303);
      relais.sandbox.control.set({ fault: "id_token", is: "another_subject" }, { times: 1 });
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "error" });
      assert.equal((await shown(relais, id)).reason, "account_mismatch");
      assert.deepEqual(await checkServer(relais.system, id), { kind: "checked", state: "valid" });
    });
  });

  it("is not assumed from an ID token that proves nothing", async () => {
    for (const is of ["bad_signature", "wrong_audience", "expired", "missing", "email_unverified"] as const) {
      const server = await renamed();
      relais.sandbox.control.set({ fault: "id_token", is }, { times: 1 });
      await checkServer(relais.system, server.id);
      const { state, reason, email } = await shown(relais, server.id);
      assert.deepEqual([state, reason, email], ["valid", null, server.username], is);
      relais.sandbox.control.clear();
    }
  });
});
