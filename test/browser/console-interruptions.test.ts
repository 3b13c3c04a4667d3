import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createServer } from "../builders/connected-stack.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { consentOnPage } from "./google-pages.ts";
import { atLaptop, turnsFrom } from "./readers.ts";
import { settled, signInAs, stayingVisitor, type Visitor, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(2);

describe("the console when work is interrupted", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([
      startBrowser(),
      startFurnishedStack({ RELAIS_OPERATORS: "operator@example.com" }),
    ]);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const signInAgain = async (visitor: Visitor): Promise<void> => {
    await visitor.sees("signIn.ended");
    await visitor.follow("signIn.google");
    await consentOnPage(visitor.page, { account: "operator@example.com" });
  };

  turns.scenario("keeps what was typed when the session ends, through a sign-in with Google", async (reader) => {
    const { language } = reader;
    const visitor = await visitAsOperator(browser, stack, reader);
    const { page, context, say } = visitor;
    await visitor.go("/servers/new");
    await visitor.field("server.name").fill(`Après coup ${language}`);
    await visitor.field("server.username").fill("facturation@example.com");
    await page.getByLabel(say("server.fromFilter")).fill("@example.com");
    await context.clearCookies();
    await visitor.pressWithoutSession("newServer.create");
    await signInAgain(visitor);
    await visitor.sees("form.resumed");
    assert.equal(await page.getByLabel(say("server.fromFilter")).inputValue(), "@example.com");
    await visitor.press("newServer.create");
    await page.getByRole("heading", { level: 1, name: `Après coup ${language}` }).waitFor();
    // What was saved is not offered again.
    await visitor.go("/servers/new");
    assert.equal(await visitor.field("server.name").inputValue(), "");
    await visitor.leave();
  });

  it("merges what was typed into the current record, and offers it once", async () => {
    const id = await createServer(stack, { name: "Entre-temps" });
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    const { page, context, say } = visitor;
    const description = page.getByLabel(say("server.description"));
    await visitor.go(`/servers/${id}/settings`);
    await description.fill("Saisie en cours");
    await context.clearCookies();
    const changed = await stack.relais.operate("PATCH", `/v1/mail-servers/${id}`, { priority: 3 });
    assert.equal(changed.status, 200);
    await visitor.pressWithoutSession("action.save");
    await signInAgain(visitor);
    await visitor.sees("form.resumed");
    assert.equal(await description.inputValue(), "Saisie en cours");
    assert.equal(await page.getByLabel(say("server.priority")).inputValue(), "3", "another's change stays");
    await visitor.press("action.save");
    await page.getByText(say("state.saved"), { exact: true }).waitFor();
    assert.equal(await page.getByText(say("form.resumed")).count(), 0, "it is saved now");

    await description.fill("À oublier");
    await context.clearCookies();
    await visitor.pressWithoutSession("action.save");
    await visitor.sees("signIn.ended");
    assert.equal(await page.evaluate("sessionStorage.length"), 1);
    await signInAgain(visitor);
    await description.waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0, "taken once");
    await description.fill("Pour personne");
    await context.clearCookies();
    await visitor.pressWithoutSession("action.save");
    await visitor.sees("signIn.ended");
    await signInAs(visitor, "operator@example.com");
    await page.getByRole("heading", { level: 1, name: say("home.title"), exact: true }).waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 1);
    await visitor.press("session.signOut");
    await visitor.page.getByRole("link", { name: say("signIn.google") }).waitFor();
    assert.equal(await page.evaluate("sessionStorage.length"), 0, "who signs out leaves nothing behind");
    await visitor.leave();
  });

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  it("keeps the focus nearby when an action removes its own button", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    const heading = (level: 1 | 2, name: string) =>
      page.getByRole("heading", { level, name, exact: true }).and(page.locator(":focus"));
    const byKeyboard = async (button: Parameters<Visitor["button"]>[0]) => {
      await visitor.button(button).first().focus();
      await page.keyboard.press("Enter");
    };
    await visitor.turnTo(stack.pages["scheduled message"]);
    await settled(visitor);
    await byKeyboard("message.cancel");
    await visitor.inDialog("message.cancel");
    await heading(1, "Facture 2026-0045").waitFor();

    await visitor.turnTo(stack.pages["connected server"]);
    await settled(visitor);
    await byKeyboard("action.dismiss");
    await heading(1, "Facturation").waitFor();
    await visitor.turnTo(stack.pages["server settings"]);
    await settled(visitor);
    await byKeyboard("disconnect.action");
    await visitor.sees("disconnect.sharedClient");
    const refused = stack.sandbox.control.set({ fault: "http_error", at: "revocation", status: 403 });
    await visitor.inDialog("disconnect.action");
    await heading(2, say("end.title")).waitFor();
    await page.locator(".notice.warn").getByText(say("disconnect.unconfirmed")).waitFor();
    stack.sandbox.control.clear(refused);

    await visitor.turnTo("/keys");
    await settled(visitor);
    await page.getByRole("button", { name: "Révoquer la clé Boutique" }).focus();
    await page.keyboard.press("Enter");
    await visitor.inDialog("key.revoke");
    await heading(1, say("key.title")).waitFor();
    await operator.rest();
  });

  it("leaves the focus alone when it was not lost", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    await visitor.turnTo(stack.pages["server not connected"]);
    await settled(visitor);
    await visitor.button("action.dismiss").focus();
    // Click beside every control, then remove the button.
    await page.mouse.click(5, 5);
    assert.equal(await page.evaluate("document.activeElement.tagName"), "BODY");
    await page.evaluate(
      `[...document.querySelectorAll("button")].find((button) => button.textContent === ${JSON.stringify(say("action.dismiss"))}).remove()`,
    );
    await page.evaluate("new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))");
    assert.equal(await page.evaluate("document.activeElement.tagName"), "BODY");
    await operator.rest();
  });
});
