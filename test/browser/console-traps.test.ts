import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, afterEach, before, describe } from "node:test";
import { ADVICE, type CheckId } from "../../functions/domain/doctor/texts.ts";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { createServer, type Stack, saveCredentials, startStack } from "../builders/connected-stack.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { consentOnPage } from "./google-pages.ts";
import { turnsFrom } from "./readers.ts";
import { openStep, stayingVisitor, type Visitor, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(7);

const TWO_HOURS = 2 * 3_600_000;

/** One line of the Setup page's live checklist; checks that have passed are folded away. */
const check = ({ page }: Visitor, id: CheckId) => page.locator(`[data-check="${id}"]`);

const openPassed = ({ page }: Visitor): Promise<void> => page.locator("#checks summary").click();

const connectAs = async (visitor: Visitor, account = "ada@example.com"): Promise<void> => {
  await visitor.follow("connect.first");
  await consentOnPage(visitor.page, { account });
};

describe("the traps in the FAQ of Odoo's guide, each with the advice that solves it", () => {
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
  // A fault that a failed test has left would make the next ones fail too.
  afterEach(() => stack.sandbox.control.clear());

  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));

  turns.scenario(
    "publishing status: says what Testing costs beforehand, and names it when access ends",
    async (reader) => {
      const { language } = reader;
      const id = await createServer(stack, { name: `Statut ${language}` });
      const visitor = await operator.as(reader);
      const { page, say } = visitor;
      await visitor.turnTo("/setup");
      // Odoo's guide advises this to get rid of the warning screen; here its cost stands beside the choice.
      await page.getByText(say("traps.unverified"), { exact: true }).click();
      await visitor.sees("traps.unverifiedText");
      await openStep(visitor, "setup.audience");
      await page.getByRole("radio", { name: say("audience.testing") }).check();
      await check(visitor, "publishing_status").getByText(ADVICE.status_testing[language]).waitFor();

      // Google then ends the access; Relais says what happened and how to prevent it for good.
      stack.sandbox.control.set({ fault: "refresh_token_expires_in", seconds: 3_600 }, { times: 1 });
      await visitor.turnTo(`/servers/${id}`);
      await connectAs(visitor);
      await visitor.sees("connection.nowConnected");
      stack.sandbox.control.advance(TWO_HOURS);
      await visitor.press("test.action");
      await visitor.sees("connection.reconnect_required");
      await visitor.sees({ text: problemText("testing_7d", language).advice });

      await visitor.turnTo("/setup");
      await openStep(visitor, "setup.audience");
      await page.getByRole("radio", { name: say("audience.internal") }).check();
      await openPassed(visitor);
      await check(visitor, "publishing_status").getByText(say("check.done")).waitFor();
      await visitor.turnTo(`/servers/${id}`);
      await visitor.follow("connect.again");
      await consentOnPage(page, { account: "ada@example.com" });
      await page.getByText(say("connection.valid"), { exact: true }).waitFor();
      await operator.rest();
    },
  );

  turns.scenario(
    "missing test user: names the list and links to it, on the callback page and on the server's page",
    async (reader) => {
      const { language } = reader;
      const id = await createServer(stack, { name: `Testeur ${language}` });
      // The callback page is in the language of the browser.
      const visitor = await visitAsOperator(browser, stack, reader);
      const { page, say } = visitor;
      const { title, advice } = problemText("consent_denied", language);
      const off = stack.sandbox.control.set({ fault: "deny" }, { account: "ada@example.com" });
      await visitor.go(`/servers/${id}`);
      await visitor.follow("connect.first");
      await page.locator('button[value="ada@example.com"]').click();
      await visitor.sees({ text: title });
      await visitor.sees({ text: advice });
      await page.locator('a[href="https://console.cloud.google.com/auth/audience"]').waitFor();
      await page.locator(`a[href^="/servers/${id}"]`).click();
      await page.getByRole("alert").filter({ hasText: title }).getByText(advice).waitFor();
      // Once the address is added at Google, the same button works.
      stack.sandbox.control.clear(off);
      await visitor.follow("connect.retry");
      await consentOnPage(page, { account: "ada@example.com" });
      await page.getByText(say("connection.valid"), { exact: true }).waitFor();
      await visitor.leave();
    },
  );

  turns.scenario('outdated module: there is none, and the page says what else causes "forbidden"', async (reader) => {
    const { language } = reader;
    const id = await createServer(stack, { name: `Interdit ${language}`, transport: "gmail_api" });
    const visitor = await operator.as(reader);
    const { page, say } = visitor;
    await visitor.turnTo("/setup");
    await openPassed(visitor);
    await check(visitor, "relais_version").getByText(ADVICE.no_module[language]).waitFor();
    await page.getByText(say("traps.forbidden")).click();
    await visitor.sees("traps.forbiddenText");

    const off = stack.sandbox.control.set({
      fault: "http_error",
      at: "gmail",
      status: 403,
      reason: "accessNotConfigured",
    });
    await visitor.turnTo(`/servers/${id}`);
    await connectAs(visitor);
    await visitor.sees("connection.nowConnected");
    await visitor.press("test.action");
    await page.getByRole("row").getByText(problemText("gmail_api_disabled", language).advice).waitFor();
    stack.sandbox.control.clear(off);
    await visitor.press("test.action");
    await page.getByText(say("test.ok"), { exact: true }).waitFor();
    await operator.rest();
  });

  turns.scenario("client of type Desktop: refused before Google does, with the type to choose", async (reader) => {
    const { language } = reader;
    const visitor = await operator.as(reader);
    const { page } = visitor;
    const file = join(stack.relais.dataDir, `client-${language}.json`);
    const upload = () => visitor.field("credentials.file").setInputFiles(file);
    await visitor.turnTo("/setup");
    await page.getByText(visitor.say("traps.desktop")).click();
    await visitor.sees("traps.desktopText");
    await openStep(visitor, "setup.credentials");
    stack.sandbox.writeClientSecret(file, "installed");
    await upload();
    const refusal = page.getByRole("alert").filter({ hasText: problemText("client_type_desktop", language).title });
    await refusal.getByText(problemText("client_type_desktop", language).advice).waitFor();

    // The new client is a web client, but lacks the URI, which is shown for copying.
    stack.sandbox.writeClientSecret(file, "web");
    const written: { web: { redirect_uris: string[] } } = JSON.parse(readFileSync(file, "utf8"));
    const [uri] = written.web.redirect_uris;
    assert(uri !== undefined);
    const forgotten = { web: { ...written.web, redirect_uris: [`${uri}/`] } };
    writeFileSync(file, JSON.stringify(forgotten));
    await upload();
    const missing = page.getByRole("alert").filter({ hasText: problemText("redirect_uri_missing", language).title });
    await missing.getByText(uri, { exact: true }).waitFor();

    writeFileSync(file, JSON.stringify(written));
    await upload();
    await visitor.sees("credentials.saved");
    await openPassed(visitor);
    await check(visitor, "gmail_credentials").getByText(visitor.say("check.done")).waitFor();
    await operator.rest();
  });
});
