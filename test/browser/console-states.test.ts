import { after, before, describe, it } from "node:test";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { accessible } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { settled, visit, visitAsOperator } from "./visitor.ts";

/** Pages that read something before they show anything. */
const READING = [
  "home",
  "setup",
  "servers",
  "connected server",
  "messages",
  "sent message",
  "settings",
  "audit",
] as const;

describe("every page of the console, in every state, has nothing that axe-core objects to", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startFurnishedStack()]);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });
  const operator = () => visitAsOperator(browser, stack, { language: "fr" });

  it("once it shows what it read", async () => {
    const visitor = await operator();
    for (const [what, path] of Object.entries(stack.pages)) {
      await visitor.go(path);
      await settled(visitor);
      await accessible(visitor.page, what);
    }
    await visitor.leave();
  });

  it("while it is loading", async () => {
    const visitor = await operator();
    // Never answered: a page that waits looks like this.
    await visitor.page.route(/\/v1\/(?!session)/, () => {});
    for (const what of READING) {
      await visitor.go(stack.pages[what]);
      await visitor.page.locator(".loading").first().waitFor();
      await accessible(visitor.page, `${what}, loading`, true);
    }
    await visitor.leave();
  });

  it("when nothing can be read", async () => {
    const visitor = await operator();
    const problem = { code: "unavailable", status: 503, title: "t", detail: "d", requestId: "req_1", retryable: true };
    await visitor.page.route(/\/v1\/(?!session)/, (route) =>
      route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) }),
    );
    for (const what of READING) {
      await visitor.go(stack.pages[what]);
      await visitor.page
        .getByRole("alert")
        .filter({ hasText: problemText("unavailable", "fr").title })
        .first()
        .waitFor();
      await accessible(visitor.page, `${what}, failed`, true);
    }
    await visitor.leave();
  });

  it("when there is nothing yet", async () => {
    const visitor = await operator();
    await visitor.page.route(/\/v1\/(mail-servers|messages|keys|audit)(\?.*)?$/, (route) =>
      route.fulfill({ contentType: "application/json", body: JSON.stringify({ items: [], next: null }) }),
    );
    for (const what of ["home", "servers", "messages", "settings", "audit"] as const) {
      await visitor.go(stack.pages[what]);
      await settled(visitor);
      await accessible(visitor.page, `${what}, empty`, true);
    }
    await visitor.leave();
  });

  it("with its dialogs open", async () => {
    const visitor = await operator();
    const { page, say } = visitor;
    for (const [what, button] of [
      ["connected server", "disconnect.action"],
      ["connected server", "end.delete"],
      ["settings", "pause.pause"],
      ["scheduled message", "message.cancel"],
    ] as const) {
      await visitor.go(stack.pages[what]);
      await visitor.press(button);
      await page.getByRole("dialog").waitFor();
      await accessible(page, `${what}, ${button}`);
    }
    await visitor.go(stack.pages.settings);
    await page.getByRole("button", { name: new RegExp(`^${say("key.revoke")} `) }).click();
    await page.getByRole("dialog").waitFor();
    await accessible(page, "settings, key.revoke");
    await visitor.leave();
  });

  it("with a refused form, a report, a new key, and mail just sent", async () => {
    const visitor = await operator();
    const { page, say } = visitor;
    await visitor.go(stack.pages["new server"]);
    await visitor.field("server.name").fill("srv_x");
    await visitor.field("server.username").fill("ada@example.com");
    await page.getByLabel(say("server.fromFilter")).fill("not an address");
    await visitor.press("newServer.create");
    await page.locator(".field-error").first().waitFor();
    await accessible(page, "new server, refused");

    await visitor.go(stack.pages["connected server"]);
    await visitor.press("mail.send");
    await visitor.sees("message.says.sent");
    stack.sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1" }, { times: 1 });
    await visitor.press("test.action");
    await visitor.sees("test.notOk");
    await accessible(page, "connected server, tested");
    await visitor.press("test.action");
    await visitor.sees("test.ok");

    await visitor.go(stack.pages.settings);
    await page.getByText(say("key.new"), { exact: true }).click();
    await visitor.field("key.name").fill("Éphémère");
    await visitor.press("key.make");
    await visitor.sees("key.made");
    await accessible(page, "settings, key made");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole("button", { name: say("nav.menu") }).click();
    await accessible(page, "settings, menu open");
    await visitor.leave();
  });

  it("before anybody has signed in, and on the pages that a consent ends on", async () => {
    const visitor = await visit(browser, stack, { language: "fr" });
    await visitor.go("/#setup=not-the-token");
    await visitor.sees("signIn.tokenRefused");
    await accessible(visitor.page, "sign-in, refused");
    await visitor.go("/google_gmail/confirm?state=unknown&code=x");
    await visitor.sees({ text: problemText("state_invalid", "fr").title });
    await accessible(visitor.page, "callback");
    await visitor.leave();
  });
});
