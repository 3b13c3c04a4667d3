import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fillStore } from "../bench/scale/installation.ts";
import { eventually } from "../builders/eventually.ts";
import { RelaisProcess } from "../builders/relais-process.ts";
import { accessible } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { settled, type Visitor, visitAsOperator } from "./visitor.ts";

/** Eight times what one response holds. */
const MESSAGES = 800;
/** Three screens of rows and some more, whatever the list holds. */
const MOST_ROWS = 200;

/** Counts rows that come into the document, and how many are there at most. */
const WATCH_ROWS = `(() => {
  window.rows = { added: 0, most: 0 };
  new MutationObserver((changes) => {
    for (const { addedNodes } of changes)
      for (const node of addedNodes) rows.added += node.matches?.("tr") ? 1 : (node.querySelectorAll?.("tr").length ?? 0);
    rows.most = Math.max(rows.most, document.querySelectorAll("main tr").length);
  }).observe(document.querySelector("main .table"), { childList: true, subtree: true });
})()`;

describe("the list of many hundred messages", () => {
  const dataDir = mkdtempSync(join(tmpdir(), "relais-long-list-"));
  let browser: TestBrowser;
  let relais: RelaisProcess;
  before(async () => {
    await buildConsoleOnce();
    fillStore(join(dataDir, "relais.sqlite"), MESSAGES, Date.now());
    [browser, relais] = await Promise.all([startBrowser(), RelaisProcess.start({ dataDir })]);
    // Nothing is sent meanwhile: the accounts are made up.
    await relais.operate("PATCH", "/v1/settings", { paused: true });
  });
  after(async () => {
    await browser.close();
    await relais.stop();
    rmSync(dataDir, { recursive: true });
  });

  const opened = async (width: number): Promise<Visitor> => {
    const viewport = { width, height: 800 };
    const visitor = await visitAsOperator(browser, { relais }, { language: "en", viewport });
    await visitor.go("/messages");
    await settled(visitor);
    await visitor.page.evaluate(WATCH_ROWS);
    return visitor;
  };
  const table = ({ page }: Visitor) => page.locator("main .table");
  const row = (visitor: Visitor, at: number) => table(visitor).locator(`tr[aria-rowindex="${at + 2}"]`);
  const scrollToEnd = async (visitor: Visitor): Promise<void> => {
    await eventually("all of them are known", async () => {
      await visitor.page.mouse.wheel(0, 8_000);
      return (await table(visitor).getAttribute("aria-rowcount")) === String(MESSAGES + 1);
    });
    await visitor.page.keyboard.press("End");
    await row(visitor, MESSAGES - 1).waitFor();
  };
  const height = (visitor: Visitor): Promise<number> =>
    table(visitor).evaluate((element) => element.getBoundingClientRect().height);

  for (const width of [1_280, 360])
    it(`holds only the rows near the window at ${width} px, and is as high as if it held all`, async () => {
      const visitor = await opened(width);
      const { page } = visitor;
      assert.equal(await table(visitor).getAttribute("aria-rowcount"), "-1", "how many there are is not known yet");
      const box = await row(visitor, 0).boundingBox();
      const oneRow = (await row(visitor, 1).boundingBox())?.height ?? 0;
      await scrollToEnd(visitor);
      const { added, most }: { added: number; most: number } = await page.evaluate("rows");
      assert(most <= MOST_ROWS, `${most} rows at once`);
      // Once when they are read, and once when they are scrolled to.
      assert(added <= 2 * MESSAGES, `${added} rows were made for ${MESSAGES} messages`);
      const expected = MESSAGES * oneRow;
      assert(Math.abs((await height(visitor)) - expected) < expected / 100, "the scroll bar is right");
      await page.keyboard.press("Home");
      await row(visitor, 0).waitFor();
      assert.deepEqual(await row(visitor, 0).boundingBox(), box);
      await accessible(page, "a long list");
      await visitor.leave();
    });

  it("keeps what has the focus and what is ticked, goes on by keyboard, and prints all", async () => {
    const visitor = await opened(1_280);
    const { page, say } = visitor;
    await scrollToEnd(visitor);
    const last = row(visitor, MESSAGES - 1);
    await last.getByRole("checkbox").check();
    await page.keyboard.press("Tab");
    const link = last.getByRole("link");
    assert(await link.evaluate((element) => element === element.ownerDocument.activeElement));
    await page.evaluate("scrollTo(0, 0)");
    await row(visitor, 0).waitFor();
    assert(await link.evaluate((element) => element === element.ownerDocument.activeElement), "the focus stays");
    await page.getByText(say("bulk.selected").replace("{count}", "1")).waitFor();
    // Backwards by keyboard: the row before is there as well.
    for (const key of ["Shift+Tab", "Shift+Tab"]) await page.keyboard.press(key);
    const before = row(visitor, MESSAGES - 2);
    assert(await before.getByRole("link").evaluate((element) => element === element.ownerDocument.activeElement));
    await page.evaluate("scrollTo(0, 0)");
    await row(visitor, 0).getByRole("checkbox").check();
    await page.getByText(say("bulk.selected").replace("{count}", "2")).waitFor();
    await eventually("the rows that had the focus go", async () => (await last.count()) === 0);
    await page.evaluate("dispatchEvent(new Event('beforeprint'))");
    assert.equal(await table(visitor).locator("tbody tr").count(), MESSAGES);
    await page.evaluate("dispatchEvent(new Event('afterprint'))");
    await eventually("the rows go again", async () => (await table(visitor).locator("tr").count()) < MOST_ROWS);
    await visitor.leave();
  });
});
