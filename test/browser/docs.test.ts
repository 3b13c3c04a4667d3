import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type InEveryLanguage, LANGUAGES } from "../../functions/domain/language.ts";
import { DOCS_PATHS } from "../../functions/reference/docs-paths.ts";
import { DOCUMENT } from "../builders/api-description.ts";
import type { RelaisProcess } from "../builders/relais-process.ts";
import { accessible, overflow } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, readOnlyStack } from "./furnished-stack.ts";
import { WIDTHS } from "./readers.ts";
import { settled, visitAsOperator } from "./visitor.ts";

/** Links within the page that lead nowhere. */
const DEAD_LINKS = `[...document.querySelectorAll('a[href^="#"]')]
  .map((link) => link.getAttribute("href").slice(1))
  .filter((id) => document.getElementById(id) === null)`;

const REPEATED_IDS = `[...document.querySelectorAll("[id]")].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)`;

/** Takes away each card that has no kind of element, by tag and class, that an earlier one lacks. */
const KEEP_ONE_OF_EACH = `{
  const seen = new Set();
  for (const card of document.querySelectorAll("main section.card")) {
    const kinds = [...card.querySelectorAll("*")].map(({ tagName, className, parentElement }) =>
      [parentElement.tagName, tagName, className].join(" "));
    if (kinds.every((kind) => seen.has(kind))) card.remove();
    for (const kind of kinds) seen.add(kind);
  }
}`;

const SCHEME = { fr: "light", en: "dark" } as const satisfies InEveryLanguage;

describe("The page of the API", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  let relais: RelaisProcess;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), readOnlyStack()]);
    relais = stack.relais;
  });
  after(() => browser?.close());

  it("and its description need no credential", async () => {
    const described = await relais.request("/openapi.json");
    assert.equal(described.status, 200);
    assert.match(described.headers.get("content-type") ?? "", /^application\/json/);
    assert.deepEqual(await described.json(), DOCUMENT);
    for (const path of Object.values(DOCS_PATHS)) {
      const page = await relais.request(path);
      assert.equal(page.status, 200, path);
      const policy = page.headers.get("content-security-policy") ?? "";
      assert.match(policy, /default-src 'none'/);
      assert.doesNotMatch(policy, /unsafe/);
    }
  });

  for (const language of LANGUAGES) {
    it(`is accessible, and all its links lead somewhere: ${language}`, async () => {
      const { page, context, complaints } = await browser.profile();
      await page.goto(`${relais.origin}${DOCS_PATHS[language]}`);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.deepEqual(await page.evaluate(DEAD_LINKS), []);
      assert.deepEqual(await page.evaluate(REPEATED_IDS), []);
      for (const width of WIDTHS) {
        await page.setViewportSize({ width, height: 900 });
        assert.equal(await overflow(page), 0, `${language}, ${width} px`);
      }
      // The pages differ in their texts alone, and most of their parts in nothing else.
      await page.evaluate(KEEP_ONE_OF_EACH);
      await page.emulateMedia({ colorScheme: SCHEME[language] });
      await accessible(page, DOCS_PATHS[language]);
      assert.deepEqual(complaints, []);
      await context.close();
    });
  }

  it("leads to the other language and back", async () => {
    const { page, context } = await browser.profile();
    await page.goto(`${relais.origin}${DOCS_PATHS.en}`);
    await page.getByRole("link", { name: "Français" }).click();
    await page.waitForURL(`**${DOCS_PATHS.fr}`);
    await page.getByRole("link", { name: "English" }).click();
    await page.waitForURL(`**${DOCS_PATHS.en}`);
    await context.close();
  });

  it("is where the console's links to it lead", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    const { page, say } = visitor;
    const linkIn = (part: "banner" | "main", key: "nav.docs" | "send.reference") =>
      page
        .getByRole(part)
        .getByRole("link", { name: say(key), exact: true })
        .first();
    for (const [path, part, key] of [
      ["/keys", "main", "send.reference"],
      ["/operations", "main", "nav.docs"],
      ["/messages", "banner", "nav.docs"],
    ] as const) {
      await visitor.go(path);
      await settled(visitor);
      // It takes the browser seconds to show the page; once is enough.
      const loads = page.waitForRequest((request) => request.isNavigationRequest());
      await linkIn(part, key).click();
      assert.equal((await loads).url(), `${relais.origin}${DOCS_PATHS.fr}`);
    }
    // The console has a button for that, no link.
    await page.getByRole("link", { name: "English", exact: true }).waitFor();
    await visitor.leave();
  });
});
