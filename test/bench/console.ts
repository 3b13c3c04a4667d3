// `npm run bench -- console [rounds]`: how the console does on a mid-range phone, and a long list of messages anywhere.
import { mkdtempDisposableSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBrowser, type TestBrowser } from "../browser/browser.ts";
import { buildConsoleOnce } from "../browser/console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "../browser/furnished-stack.ts";
import { settled, type Visitor, visitAsOperator } from "../browser/visitor.ts";
import { RelaisProcess } from "../builders/relais-process.ts";
import { measureList } from "./console/list.ts";
import { observe, PHONE, readVitals, throttle, type Vitals, vitalsOfTurn } from "./console/vitals.ts";
import type { PageFigures } from "./page/console.ts";
import { record } from "./record.ts";
import { fillStore } from "./scale/installation.ts";
import { median } from "./statistics.ts";

const MESSAGES = 10_000;
const given = process.argv.slice(2).map(Number);
const rounds = given[0] ?? 5;
if (given.length > 1 || !Number.isInteger(rounds) || rounds < 1) {
  console.error("Usage: npm run bench -- console [rounds]");
  process.exit(2);
}

const onPhone = async (browser: TestBrowser, stack: FurnishedStack): Promise<Visitor> => {
  const visitor = await visitAsOperator(browser, stack, { language: "en", viewport: PHONE });
  await observe(visitor.context);
  await throttle(visitor.page);
  return visitor;
};

/** Opens and folds whatever the page has, and types into its fields: every kind of act that stays on the page. */
const interact = async ({ page }: Visitor): Promise<void> => {
  for (const control of await page.locator("main summary:visible, .menu-button:visible").all()) await control.click();
  for (const field of await page.locator("main input[type=text]:visible, main textarea:visible").all())
    await field.pressSequentially("ab");
  for (const language of ["fr", "en"]) await page.locator(`.languages [lang=${language}]`).click();
};

interface Round {
  readonly first: Vitals;
  readonly turn: Vitals;
  readonly inpMs: number;
}

const measurePage = async (browser: TestBrowser, stack: FurnishedStack, path: string): Promise<Round> => {
  const visitor = await onPhone(browser, stack);
  await visitor.go(path);
  const first = await readVitals(visitor.page);
  await visitor.turnTo("/nowhere");
  await settled(visitor);
  const turn = await vitalsOfTurn(visitor.page, path);
  await visitor.page.evaluate("vitals.begin()");
  await interact(visitor);
  const { inpMs } = await readVitals(visitor.page);
  await visitor.leave();
  return { first, turn, inpMs };
};

const figuresOf = (page: string, measured: readonly Round[]): PageFigures => {
  const of = (when: "first" | "turn", what: keyof Vitals): number => median(measured.map((one) => one[when][what]));
  const turn = { usableMs: of("turn", "usableMs"), cls: of("turn", "cls"), tbtMs: of("turn", "tbtMs") };
  const first = { usableMs: of("first", "usableMs"), cls: of("first", "cls"), tbtMs: of("first", "tbtMs") };
  return {
    page,
    first: { ...first, lcpMs: of("first", "lcpMs") },
    turn,
    inpMs: median(measured.map((one) => one.inpMs)),
  };
};

const measurePages = async (browser: TestBrowser): Promise<readonly PageFigures[]> => {
  const stack = await startFurnishedStack();
  const pages: PageFigures[] = [];
  for (const [what, path] of Object.entries(stack.pages)) {
    const measured: Round[] = [];
    for (let round = 0; round < rounds; round += 1) measured.push(await measurePage(browser, stack, path));
    pages.push(figuresOf(what, measured));
    console.log(what, JSON.stringify(pages.at(-1)));
  }
  await stack.stop();
  return pages;
};

const measureLongList = async (browser: TestBrowser) => {
  using data = mkdtempDisposableSync(join(tmpdir(), "relais-long-list-"));
  fillStore(join(data.path, "relais.sqlite"), MESSAGES, Date.now());
  const relais = await RelaisProcess.start({ dataDir: data.path });
  const list = await measureList(browser, relais, MESSAGES);
  await relais.stop();
  return list;
};

await buildConsoleOnce();
await using browser = await startBrowser({ optimizing: true });
const pages = await measurePages(browser);
const list = await measureLongList(browser);
console.table(list.acts);
record("console", given, { rounds, pages, list });
