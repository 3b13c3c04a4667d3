import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import type { Locator } from "playwright-core";
import { type Stack, startStack } from "../builders/connected-stack.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { settled, type Visitor, visit } from "./visitor.ts";

const MAX_STEPS = 120;

/** Uses no mouse: presses Tab until the control has the focus, which must be visible on the way. */
const keyboard = ({ page }: Visitor) => {
  const reach = async (target: Locator): Promise<void> => {
    await target.first().waitFor({ state: "attached" });
    for (let steps = 0; steps < MAX_STEPS; steps += 1) {
      if ((await target.and(page.locator(":focus")).count()) > 0) return;
      await page.keyboard.press("Tab");
    }
    throw new Error(`the keyboard does not reach ${target}`);
  };
  const isFocusVisible = (): Promise<boolean> =>
    page.evaluate(`[document.activeElement, document.activeElement.closest("label")].some(
      (element) => element !== null && getComputedStyle(element).outlineStyle !== "none")`);
  return {
    reach,
    press: async (target: Locator, key = "Enter") => {
      await reach(target);
      assert(await isFocusVisible(), `the focus is not visible on ${target}`);
      await page.keyboard.press(key);
    },
    type: async (target: Locator, text: string) => {
      await reach(target);
      await page.keyboard.press("Control+A");
      await page.keyboard.type(text);
    },
  };
};

describe("the console with the keyboard only", () => {
  let browser: TestBrowser;
  let stack: Stack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startStack()]);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  it("goes from the setup token to the first sent mail", async () => {
    const visitor = await visit(browser, stack, { language: "fr" });
    const { page, say } = visitor;
    const hand = keyboard(visitor);
    const link = (key: Parameters<Visitor["say"]>[0]) => page.getByRole("link", { name: say(key), exact: true });

    await visitor.go("/sign-in");
    await hand.press(page.locator("summary"));
    await hand.type(visitor.field("signIn.token"), stack.relais.setupToken);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: say("home.empty") }).waitFor();
    await hand.press(link("home.emptyDo"));

    const step = (title: Parameters<Visitor["say"]>[0]) => page.locator("summary", { hasText: say(title) });
    await hand.press(step("setup.audience"));
    await hand.reach(page.getByRole("radio", { name: say("audience.undeclared") }));
    await page.keyboard.press("ArrowDown");
    await page.getByRole("radio", { name: say("audience.internal"), checked: true }).waitFor();
    await hand.press(step("setup.credentials"));
    const file = join(stack.relais.dataDir, "client.json");
    stack.sandbox.writeClientSecret(file);
    const chooser = page.waitForEvent("filechooser");
    await hand.press(visitor.field("credentials.file"));
    await (await chooser).setFiles(file);
    // Done, so it folds, and the next step opens.
    await link("servers.new").waitFor();

    await hand.press(link("servers.new"));
    // A refused form moves the focus to what must be corrected.
    await hand.type(visitor.field("server.name"), "srv_x");
    await hand.type(visitor.field("server.username"), "ada@example.com");
    await page.keyboard.press("Enter");
    await page.locator('[aria-invalid="true"]:focus').waitFor();
    assert.equal(await visitor.field("server.name").and(page.locator(":focus")).count(), 1);
    await hand.type(visitor.field("server.name"), "Facturation");
    await hand.type(visitor.field("server.username"), "ada@example.com");
    await hand.press(visitor.button("newServer.create"));

    await hand.press(link("connect.first"));
    for (const value of ["ada@example.com", "continue", "allow"]) {
      const button = page.locator(`button[value="${value}"]`);
      await hand.reach(button);
      await page.keyboard.press("Enter");
    }
    await visitor.sees("connection.nowConnected");
    await hand.press(visitor.button("test.action"));
    await page.getByText(say("test.ok"), { exact: true }).waitFor();
    await hand.type(visitor.field("mail.to"), "grace@example.com");
    await hand.press(visitor.button("mail.send"));
    await visitor.sees("message.says.sent");
    assert.equal(stack.sandbox.control.mails().length, 1);
    await hand.press(link("mail.follow"));
    await page.getByRole("heading", { name: say("message.timeline") }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.tagName"), "H1", "starts at the new page's heading");

    // A dialog keeps the focus while open, closes on Escape and returns the focus.
    await hand.press(link("nav.operations"));
    const pause = visitor.button("pause.pause").first();
    await hand.press(pause);
    const dialog = page.getByRole("dialog");
    await dialog.waitFor();
    for (let steps = 0; steps < 6; steps += 1) {
      await page.keyboard.press("Tab");
      // After the dialog comes the browser's own toolbar (the document then has no focus), never the page beneath.
      const where = await page.evaluate(
        `document.activeElement.closest("dialog") !== null || document.activeElement === document.body`,
      );
      assert(where, "the focus left the dialog");
    }
    await page.keyboard.press("Escape");
    await dialog.waitFor({ state: "hidden" });
    assert.equal(await pause.and(page.locator(":focus")).count(), 1);
    await visitor.leave();
  });

  it("skips the navigation, and moves to a new page's heading", async () => {
    const visitor = await visit(browser, stack, { language: "fr" });
    const { page, say } = visitor;
    await visitor.go(`/#setup=${stack.relais.setupToken}`);
    await settled(visitor);
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), say("nav.skip"));
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    assert(await page.evaluate("document.activeElement.closest('main') !== null"), "the navigation is skipped");
    await page.getByRole("link", { name: say("nav.settings"), exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: say("settings.title") }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.tagName"), "H1");
    assert.equal(await page.title(), `${say("settings.title")} · Relais`);
    await visitor.leave();
  });
});
