import type { TestBrowser } from "../../browser/browser.ts";
import { visitAsOperator } from "../../browser/visitor.ts";
import type { RelaisProcess } from "../../builders/relais-process.ts";
import type { LongList } from "../page/console.ts";
import { observe, readVitals, throttle } from "./vitals.ts";

const ROWS = "main .table tbody tr";

/** Scrolls as fast as a finger does until every message is there, and then works with the list. */
export const measureList = async (browser: TestBrowser, relais: RelaisProcess, messages: number): Promise<LongList> => {
  // Nothing is sent meanwhile: the accounts are made up.
  await relais.operate("PATCH", "/v1/settings", { paused: true });
  const visitor = await visitAsOperator(browser, { relais }, { language: "en" });
  const { page } = visitor;
  await observe(visitor.context);
  await throttle(page, true);
  await visitor.go("/messages");
  await readVitals(page);
  await page.evaluate("vitals.begin()");
  const beganAtMs = performance.now();
  const rows = page.locator(ROWS);
  // The page itself looks: a locator would be measured along.
  const count = (of: string): Promise<number> => page.evaluate(of);
  // The table says how many rows it has once it knows of all.
  while ((await count(`Number(document.querySelector("main .table").ariaRowCount)`)) !== messages + 1)
    await page.mouse.wheel(0, 4_000);
  const seconds = (performance.now() - beganAtMs) / 1_000;
  await page.keyboard.press("End");
  const last = rows.and(page.locator(`[aria-rowindex="${messages + 1}"]`));
  await last.waitFor();
  const { longestTaskMs, longTasks } = await readVitals(page);
  const nodes = await count("document.querySelectorAll('*').length");
  const acts: { act: string; inpMs: number; usableMs: number }[] = [];
  const act = async (name: string, perform: () => Promise<unknown>): Promise<void> => {
    await page.evaluate("vitals.begin()");
    await perform();
    const { inpMs, usableMs } = await readVitals(page);
    acts.push({ act: name, inpMs, usableMs });
  };
  await act("select a message", () => last.getByRole("checkbox").check());
  await act("scroll by a screen, and back", async () => {
    await page.mouse.wheel(0, -900);
    await page.mouse.wheel(0, 900);
  });
  await act("to the top by the keyboard", () => page.keyboard.press("Home"));
  await act("type into the search", () => visitor.field("messages.q").pressSequentially("Facture 42"));
  await act("filter by status", async () => {
    await visitor.field("messages.status").selectOption("failed");
    await page.waitForURL(/status=failed/);
  });
  await visitor.leave();
  return { messages, nodes, scrolling: { seconds, longTasks, longestTaskMs }, acts };
};
