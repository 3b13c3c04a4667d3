import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import type { Reader } from "./readers.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What is looked at: the frame around the pages is the same in every state of a page. */
const PARTS = { document: "document", main: "document.querySelector('main')" } as const;

/** The rules whose outcome may differ between two readers of one page; whether a control has a name may not. */
const LOOKS = ["color-contrast", "link-in-text-block", "scrollable-region-focusable", "css-orientation-lock"];

const RULES = { all: "", looks: `, runOnly: ${JSON.stringify(LOOKS)}` } as const;

export interface Scope {
  readonly part?: keyof typeof PARTS;
  readonly rules?: keyof typeof RULES;
}

/** What axe-core finds wrong (WCAG 2.2 A and AA, and its best practices), without the rest. */
const violations = async (page: Page, { part = "document", rules = "all" }: Scope): Promise<string[]> => {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(AXE);
  const found: AxeResults["violations"] = await page.evaluate(
    `axe.run(${PARTS[part]}, { resultTypes: ['violations']${RULES[rules]} }).then(({ violations }) => violations)`,
  );
  return found.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 160)).join(" | ")}`);
};

/** How much wider than the window the page is, with everything unfolded. */
export const overflow = (page: Page): Promise<number> =>
  page.evaluate(`(() => {
    for (const details of document.querySelectorAll("details")) details.open = true;
    return Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth);
  })()`);

/** Checks the page as it is now, in its language and scheme and at its width. */
export const accessible = async (page: Page, what: string, scope: Scope = {}): Promise<void> => {
  // A page that is still loading may have its text, but not its style sheet yet.
  await page.waitForLoadState();
  assert.equal(await overflow(page), 0, `${what} is wider than the window`);
  assert.deepEqual(await violations(page, scope), [], what);
};

/** Checks a page in its one language as each of these sees it. */
export const accessibleTo = async (readers: readonly Reader[], page: Page, what: string): Promise<void> => {
  for (const [at, { colorScheme, viewport }] of readers.entries()) {
    await page.emulateMedia({ colorScheme });
    await page.setViewportSize(viewport);
    await accessible(page, what, at === 0 ? {} : { rules: "looks" });
  }
};
