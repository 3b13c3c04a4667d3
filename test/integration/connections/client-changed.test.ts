import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept.ts";
import type { OnPush } from "../../../functions/runtime/event-edge.ts";
import { onPush as deliverMail } from "../../../functions/runtime/handlers/deliver-mail.ts";
import { onPush as dispatchDue } from "../../../functions/runtime/handlers/dispatch-due.ts";
import { onPush as refreshTokens } from "../../../functions/runtime/handlers/refresh-tokens.ts";
import { type Relais, SETUP, startRelais } from "./relais.ts";

describe("another OAuth client than the one that an account was connected through", () => {
  let relais: Relais;
  let functions: Readonly<Record<string, OnPush>>;
  let ada: string;
  beforeEach(async () => {
    relais = await startRelais();
    const { system } = relais;
    functions = {
      "mail-send": deliverMail(system),
      "mail-dispatch": dispatchDue(system),
      "token-checks": refreshTokens(system),
    };
    ada = await relais.addServer({ name: "Facturation" });
    const answer = await (await relais.browser(SETUP)).connect(ada, { account: "ada@example.com" });
    assert.equal(answer.status, 303, await answer.text());
    await work();
  });
  afterEach(async () => {
    await Promise.all(Object.values(relais.system.transports).map((transport) => transport.close()));
    await relais.close();
  });

  const push = (topic: string, data: unknown, attributes: Readonly<Record<string, string>> = {}) =>
    functions[topic]?.({ data: Buffer.from(JSON.stringify(data)), attributes, messageId: "1", deliveryAttempt: 1 });
  const work = async (): Promise<void> => {
    for (let next = relais.published.shift(); next !== undefined; next = relais.published.shift()) {
      assert.equal((await push(next.topic, next.message.data, next.message.attributes)) ?? "ack", "ack");
    }
  };
  const speakAs = async (clientId: string): Promise<void> => {
    const settings = await relais.system.records.get("settings", "settings");
    const credentials = settings?.value.gmailCredentials ?? assert.fail("credentials are saved");
    await relais.editSettings({ gmailCredentials: { ...credentials, clientId } });
  };
  const check = () => push("token-checks", { server: ada }, { relais: "check" });
  const connection = async () => (await relais.server(ada)).connection;
  const send = async (): Promise<string> => {
    const json = { server: ada, to: "b@example.org", subject: "Bonjour", text: "Bonjour" };
    const submission = { principal: { kind: "setup" }, json, idempotencyKey: null, sizeLimit: 1_000_000 } as const;
    const accepted = await acceptMessage(relais.system, submission);
    assert.ok(accepted.ok && accepted.value.kind === "accepted");
    return accepted.value.message.id;
  };
  const status = async (id: string) => (await relais.system.records.get("messages", id))?.value.status;

  it("does not leave the label green: a check says so, once, and mail is held until the former client is back", async () => {
    await speakAs("another.apps.googleusercontent.com");
    await check();
    await check();
    const now = await connection();
    assert.ok(now.state === "error" && now.reason === "client_changed", JSON.stringify(now));
    assert.equal(relais.lines.filter(({ code }) => code === "connection_error").length, 1);
    const id = await send();
    await work();
    assert.equal(await status(id), "held");
    await speakAs(relais.sandbox.client.id);
    await check();
    assert.equal((await connection()).state, "valid");
    await work();
    assert.equal(await status(id), "sent");
    assert.equal(relais.sandbox.control.mails().length, 1);
  });

  it("is found out by the first mail that needs a token, which waits for it", async () => {
    await speakAs("another.apps.googleusercontent.com");
    relais.clock.advance(2 * HOUR);
    const id = await send();
    await work();
    assert.equal(await status(id), "held");
    const now = await connection();
    assert.ok(now.state === "error" && now.reason === "client_changed");
    await speakAs(relais.sandbox.client.id);
    const answer = await (await relais.browser(SETUP)).connect(ada, { account: "ada@example.com" });
    assert.equal(answer.status, 303, "connecting anew mends it as well");
    await work();
    relais.clock.advance(2 * MINUTE);
    await push("mail-dispatch", { tick: true });
    await work();
    assert.equal(await status(id), "sent");
  });
});
