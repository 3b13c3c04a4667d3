import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { LANGUAGES } from "../../functions/domain/language.ts";
import { DOCS_PATHS } from "../../functions/reference/docs-paths.ts";
import { DOCUMENT } from "../builders/api-description.ts";
import { RelaisProcess } from "../builders/relais-process.ts";
import { accessible } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";

/** Links within the page that lead nowhere. */
const DEAD_LINKS = `[...document.querySelectorAll('a[href^="#"]')]
  .map((link) => link.getAttribute("href").slice(1))
  .filter((id) => document.getElementById(id) === null)`;

const REPEATED_IDS = `[...document.querySelectorAll("[id]")].map(({ id }) => id).filter((id, at, all) => all.indexOf(id) !== at)`;

describe("The page of the API", () => {
  let browser: TestBrowser;
  let relais: RelaisProcess;
  before(async () => {
    await buildConsoleOnce();
    [browser, relais] = await Promise.all([startBrowser(), RelaisProcess.start()]);
  });
  after(async () => {
    await browser?.close();
    await relais?.stop();
  });

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
      const { page, complaints } = await browser.profile();
      await page.goto(`${relais.origin}${DOCS_PATHS[language]}`);
      assert.equal(await page.locator("html").getAttribute("lang"), language);
      assert.deepEqual(await page.evaluate(DEAD_LINKS), []);
      assert.deepEqual(await page.evaluate(REPEATED_IDS), []);
      // The pages differ in their texts alone, so one of them is looked at in full.
      await accessible(page, DOCS_PATHS[language], language !== "en");
      assert.deepEqual(complaints, []);
    });
  }

  it("leads to the other language and back", async () => {
    const { page } = await browser.profile();
    await page.goto(`${relais.origin}${DOCS_PATHS.en}`);
    await page.getByRole("link", { name: "Français" }).click();
    await page.waitForURL(`**${DOCS_PATHS.fr}`);
    await page.getByRole("link", { name: "English" }).click();
    await page.waitForURL(`**${DOCS_PATHS.en}`);
  });
});
