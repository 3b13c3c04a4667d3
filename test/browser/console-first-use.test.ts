import { after, before, describe, it } from "node:test";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { createServer, type Stack, saveCredentials, startStack } from "../builders/connected-stack.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { firstUse, stateInAnotherProfile } from "./first-use.ts";
import { consentOnPage } from "./google-pages.ts";
import { turnsFrom } from "./readers.ts";
import { visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(4);

describe("first use of the console, in a real browser through the edge", () => {
  let browser: TestBrowser;
  before(async () => {
    await buildConsoleOnce();
    browser = await startBrowser();
  });
  after(() => browser.close());

  turns.scenario("goes from the setup token to the first sent mail", async (reader, test) => {
    const stack = await startStack();
    test.after(() => stack.stop());
    await firstUse(browser, stack, reader);
  });

  describe("connecting", () => {
    let stack: Stack;
    before(async () => {
      stack = await startStack();
    });
    after(() => stack.stop());

    turns.scenario("leads to Setup while no client is saved", async (reader) => {
      const { language } = reader;
      const id = await createServer(stack, { name: `Trop tôt ${language}` });
      const visitor = await visitAsOperator(browser, stack, reader);
      const { page, say } = visitor;
      for (const path of ["/servers", `/servers/${id}`, `/servers/${id}?problem=gmail_credentials_missing`]) {
        await visitor.go(path);
        await page
          .getByRole("link", { name: say("connect.setUpFirst") })
          .first()
          .click();
        await page.getByRole("heading", { level: 1, name: say("setup.title") }).waitFor();
      }
      await visitor.leave();
    });

    it("leads to Google once a client is saved, without a reload", async () => {
      const id = await createServer(stack, { name: "À temps" });
      const visitor = await visitAsOperator(browser, stack, { language: "fr" });
      const { page, say } = visitor;
      await visitor.go("/servers");
      await page
        .getByRole("link", { name: say("connect.setUpFirst") })
        .first()
        .waitFor();
      await saveCredentials(stack);
      await visitor.turnTo(`/servers/${id}`);
      await visitor.follow("connect.first");
      await consentOnPage(page, { account: "ada@example.com" });
      await page.getByText(say("connection.valid"), { exact: true }).waitFor();
      await visitor.leave();
    });

    it("refuses a state that was taken to another browser profile", async () => {
      await stateInAnotherProfile(browser, stack);
    });

    for (const [what, account, uncheck, code] of [
      ["the wrong account", "grace@example.com", undefined, "account_mismatch"],
      ["an unchecked permission", "ada@example.com", true, "scope_missing"],
    ] as const) {
      turns.scenario(
        `explains ${what}, and how to fix it, on both the callback page and the server's page`,
        async (reader) => {
          const { language } = reader;
          const id = await createServer(stack, { name: `${what} ${language}` });
          const visitor = await visitAsOperator(browser, stack, reader);
          const { page, say } = visitor;
          const { title, advice } = problemText(code, language);
          await visitor.go(`/servers/${id}`);
          await visitor.follow("connect.first");
          await consentOnPage(page, { account, ...(uncheck && { uncheck }) });
          await page.getByText(title).first().waitFor();
          await page.getByText(advice).waitFor();
          if (code === "account_mismatch") {
            for (const address of [account, "ada@example.com"])
              await page.getByText(address, { exact: true }).waitFor();
            await page.getByRole("link", { name: say("connect.another"), exact: true }).waitFor();
          }
          await page.locator(`a[href^="/servers/${id}"]`).first().click();
          await page.waitForURL(/\?problem=/);
          await page.getByRole("alert").filter({ hasText: title }).getByText(advice).waitFor();
          await page.getByText(say("connection.not_connected"), { exact: true }).first().waitFor();
          if (code === "account_mismatch") {
            const expected = say("connect.expected").replace("{username}", "ada@example.com");
            await page.getByRole("alert").getByText(expected, { exact: true }).waitFor();
          }
          await visitor.follow(code === "account_mismatch" ? "connect.another" : "connect.retry");
          await consentOnPage(page, { account: "ada@example.com" });
          await page.getByText(say("connection.valid"), { exact: true }).waitFor();
          await visitor.leave();
        },
      );
    }
  });
});
