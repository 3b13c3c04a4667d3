import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { RelaisProcess } from "../builders/relais-process.ts";
import { accessible, accessibleTo } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { consentOnPage } from "./google-pages.ts";
import { turnsFrom } from "./readers.ts";
import { visit, visitAsOperator } from "./visitor.ts";

const turns = turnsFrom(5);

/** From the link that `npm start` prints to the mailbox. */
const MOST_CLICKS = 8;

describe("the console of npm start, with the sandbox that it starts itself", () => {
  let browser: TestBrowser;
  let relais: RelaisProcess;
  before(async () => {
    await buildConsoleOnce();
    [browser, relais] = await Promise.all([startBrowser(), RelaisProcess.start()]);
  });
  after(async () => {
    await browser.close();
    await relais.stop();
  });

  it(`leads to the first mail in the mailbox with at most ${MOST_CLICKS} clicks and no file`, async () => {
    const visitor = await visit(browser, { relais }, { language: "en" });
    const { page, context, press, follow, field } = visitor;
    // Counted by the browser, on the console's pages and on those of the sandbox.
    let clicks = 0;
    await context.exposeBinding("noteClick", () => {
      clicks += 1;
    });
    await context.addInitScript(`document.addEventListener("click", (event) => event.isTrusted && noteClick(), true)`);
    let choosers = 0;
    page.on("filechooser", () => {
      choosers += 1;
    });
    await page.goto(`${relais.origin}/#setup=${relais.setupToken}`);
    await follow("home.emptyDo");
    await press("setup.sandboxUse");
    await visitor.sees("sandbox.accounts");
    await field("server.name").fill("Billing");
    await field("server.username").fill("ada@example.com");
    await press("newServer.create");
    await follow("connect.first");
    await consentOnPage(page, { account: "ada@example.com" });
    await field("mail.to").fill("grace@example.com");
    await press("mail.send");
    await visitor.sees("message.says.sent");
    assert.ok(clicks <= MOST_CLICKS, `${clicks} clicks`);
    assert.ok(clicks >= 5, "clicks are counted");
    assert.equal(choosers, 0);
    const mailbox = page.waitForEvent("popup");
    await page.getByRole("link", { name: visitor.say("sandbox.mailbox") }).click();
    const inbox = await mailbox;
    await inbox.getByText("grace@example.com").first().waitFor();
    await accessibleTo(turns.two(), inbox, "the sandbox’s mailbox");
    await inbox.locator("tbody a").first().click();
    await inbox.waitForURL("**/mailbox/*");
    await accessibleTo(turns.two(), inbox, "a mail in the sandbox’s mailbox");
    await inbox.getByRole("link", { name: "Français" }).click();
    await inbox.getByRole("link", { name: "Tous les messages" }).click();
    await inbox.getByRole("heading", { name: "Messages envoyés" }).waitFor();
    await visitor.leave();
  });

  turns.scenario("says on every page that nothing leaves this computer, and how that is changed", async (reader) => {
    const { language } = reader;
    const visitor = await visitAsOperator(browser, { relais }, reader);
    const { page, say } = visitor;
    const toGoogle = page.locator('main a[href*="google.com"]');
    // Until it is known that Google is played here, the page tells nobody to go to the real one.
    const settings = "**/v1/settings";
    const known = Promise.withResolvers<void>();
    await page.route(settings, async (route) => {
      await known.promise;
      await route.continue();
    });
    const others = ["doctor*", "keys*", "settings/gmail-credentials"].map((name) =>
      page.waitForResponse(`**/v1/${name}`),
    );
    await visitor.go("/setup");
    await Promise.all(others.map(async (response) => (await response).finished()));
    await page.evaluate("new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))");
    assert.equal(await toGoogle.count(), 0, "nothing is said before it is known");
    known.resolve();
    await visitor.sees("sandbox.title");
    await visitor.sees("setup.sandbox");
    await page.unroute(settings);
    await visitor.go("/");
    for (const [path, title] of [
      ["/", "home.title"],
      ["/messages", "messages.title"],
      ["/servers", "servers.title"],
      ["/keys", "key.title"],
      ["/settings", "settings.title"],
      ["/operations", "nav.operations"],
      ["/audit", "audit.title"],
      ["/setup", "setup.title"],
    ] as const) {
      await visitor.turnTo(path);
      await page.getByRole("heading", { level: 1, name: say(title), exact: true }).waitFor();
      await visitor.sees("sandbox.title");
    }
    await page.locator("#checks .checks, #checks p").first().waitFor();
    assert.equal(await toGoogle.count(), 0, "Google is played here");
    await page.getByText(say("sandbox.real"), { exact: true }).click();
    await page.getByText("npm start -- --real-google client_secret.json", { exact: true }).waitFor();
    await accessible(page, `sandbox banner, ${language}`);
    await visitor.leave();
  });

  it("plays Google’s choices: another account, and no", async () => {
    const visitor = await visitAsOperator(browser, { relais }, { language: "fr" });
    const { page } = visitor;
    const made = await relais.operate("POST", "/v1/mail-servers", { name: "Refus", username: "grace@example.com" });
    const { id }: { id: string } = await made.json();
    await visitor.go(`/google_gmail/authorize?server=${id}`);
    await accessibleTo(turns.two(), page, "the choice of an account");
    await page.locator('button[value="ada@example.com"]').click();
    await page.getByRole("link", { name: "Utiliser un autre compte" }).click();
    await page.locator('button[value="grace@example.com"]').click();
    await accessibleTo(turns.two(), page, "the warning of an unverified app");
    await page.getByRole("button", { name: "Continuer" }).click();
    await page.getByText("grace@example.com").waitFor();
    await accessibleTo(turns.two(), page, "the choice of permissions");
    await page.getByRole("button", { name: "Annuler" }).click();
    await page.getByText(problemText("consent_denied", "fr").title).first().waitFor();
    await visitor.leave();
  });
});
