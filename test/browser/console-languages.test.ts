import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Page } from "playwright-core";
import { TEXTS } from "../../functions/console/texts.ts";
import { LANGUAGES } from "../../functions/domain/language.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { everyState } from "./every-state.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
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

const translated = (text: string): boolean => SAME_WORDS.has(text) || GIVEN.some((pattern) => pattern.test(text));

describe("the console's two languages", () => {
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

  it("cover every text of every page", async () => {
    const [french, english] = await Promise.all(
      LANGUAGES.map(async (language) => {
        const visitor = await visitAsOperator(browser, stack, { language });
        const texts = new Map<string, string[]>();
        await visitor.go("/");
        for (const [what, path] of Object.entries(stack.pages)) {
          await visitor.turnTo(path);
          await settled(visitor);
          texts.set(what, await textsOn(visitor.page));
        }
        for (const { what, path, arrange } of everyState(stack)) {
          await arrange(visitor.page);
          await openAnew(visitor, path);
          texts.set(what, await textsOn(visitor.page));
          await visitor.page.unrouteAll({ behavior: "ignoreErrors" });
        }
        await visitor.go("/google_gmail/confirm?state=unknown&code=x");
        texts.set("callback", await textsOn(visitor.page));
        await visitor.go("/");
        await visitor.press("session.signOut");
        await visitor.page.getByRole("link", { name: visitor.say("signIn.google") }).waitFor();
        texts.set("sign-in", await textsOn(visitor.page));
        await visitor.leave();
        return texts;
      }),
    );
    assert(french !== undefined && english !== undefined);
    assert([...french.values()].flat().length > 400, "the pages were read");
    const untranslated = [...french].flatMap(([what, texts]) => {
      const inEnglish = new Set(english.get(what));
      return texts.filter((text) => inEnglish.has(text) && !translated(text)).map((text) => `${what}: ${text}`);
    });
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
