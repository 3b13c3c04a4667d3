// `npm run screenshots [-- <folder>]`: every page of the console at three widths, in both languages, light and dark where asked; and the small ones of the README.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { startBrowser } from "../test/browser/browser.ts";
import { buildConsoleOnce } from "../test/browser/console-build.ts";
import { startFurnishedStack } from "../test/browser/furnished-stack.ts";
import { LANGUAGES, settled, visit, visitAsOperator } from "../test/browser/visitor.ts";
import { root } from "./layout.ts";

const WIDTHS = [360, 768, 1_440] as const;
/** For the README: what a page looks like, below 150 KB each. */
const SHOWN = ["home", "setup", "connected server", "messages"] as const;
const README_SIZE = { width: 1_100, height: 760 };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { dark: { type: "boolean", default: false } },
});
const folder = positionals[0] ?? null;

await buildConsoleOnce();
const [browser, stack] = await Promise.all([
  startBrowser(),
  startFurnishedStack({ RELAIS_OPERATORS: "operator@example.com" }),
]);
const nameOf = (what: string): string => what.replaceAll(" ", "-");

/** Every page at every width, to be looked at. */
const takeAll = async (into: string): Promise<void> => {
  mkdirSync(into, { recursive: true });
  const colorScheme = values.dark ? "dark" : "light";
  for (const language of LANGUAGES) {
    const signedOut = await visit(browser, stack, { language, colorScheme });
    const signedIn = await visitAsOperator(browser, stack, { language, colorScheme });
    const pages = [
      ["sign-in", "/sign-in", signedOut],
      ["callback", "/google_gmail/confirm?state=x&code=y", signedOut],
      ...Object.entries(stack.pages).map(([what, path]) => [what, path, signedIn] as const),
    ] as const;
    for (const [what, path, visitor] of pages) {
      await visitor.go(path);
      await settled(visitor);
      for (const width of WIDTHS) {
        await visitor.page.setViewportSize({ width, height: 900 });
        await visitor.page.screenshot({ path: join(into, `${nameOf(what)}-${width}-${language}.png`), fullPage: true });
      }
    }
  }
};

const takeShown = async (): Promise<void> => {
  const into = join(root, "functions/console/screenshots");
  mkdirSync(into, { recursive: true });
  for (const language of LANGUAGES) {
    const visitor = await visitAsOperator(browser, stack, { language, viewport: README_SIZE });
    for (const what of SHOWN) {
      await visitor.go(stack.pages[what]);
      await settled(visitor);
      await visitor.page.screenshot({ path: join(into, `${nameOf(what)}-${language}.png`) });
    }
  }
};

try {
  if (folder === null) await takeShown();
  else await takeAll(folder);
} finally {
  await browser.close();
  await stack.stop();
}
