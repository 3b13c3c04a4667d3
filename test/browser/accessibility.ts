import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const CONTRAST = "color-contrast";
const RULES = {
  all: "",
  contrast: `, runOnly: ['${CONTRAST}']`,
  "all but contrast": `, rules: { '${CONTRAST}': { enabled: false } }`,
} as const;

/** What axe-core finds wrong with the current page (WCAG 2.2 A and AA, and its best practices), without the rest. */
const violations = async (page: Page, rules: keyof typeof RULES): Promise<string[]> => {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  const found: AxeResults["violations"] = await page.evaluate(
    `axe.run(document, { resultTypes: ['violations']${RULES[rules]} }).then(({ violations }) => violations)`,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
};

const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

const WIDE = { width: 1_440, height: 900 };
const NARROW = { width: 360, height: 740 };

/**
 * Checks the current page wide and narrow, light and dark. Dark mode only changes colours, and a narrow screen changes
 * none of them. With `briefly`, a narrow page is only checked for overflow.
 */
export const accessible = async (page: Page, what: string, briefly = false): Promise<void> => {
  await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
  await page.emulateMedia({ colorScheme: "dark", reducedMotion: "reduce" });
  assert.deepEqual(await violations(page, "contrast"), [], `${what}, dark`);
  await page.emulateMedia({ colorScheme: "light", reducedMotion: "reduce" });
  await page.setViewportSize(NARROW);
  assert(!((await overflow(page)) > 0), `${what} is wider than 360 px`);
  if (!briefly) assert.deepEqual(await violations(page, "all but contrast"), [], `${what}, narrow`);
  await page.setViewportSize(WIDE);
  assert.deepEqual(await violations(page, "all"), [], `${what}, wide`);
};
