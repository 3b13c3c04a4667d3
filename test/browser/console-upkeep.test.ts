import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Settings } from "../../functions/console/api/types.ts";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { connect, createServer, type Stack, saveCredentials, startStack } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { consentOnPage } from "./google-pages.ts";
import { atLaptop, turnsFrom } from "./readers.ts";
import { openAnew, settled, stayingVisitor, turnToPart, type Visitor, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(8);

const ADA = "ada@example.com";

describe("the life of a mail server in the console", () => {
  let browser: TestBrowser;
  let stack: Stack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startStack()]);
    await saveCredentials(stack);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  const connected = async (name: string): Promise<string> => {
    const id = await createServer(stack, { name });
    assert.equal((await connect(stack, id)).status, 303);
    return id;
  };
  const visible = ({ page, say }: Visitor, key: Parameters<Visitor["say"]>[0]) =>
    page.getByText(say(key), { exact: true }).first();

  turns.scenario("shows revoked access without a reload, holds mail, and sends it once reconnected", async (reader) => {
    const { language } = reader;
    const id = await connected(`Révoqué ${language}`);
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    await visitor.turnTo(`/servers/${id}`);
    await visible(visitor, "connection.valid").waitFor();
    const sentBefore = stack.sandbox.control.mails().length;
    stack.sandbox.control.revoke(ADA);

    await visitor.field("mail.to").fill("grace@example.com");
    await visitor.press("mail.send");
    await visitor.sees("message.says.held");
    // Nobody reloaded or tested: the refused mail alone revealed it.
    await visible(visitor, "connection.reconnect_required").waitFor();
    await visitor.sees({ text: problemText("password_or_revoked", language).advice });
    await visitor.follow("nav.home");
    const toServer = page.getByRole("link", { name: `Révoqué ${language}`, exact: true }).first();
    await toServer.waitFor();
    await openAnew(visitor, `/messages?server=${id}`);
    // Above every page, with the advice, until it is fixed.
    await page
      .getByText(say("needs.stopped"))
      .or(page.getByText(say("needs.stoppedMany")))
      .first()
      .waitFor();
    await visitor.sees({ text: problemText("password_or_revoked", language).advice });
    await page.getByRole("link", { name: say("mail.subjectDefault") }).click();
    await visitor.sees("message.says.held");
    await visitor.sees({ text: problemText("reconnect_required", language).advice });

    await toServer.click();
    await page.getByRole("heading", { level: 1, name: `Révoqué ${language}`, exact: true }).waitFor();
    await visitor.follow("connect.again");
    await consentOnPage(page, { account: ADA });
    await visitor.sees("connection.nowConnected");
    await eventually("the mail has left", () => stack.sandbox.control.mails().length === sentBefore + 1);
    await turnToPart(visitor, "activity");
    await page.getByRole("link", { name: say("mail.subjectDefault") }).click();
    await visitor.sees("message.says.sent");
    await operator.rest();
  });

  turns.scenario("detects another person's edit while editing, and overwrites neither", async (reader) => {
    const { language } = reader;
    const id = await createServer(stack, { name: `Édité ${language}` });
    const visitor = await operator.as(reader);
    await visitor.turnTo(`/servers/${id}/settings`);
    await visitor.field("server.name").fill(`Nom à moi ${language}`);
    const theirs = { description: "de quelqu’un d’autre" };
    assert.equal((await stack.relais.operate("PATCH", `/v1/mail-servers/${id}`, theirs)).status, 200);
    await visitor.press("action.save");
    await visitor.sees("server.changedElsewhere");
    assert.equal(await visitor.field("server.name").inputValue(), `Nom à moi ${language}`, "what was typed stays");
    await visitor.press("server.takeTheirs");
    await eventually("their version is shown", async () => {
      const shown = await visitor.page.getByLabel(visitor.say("server.description")).inputValue();
      return shown === theirs.description;
    });
    await visitor.field("server.name").fill(`Nom à moi ${language}`);
    await visitor.press("action.save");
    await visitor.sees("state.saved");
    const kept = await stack.relais.operate("GET", `/v1/mail-servers/${id}`);
    const server: { name: string; description: string } = await kept.json();
    assert.deepEqual(
      [server.name, server.description],
      [`Nom à moi ${language}`, theirs.description],
      "both changes are kept",
    );
    await visitor.field("server.name").fill(`Un autre nom ${language}`);
    await visitor.page.getByText(visitor.say("state.saved"), { exact: true }).waitFor({ state: "detached" });
    await operator.rest();
  });

  turns.scenario("chooses who receives alerts, and then nobody again", async (reader) => {
    const { language } = reader;
    const server = await createServer(stack, { name: `Avis ${language}` });
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    const alerts = async (): Promise<unknown> => {
      const answer = await stack.relais.operate("GET", "/v1/settings");
      return ((await answer.json()) as { readonly alerts: unknown }).alerts;
    };
    await visitor.turnTo("/settings");
    const form = page.locator("form").filter({ has: page.getByLabel(say("alerts.server"), { exact: true }) });
    const save = form.getByRole("button", { name: say("action.save"), exact: true });
    await form.getByLabel(say("alerts.server"), { exact: true }).selectOption({ label: `Avis ${language}` });
    await form.getByLabel(say("alerts.to"), { exact: true }).fill("@example.com");
    await save.click();
    await form.getByText(language === "fr" ? /Indiquez une adresse/ : /Must be an address/).waitFor();
    await form.getByLabel(say("alerts.to"), { exact: true }).fill("ops@example.com\nada@example.com");
    await save.click();
    await form.getByText(say("state.saved"), { exact: true }).waitFor();
    assert.deepEqual(await alerts(), { server, to: ["ops@example.com", "ada@example.com"] });
    await form.getByLabel(say("alerts.server"), { exact: true }).selectOption("");
    await form.getByText(say("state.saved"), { exact: true }).waitFor({ state: "detached" });
    await save.click();
    await eventually("nobody receives alerts", async () => (await alerts()) === null);
    await operator.rest();
  });

  turns.scenario("disconnects, archives, restores and deletes, including pending messages", async (reader) => {
    const { language } = reader;
    const name = `Fini ${language}`;
    const id = await connected(name);
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    const waiting = await stack.relais.operate("POST", "/v1/messages", {
      server: id,
      to: "grace@example.com",
      subject: "Plus tard",
      text: "x",
      scheduledAt: new Date(Date.now() + 86_400_000).toISOString(),
    });
    assert.equal(waiting.status, 202);
    const { id: message }: { id: string } = await waiting.json();

    await visitor.turnTo(`/servers/${id}/settings`);
    await visitor.press("end.archive");
    await visitor.sees("server.archivedText");
    await visitor.press("end.activate");
    await visitor.button("end.archive").waitFor();

    await visitor.press("disconnect.action");
    await visitor.inDialog("action.cancel");
    await turnToPart(visitor, "overview");
    await visible(visitor, "connection.valid").waitFor();
    await page.goBack();
    await visitor.press("disconnect.action");
    await visitor.inDialog("disconnect.action");
    await visitor.sees("disconnect.done");
    await turnToPart(visitor, "overview");
    await visible(visitor, "connection.not_connected").waitFor();
    await turnToPart(visitor, "settings");

    await visitor.press("end.delete");
    await visitor.inDialog("end.delete");
    await page.getByRole("dialog").getByText(problemText("has_open_messages", language).title).waitFor();
    await visitor.field("end.cancelMessages").check();
    await visitor.inDialog("end.delete");
    await page.getByRole("heading", { level: 1, name: say("servers.title"), exact: true }).waitFor();
    await eventually("gone", async () => (await page.getByRole("link", { name, exact: true }).count()) === 0);
    await visitor.turnTo(`/messages/${message}`);
    await visitor.sees("message.says.canceled");
    await visitor.turnTo(`/servers/${id}`);
    await visitor.sees({ text: problemText("not_found", language).title });
    await operator.rest();
  });

  it("counts a mail just sent against the limits and lists it without waiting for the next poll", async () => {
    const id = await connected("Compté");
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    const { page, say } = visitor;
    // The regular reads come every five seconds or later; here they never do.
    await page.addInitScript(`{
      const own = window.setTimeout;
      window.setTimeout = (act, ms, ...rest) => (ms >= 4000 ? 0 : own(act, ms, ...rest));
    }`);
    await visitor.go(`/servers/${id}`);
    await page.getByText("0 sur 20", { exact: true }).waitFor();
    await visitor.field("mail.subject").fill("Compte avec moi");
    await visitor.press("mail.send");
    await visitor.sees("message.says.sent");
    await page.getByText("1 sur 20", { exact: true }).waitFor();
    await turnToPart(visitor, "activity");
    await page
      .getByRole("region", { name: say("history.messages") })
      .getByRole("link", { name: "Compte avec moi" })
      .waitFor();
    await visitor.leave();
  });

  it("has a server's page in three parts, each with an address of its own and one primary act", async () => {
    const id = await connected("En parties");
    const visitor = await visitAsOperator(browser, stack, { language: "en", viewport: { width: 1280, height: 800 } });
    const { page, say } = visitor;
    const current = page.locator(".tabs [aria-current=page]");
    const primary = page.locator("main .button.primary");
    const height = async () => Number(await page.evaluate("document.documentElement.scrollHeight"));
    await visitor.go(`/servers/${id}/nowhere`);
    await visitor.sees("notFound.title");
    await visitor.go(`/servers/${id}?connected=1`);
    await visitor.sees("connection.nowConnected");
    await page.getByText("0 of 20", { exact: true }).waitFor();
    for (const [part, act] of [
      ["overview", ["mail.send"]],
      ["activity", []],
      ["settings", ["action.save"]],
    ] as const) {
      const link = page.locator(".tabs").getByRole("link", { name: say(`server.part.${part}`), exact: true });
      await link.focus();
      await page.keyboard.press("Enter");
      await eventually(`${part} is shown`, async () => (await current.textContent()) === say(`server.part.${part}`));
      await settled(visitor);
      assert.deepEqual(await primary.allTextContents(), act.map(say), part);
      assert((await height()) < 1_600, `${part} is ${await height()} px high`);
    }
    assert.equal(await page.title(), "En parties · Settings · Relais");
    await page.goBack();
    await eventually("back", async () => (await current.textContent()) === say("server.part.activity"));
    await page.reload();
    await page.getByRole("region", { name: say("history.messages") }).waitFor();

    // In trouble, it is told once, and the primary act ends it. What was true before is not said beside it.
    await turnToPart(visitor, "overview");
    await visitor.press("test.action");
    await visitor.sees("test.ok");
    stack.sandbox.control.revoke(ADA);
    assert.equal((await stack.relais.operate("POST", `/v1/mail-servers/${id}/test`)).status, 200);
    await visible(visitor, "connection.reconnect_required").waitFor();
    assert.equal(await page.getByText(say("test.ok"), { exact: true }).count(), 0);
    await visitor.go(`/servers/${id}?connected=1`);
    await visible(visitor, "connection.reconnect_required").waitFor();
    assert.equal(await page.getByText(say("connection.nowConnected")).count(), 0);
    const { advice } = problemText("password_or_revoked", "en");
    await visitor.go(`/servers/${id}?problem=password_or_revoked`);
    await settled(visitor);
    assert.deepEqual(await primary.allTextContents(), [say("connect.retry")]);
    assert.equal(await page.getByText(advice).count(), 1);
    await visitor.press("action.dismiss");
    await eventually("the card tells it", async () => (await primary.allTextContents()).includes(say("connect.again")));
    assert.equal(await page.getByText(advice).count(), 1);
    await visitor.leave();
  });

  it("keeps what is typed in a mail server's form while it is being saved", async () => {
    const id = await createServer(stack, { name: "Lent" });
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    await visitor.turnTo(`/servers/${id}/settings`);
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => {
      answer = resolve;
    });
    await page.route(`**/v1/mail-servers/${id}`, async (route) => {
      if (route.request().method() === "PATCH") await asked;
      await route.continue();
    });
    const name = visitor.field("server.name");
    await name.fill(" Plus lent ");
    const saved = page.waitForResponse((response) => response.request().method() === "PATCH");
    await visitor.press("action.save");
    const note = page.getByLabel(say("server.description"));
    await note.focus();
    await page.keyboard.type("typed mean");
    answer();
    await saved;
    await eventually("what was saved is shown as it was stored", async () => (await name.inputValue()) === "Plus lent");
    await page.keyboard.type("while");
    assert.equal(await note.inputValue(), "typed meanwhile");
    assert.equal(await page.getByText(say("state.saved"), { exact: true }).count(), 0, "not all of it is saved");
    await visitor.press("action.save");
    await page.getByText(say("state.saved"), { exact: true }).waitFor();
    const stored = await (await stack.relais.operate("GET", `/v1/mail-servers/${id}`)).json();
    assert.deepEqual([stored.name, stored.description], ["Plus lent", "typed meanwhile"]);
    await stack.relais.operate("DELETE", `/v1/mail-servers/${id}`);
    await operator.rest();
  });

  it("shows settings that somebody else changed, but never overwrites what is being typed", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page } = visitor;
    const days = visitor.field("people.retention");
    const changeTo = async (retentionDays: number) => {
      assert.equal((await stack.relais.operate("PATCH", "/v1/settings", { retentionDays })).status, 200);
      // Simulates returning to this tab, which reads the value again at once.
      await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    };
    await visitor.turnTo("/settings");
    await days.waitFor();
    await changeTo(45);
    await eventually("theirs is shown", async () => (await days.inputValue()) === "45");
    await days.fill("60");
    const read = page.waitForResponse("**/v1/settings");
    await changeTo(50);
    await read;
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(resolve))");
    assert.equal(await days.inputValue(), "60", "what is typed stays");
    await operator.rest();
  });

  it("keeps what somebody else changed in a list while this person was typing in it", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page } = visitor;
    const change = async (body: object): Promise<Settings> => {
      const answer = await stack.relais.operate("PATCH", "/v1/settings", body);
      assert.equal(answer.status, 200, await answer.clone().text());
      return answer.json();
    };
    const read = async (): Promise<Settings> => (await stack.relais.operate("GET", "/v1/settings")).json();
    const saveIn = (id: string) => page.locator(`#${id}`).getByRole("button", { name: visitor.say("action.save") });
    const server = await createServer(stack, { name: "Alerte" });
    const before = await read();
    await change({ members: ["ada@example.com", "bob@example.com"], alerts: { server, to: ["ada@example.com"] } });

    await visitor.turnTo("/settings");
    await visitor.field("people.members").fill("ada@example.com\nbob@example.com\ncarol@example.com");
    await change({ members: ["ada@example.com"] });
    await saveIn("people").click();
    const saved = page.locator("#people").getByText(visitor.say("state.saved"), { exact: true });
    await saved.waitFor();
    assert.deepEqual((await read()).members, ["ada@example.com", "carol@example.com"]);
    await visitor.field("people.members").fill("ada@example.com");
    await saved.waitFor({ state: "detached" });

    const to = visitor.field("alerts.to");
    await change({ alerts: { server, to: ["bob@example.com"] } });
    await page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
    await eventually("theirs is shown", async () => (await to.inputValue()) === "bob@example.com");
    await to.fill("carol@example.com");
    await change({ alerts: { server, to: ["dan@example.com"] } });
    await saveIn("alerts").click();
    await visitor.sees("settings.changedElsewhere");
    assert.equal(await to.inputValue(), "carol@example.com", "what is typed stays");
    assert.deepEqual((await read()).alerts?.to, ["dan@example.com"], "nothing is undone");
    await visitor.press("server.takeTheirs");
    assert.equal(await to.inputValue(), "dan@example.com");
    await change({ members: before.members, alerts: null });
    await stack.relais.operate("DELETE", `/v1/mail-servers/${server}`);
    await operator.rest();
  });
});
