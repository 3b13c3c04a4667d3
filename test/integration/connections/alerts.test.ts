import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { DAY, HOUR, MINUTE } from "../../../functions/domain/clock.ts";
import { Secret } from "../../../functions/domain/secret.ts";
import type { Relais } from "./relais.ts";
import { startWorks, type Works } from "./workers.ts";

const [ADA, GRACE] = ["ada@example.com", "grace@example.com"];
const TO = ["ops@example.org"];

describe("alerts to the operators", () => {
  let works: Works;
  let relais: Relais;
  let ada: string;
  let grace: string;
  beforeEach(async () => {
    works = await startWorks();
    ({ relais } = works);
    ada = await relais.addServer({ name: "Facturation" });
    grace = await relais.addServer({ name: "Paie", username: GRACE });
    await works.connect(ada, ADA);
    await works.connect(grace, GRACE);
    await relais.editSettings({ alerts: { server: grace, to: TO } });
    await works.work();
  });
  afterEach(() => works.close());

  const check = (id: string) => works.push("token-checks", { server: id }, { relais: "check" });
  /** What is in the sandbox's mailboxes after the ticks. */
  const mails = async () => {
    for (let ticks = 0; ticks < 3; ticks += 1) {
      relais.clock.advance(MINUTE);
      await works.push("mail-dispatch", { tick: true });
      await works.work();
    }
    return relais.sandbox.control.mails();
  };
  const messages = async () => {
    const page = await relais.system.records.query("messagesNewest", {}, { limit: 100 });
    assert.ok(page !== "bad_cursor");
    return page.items.map(({ value }) => value);
  };
  const notSent = () => relais.lines.filter(({ code }) => code === "alert_not_sent").map(({ fields }) => fields.why);

  it("report a dead account once, through the chosen server, in both languages, however often it is checked", async () => {
    relais.sandbox.control.revoke(ADA);
    await Promise.all([check(ada), check(ada)]);
    await check(ada);
    const [mail, ...more] = await mails();
    assert.ok(mail !== undefined && more.length === 0, `${more.length + 1} mails`);
    assert.deepEqual([mail.envelope.from, mail.envelope.to], [GRACE, TO]);
    assert.match(String(mail.raw), /^Auto-Submitted: auto-generated\r$/m);
    const [message] = await messages();
    assert.ok(message?.status === "sent");
    assert.equal(message.caller, "relais");
    assert.match(message.subject, /«\sFacturation\s» doit être reconnecté .* “Facturation” must be reconnected/);
  });

  it("report the end of access three days and one day ahead, once each", async () => {
    await relais.editSettings({ publishingStatus: "testing" });
    relais.clock.advance(4 * DAY + HOUR);
    for (let times = 0; times < 3; times += 1) await check(ada);
    assert.equal((await mails()).length, 1);
    relais.clock.advance(2 * DAY);
    for (let times = 0; times < 3; times += 1) await check(ada);
    assert.equal((await mails()).length, 2);
    const subjects = (await messages()).map(({ subject }) => subject);
    assert.ok(subjects.every((subject) => /Facturation.*about to expire/.test(subject)));
  });

  it("report a client that Google refuses once a day, whichever accounts it affects", async () => {
    const { records, vault } = relais.system;
    const settings = await records.get("settings", "settings");
    const credentials = settings?.value.gmailCredentials ?? assert.fail("credentials are saved");
    const secretVersion = await vault.add({ kind: "client_secret" }, new Secret("wrong"));
    await relais.editSettings({ gmailCredentials: { ...credentials, secretVersion } });
    await Promise.all([check(ada), check(grace)]);
    await check(ada);
    const [message, ...more] = await messages();
    assert.ok(message !== undefined && more.length === 0, `${more.length + 1} messages`);
    assert.match(message.subject, /Google refuse le client OAuth \/ Google rejects the OAuth client/);
    assert.equal((await mails()).length, 1, "the cached token is still good");
  });

  it("never go through the account that died, even by another server; the log says so", async () => {
    const sibling = await relais.addServer({ name: "Relances" });
    await works.connect(sibling, ADA);
    await relais.editSettings({ alerts: { server: sibling, to: TO } });
    relais.sandbox.control.revoke(ADA);
    await check(ada);
    await check(sibling);
    assert.deepEqual(notSent(), ["same_account", "same_server"]);
    assert.deepEqual(await messages(), []);
  });

  it("do not go through a server that cannot send or is gone; the log says so", async () => {
    const unconnected = await relais.addServer({ name: "Neuf", username: "new@example.com" });
    await relais.editSettings({ alerts: { server: unconnected, to: TO } });
    relais.sandbox.control.revoke(ADA);
    await check(ada);
    await relais.editSettings({ alerts: { server: "srv_gone", to: TO } });
    relais.sandbox.control.revoke(GRACE);
    await check(grace);
    assert.deepEqual(notSent(), ["cannot_send", "server_gone"]);
    assert.deepEqual(await messages(), []);
  });

  it("are not sent if no server was chosen for them", async () => {
    await relais.editSettings({ alerts: null });
    relais.sandbox.control.revoke(ADA);
    await check(ada);
    assert.deepEqual(notSent(), []);
    assert.deepEqual(await messages(), []);
  });
});
