import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { TEXTS } from "../../functions/console/texts.ts";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { createServer, type Stack, saveCredentials, startStack } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { consent } from "../google-sandbox/consent-walker.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { consentOnPage } from "./google-pages.ts";
import { LANGUAGES, visit, visitAsOperator } from "./visitor.ts";

describe("first use of the console, in a real browser through the edge", () => {
  let browser: TestBrowser;
  before(async () => {
    await buildConsoleOnce();
    browser = await startBrowser();
  });
  after(() => browser.close());

  for (const language of LANGUAGES) {
    it(`goes from the setup token to the first sent mail (${language})`, async (test) => {
      const stack = await startStack();
      test.after(() => stack.stop());
      const visitor = await visit(browser, stack, { language });
      const { page, say, press, follow } = visitor;

      await page.goto(`${stack.relais.origin}/#setup=${stack.relais.setupToken}`);
      await page.getByRole("heading", { name: say("home.empty") }).waitFor();
      assert.equal(page.url(), `${stack.relais.origin}/`, "the token is gone from the address");
      assert.equal(await page.locator("html").getAttribute("lang"), language);

      await follow("home.emptyDo");
      await page.getByText(`${stack.relais.origin}/google_gmail/confirm`, { exact: true }).waitFor();
      const file = join(stack.relais.dataDir, "client.json");
      stack.sandbox.writeClientSecret(file, "installed");
      await page.getByLabel(say("credentials.file")).setInputFiles(file);
      await page.getByText(problemText("client_type_desktop", language).title).waitFor();
      stack.sandbox.writeClientSecret(file, "web");
      await page.getByLabel(say("credentials.file")).setInputFiles(file);
      await page.getByText(say("credentials.saved")).waitFor();

      await follow("servers.new");
      await page.getByLabel(say("server.name"), { exact: true }).fill("Facturation");
      await page.getByLabel(say("server.username"), { exact: true }).fill("ada@example.com");
      await press("newServer.create");
      await page.getByText(say("connection.not_connected")).first().waitFor();

      await follow("connect.first");
      await consentOnPage(page, { account: "ada@example.com" });
      await page.waitForURL(/\/servers\/srv_[^/]+\?connected=1$/);
      await page.getByText(say("connection.nowConnected")).waitFor();
      await page.getByText(say("connection.valid"), { exact: true }).waitFor();

      await press("test.action");
      await page.getByText(say("test.ok"), { exact: true }).waitFor();
      for (const stage of ["token", "scope", "identity", "dns", "tls", "auth", "envelope"] as const) {
        await page
          .getByRole("row")
          .filter({ hasText: say(`stage.${stage}`) })
          .getByText(say("test.passed"))
          .waitFor();
      }
      assert.equal(stack.sandbox.control.mails().length, 0, "a test sends nothing");

      await page.getByLabel(say("mail.to"), { exact: true }).fill("grace@example.com");
      await press("mail.send");
      await page.getByText(say("message.says.sent")).waitFor();
      const [mail] = stack.sandbox.control.mails();
      assert(mail !== undefined);
      await page.getByText(mail.messageId ?? "no Message-ID", { exact: true }).waitFor();

      await follow("mail.follow");
      await page.getByRole("heading", { name: say("message.timeline") }).waitFor();
      await follow("nav.home");
      await page.getByRole("heading", { name: say("home.working") }).waitFor();
      // What the connection has proven; who may connect was not declared, and cannot be seen.
      await follow("nav.setup");
      await eventually(
        "the steps are ticked off",
        async () => (await page.getByText(say("setup.stepDone"), { exact: true }).count()) === 5,
      );
      await visitor.leave();
    });
  }

  describe("when the consent goes wrong", () => {
    let stack: Stack;
    before(async () => {
      stack = await startStack();
      await saveCredentials(stack);
    });
    after(() => stack.stop());

    const signedIn = () => visitAsOperator(browser, stack, { language: "fr" });

    it("refuses a state that was taken to another browser profile", async () => {
      const id = await createServer(stack, { name: "Autre profil" });
      const [mine, other] = [await signedIn(), await signedIn()];
      const start = `${stack.relais.origin}/google_gmail/authorize?server=${id}`;
      const toGoogle = await mine.context.request.get(start, { maxRedirects: 0 });
      const { callbackUrl } = await consent(toGoogle.headers().location ?? "", { account: "ada@example.com" });

      const answer = await other.page.goto(callbackUrl);
      assert.equal(answer?.status(), 400);
      assert.equal(await answer?.headerValue("X-Relais-Problem"), "state_invalid");
      await other.page.getByText(problemText("state_invalid", "fr").title).first().waitFor();
      const after = await stack.relais.operate("GET", `/v1/mail-servers/${id}`);
      assert.match(await after.text(), /"state":"not_connected"/);

      // Where it was begun it is still good: the other profile has neither used nor spoilt it.
      await mine.page.goto(callbackUrl);
      await mine.page.getByText(TEXTS["connection.valid"].fr, { exact: true }).waitFor();
    });

    for (const [what, account, untick, code] of [
      ["the wrong account", "grace@example.com", undefined, "account_mismatch"],
      ["an unticked permission", "ada@example.com", true, "scope_missing"],
    ] as const) {
      for (const language of LANGUAGES) {
        it(`says the same after ${what} on the callback page and on the server's page, and how to mend it (${language})`, async () => {
          const id = await createServer(stack, { name: `${what} ${language}` });
          const visitor = await visitAsOperator(browser, stack, { language });
          const { page, say } = visitor;
          const { title, advice } = problemText(code, language);
          await visitor.go(`/servers/${id}`);
          await visitor.follow("connect.first");
          await consentOnPage(page, { account, ...(untick && { untick }) });
          await page.getByText(title).first().waitFor();
          await page.getByText(advice).waitFor();
          await page.locator(`a[href^="/servers/${id}"]`).first().click();
          await page.waitForURL(/\?problem=/);
          await page.getByRole("alert").filter({ hasText: title }).getByText(advice).waitFor();
          await page.getByText(say("connection.not_connected"), { exact: true }).first().waitFor();
          await visitor.follow("connect.retry");
          await consentOnPage(page, { account: "ada@example.com" });
          await page.getByText(say("connection.valid"), { exact: true }).waitFor();
          await visitor.leave();
        });
      }
    }
  });
});
