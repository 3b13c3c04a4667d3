import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { TEXTS } from "../../functions/console/texts.ts";
import { LANGUAGES } from "../../functions/domain/language.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { everyState } from "./every-state.ts";
import { type FurnishedStack, readOnlyStack } from "./furnished-stack.ts";
import { atLaptop } from "./readers.ts";
import { openAnew, settled, visitAsOperator } from "./visitor.ts";

/** Every text that a person or their screen reader gets, including the page title. */
const textsOn = (page: Page): Promise<string[]> =>
  page.evaluate(`(() => {
    const found = [document.title.replace(/ · Relais$/, "")];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const parent = walker.currentNode.parentElement;
      if (parent !== null && !parent.closest("script, style, code, blockquote, .mono, .languages")) found.push(walker.currentNode.data);
    }
    for (const element of document.querySelectorAll("[aria-label], [title], [alt], [placeholder]"))
      for (const name of ["aria-label", "title", "alt", "placeholder"]) found.push(element.getAttribute(name) ?? "");
    for (const button of document.querySelectorAll("input[type=submit], input[type=button]")) found.push(button.value);
    return found.flatMap((text) => text.split(/ · |\\u00a0?: |, /)).map((text) => text.trim().replace(/^· /, "")).filter((text) => text !== "");
  })()`);

/** The same word in both languages, according to the catalogue. */
const SAME_WORDS = new Set<string>(
  Object.values(TEXTS)
    .filter(({ fr, en }) => (fr as string) === en)
    .map(({ fr }) => fr),
);

/** What people and programs entered, and what is not a word: addresses, names of records, ids, signs, numbers. */
const GIVEN = [
  /^(curl|Node\.js|Python|PHP)$/,
  /^[^\s@]*@[\w.-]+(, [^\s@]*@[\w.-]+)*$/,
  /^(Facturation|Commandes|Factures et relances|Boutique|Relais|Facture 2026-\d+)$/,
  /^(srv|msg|key)_[\w-]+$/,
  /^Message-ID$/,
  // The release and commit that run: "version" is the same word.
  /^Version [\d.]+$/,
  /^[0-9a-f]{7,64}(-dirty)?$/,
  /^[\w-]+…?\.apps\.googleusercontent\.com$/,
  /^http:\/\/localhost:\d+$/,
  /^[\d\s.,:·()%–←…-]*$/,
  // On the pages that a consent ends on.
  /^(Code|HTTP \d+)$/,
  /^\d+ ms$/,
];

/** Two frames later, what has changed is drawn. */
const DRAWN = "new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))";

const translated = (text: string): boolean => SAME_WORDS.has(text) || GIVEN.some((pattern) => pattern.test(text));

describe("the console's two languages", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), readOnlyStack()]);
  });
  after(() => browser.close());

  it("cover every text of every page", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    const { page } = visitor;
    const untranslated: string[] = [];
    let count = 0;
    const compare = (what: string, texts: readonly string[], others: readonly string[]): void => {
      // Some texts have more parts in one language, but no page that has loaded lacks a quarter of them.
      assert(others.length > 0.75 * texts.length, `${what} has loaded in the other language`);
      const inOther = new Set(others);
      const same = texts.filter((text) => inOther.has(text) && !translated(text));
      untranslated.push(...same.map((text) => `${what}: ${text}`));
      count += texts.length;
    };
    /** Reads the page as it has opened, then in the other language. */
    const readTwice = async (what: string): Promise<void> => {
      const texts = await textsOn(page);
      await visitor.becomes(atLaptop(visitor.language === "fr" ? "en" : "fr"));
      // Some pages then read again what the API says.
      await page.evaluate(DRAWN);
      await settled(visitor);
      compare(what, texts, await textsOn(page));
    };
    await visitor.go("/");
    for (const [what, path] of Object.entries(stack.pages)) {
      await visitor.turnTo(path);
      await settled(visitor);
      await readTwice(what);
    }
    for (const { what, path, arrange } of everyState(stack)) {
      await arrange(page);
      await openAnew(visitor, path);
      await readTwice(what);
      await page.unrouteAll({ behavior: "ignoreErrors" });
    }
    await visitor.press("session.signOut");
    await page.getByRole("link", { name: visitor.say("signIn.google") }).waitFor();
    await readTwice("sign-in");
    await visitor.leave();
    const [french, english] = await Promise.all(
      LANGUAGES.map(async (language) => {
        const someone = await visitAsOperator(browser, stack, { language });
        await someone.go("/google_gmail/confirm?state=unknown&code=x");
        const texts = await textsOn(someone.page);
        await someone.leave();
        return texts;
      }),
    );
    assert(french !== undefined && english !== undefined);
    compare("callback", french, english);
    assert(count > 400, "the pages were read");
    assert.deepEqual(untranslated, []);
  });

  it("follow the browser's language, change at once, and are remembered", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    const { page } = visitor;
    await visitor.go("/");
    await settled(visitor);
    assert.equal(await page.locator("html").getAttribute("lang"), "fr");
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { level: 1, name: TEXTS["home.title"].en, exact: true }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await page.reload();
    await page.getByRole("link", { name: TEXTS["nav.settings"].en, exact: true }).waitFor();
    // The API's texts follow too: the checks on the Setup page come from it.
    await visitor.go("/setup");
    await settled(visitor);
    await page.getByText("Publishing status at Google").first().waitFor();
    await page.getByRole("button", { name: "Français" }).click();
    await page.getByText("État de publication chez Google").first().waitFor();
    await visitor.leave();
  });
});
