import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { acceptMessage } from "../../../functions/domain/messages/accept/accept.ts";
import type { Relais } from "./relais.ts";
import { startWorks, type Works } from "./workers.ts";

const ADA = "ada@example.com";

describe("another OAuth client than the one that an account was connected through", () => {
  let works: Works;
  let relais: Relais;
  let ada: string;
  beforeEach(async () => {
    works = await startWorks();
    ({ relais } = works);
    ada = await relais.addServer({ name: "Facturation" });
    await works.connect(ada, ADA);
    await works.work();
  });
  afterEach(() => works.close());

  const speakAs = async (clientId: string): Promise<void> => {
    const settings = await relais.system.records.get("settings", "settings");
    const credentials = settings?.value.gmailCredentials ?? assert.fail("credentials are saved");
    await relais.editSettings({ gmailCredentials: { ...credentials, clientId } });
  };
  const check = () => works.push("token-checks", { server: ada }, { relais: "check" });
  const connection = async () => (await relais.server(ada)).connection;
  const send = async (): Promise<string> => {
    const json = { server: ada, to: "b@example.org", subject: "Bonjour", text: "Bonjour" };
    const submission = { principal: { kind: "setup" }, json, idempotencyKey: null, sizeLimit: 1_000_000 } as const;
    const accepted = await acceptMessage(relais.system, submission);
    assert.ok(accepted.ok && accepted.value.kind === "accepted");
    return accepted.value.message.id;
  };
  const status = async (id: string) => (await relais.system.records.get("messages", id))?.value.status;

  it("does not leave the label green: a check reports it once, and mail is held until the former client is back", async () => {
    await speakAs("another.apps.googleusercontent.com");
    await check();
    await check();
    const now = await connection();
    assert.ok(now.state === "error" && now.reason === "client_changed", JSON.stringify(now));
    assert.equal(relais.lines.filter(({ code }) => code === "connection_error").length, 1);
    const id = await send();
    await works.work();
    assert.equal(await status(id), "held");
    await speakAs(relais.sandbox.client.id);
    await check();
    assert.equal((await connection()).state, "valid");
    await works.work();
    assert.equal(await status(id), "sent");
    assert.equal(relais.sandbox.control.mails().length, 1);
  });

  it("is discovered by the first mail that needs a token, and this mail waits", async () => {
    await speakAs("another.apps.googleusercontent.com");
    relais.clock.advance(2 * HOUR);
    const id = await send();
    await works.work();
    assert.equal(await status(id), "held");
    const now = await connection();
    assert.ok(now.state === "error" && now.reason === "client_changed");
    await speakAs(relais.sandbox.client.id);
    // Reconnecting repairs it as well.
    await works.connect(ada, ADA);
    await works.work();
    relais.clock.advance(2 * MINUTE);
    await works.push("mail-dispatch", { tick: true });
    await works.work();
    assert.equal(await status(id), "sent");
  });
});
