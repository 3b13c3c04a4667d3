import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { createServer } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { atLaptop } from "./readers.ts";
import { settled, stayingVisitor, type Visitor, visitAsOperator } from "./visitor.ts";

/** More than one page of the API, which holds at most 200. */
const SERVERS = 205;
const TOMORROW = new Date(Date.now() + 86_400_000).toISOString();

describe("the console with a lot of data", () => {
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
  const operator = stayingVisitor((language) => visitAsOperator(browser, stack, { language }));
  /** Scheduled, so that nothing is sent. */
  const accepted = async (message: object): Promise<string> => {
    const [, , id] = stack.pages["connected server"].split(/[/?]/);
    const body = { server: id, text: "Bonjour", scheduledAt: TOMORROW, ...message };
    const answer = await stack.relais.operate("POST", "/v1/messages", body);
    const made: { id: string } = await answer.json();
    assert.equal(answer.status, 202, JSON.stringify(made));
    return `/messages/${made.id}`;
  };
  const overflow = ({ page }: Visitor) => page.evaluate("document.documentElement.scrollWidth - innerWidth");

  it("shortens a subject of 998 characters and 100 recipients in lists, and shows them in full on the message's page", async () => {
    const subject = "Rappel ".repeat(143).slice(0, 997).concat("!");
    const to = Array.from({ length: 100 }, (_, n) => `destinataire.${n}@example.org`);
    const path = await accepted({ subject, to });
    await accepted({ subject: "M".repeat(998), to: `${"a".repeat(64)}@${"b".repeat(60)}.example.org` });
    const visitor = await operator.as(atLaptop("fr"));
    const { page } = visitor;
    await page.setViewportSize({ width: 320, height: 800 });
    await visitor.turnTo("/messages");
    await settled(visitor);
    assert.equal(await overflow(visitor), 0);
    const rows = page.locator("main tbody tr");
    await rows.nth(1).getByText("destinataire.0@example.org + 99").waitFor();
    for (const row of [0, 1]) assert(((await rows.nth(row).boundingBox())?.height ?? 0) < 90, `row ${row} is short`);

    await visitor.turnTo(path);
    await settled(visitor);
    assert.equal(await overflow(visitor), 0);
    const heading = page.getByRole("heading", { level: 1 });
    assert(((await heading.boundingBox())?.height ?? 0) < 130, "three lines");
    assert.equal(await page.locator("dd").filter({ hasText: "Rappel" }).textContent(), subject);
    assert.equal(await page.getByText("destinataire.99@").isVisible(), false);
    await page.getByText("Et 90 autres").click();
    await page.getByText("destinataire.99@").waitFor();
    await operator.rest();
  });

  it("leads from a message back to the filtered list", async () => {
    await accepted({ subject: "À retrouver", to: "retour@example.org" });
    const visitor = await operator.as(atLaptop("fr"));
    const { page } = visitor;
    await visitor.turnTo("/messages?status=scheduled&q=retour%40");
    await page.getByRole("link", { name: "À retrouver", exact: true }).click();
    await page.locator(".back").click();
    await page.waitForURL("**/messages?status=scheduled&q=retour%40");
    assert.equal(await visitor.field("messages.status").inputValue(), "scheduled");
    await visitor.follow("nav.messages");
    await page.waitForURL("**/messages");
    await operator.rest();
  });

  it("does not call a list empty while there are further pages", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    const next = page.waitForRequest(/cursor=later/);
    await page.route(/\/v1\/messages\?limit=100$/, (route) => route.fulfill({ json: { items: [], next: "later" } }));
    await visitor.turnTo("/messages");
    // The button is in view, so the next page is asked for without anyone pressing it.
    await next;
    assert.equal(await page.getByText(say("messages.none"), { exact: true }).count(), 0);
    await operator.rest();
  });

  it("stops reading on by itself after a few pages without a message, and reads one more for each press", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    let asked = 0;
    await page.route(/\/v1\/messages\?.*cursor=/, (route) => {
      asked += 1;
      return route.fulfill({ json: { items: [], next: `later${asked}` } });
    });
    await page.route(/\/v1\/messages\?limit=100$/, (route) => route.fulfill({ json: { items: [], next: "later" } }));
    await visitor.turnTo("/messages");
    const more = page.getByRole("button", { name: say("list.more"), exact: true });
    await eventually("it has read some pages", () => asked === 5);
    const sixth = page.waitForRequest(/cursor=later5/);
    await more.and(page.locator("[aria-disabled=false]")).click();
    await sixth;
    await more.and(page.locator("[aria-disabled=false]")).waitFor();
    assert.equal(asked, 6);
    await operator.rest();
  });

  it("reads all mail servers when one response cannot hold them, and lists those in trouble first", async () => {
    for (let n = 0; n < SERVERS; n += 1)
      await createServer(stack, { name: `Agence ${n}`, username: `agence.${n}@example.com` });
    const visitor = await operator.as(atLaptop("fr"));
    const { page } = visitor;
    await visitor.turnTo("/servers");
    await settled(visitor);
    assert.equal(await page.locator("main .rows > li").count(), SERVERS + 2);
    await visitor.turnTo("/");
    await settled(visitor);
    const card = page.getByRole("region", { name: visitor.say("servers.title") });
    assert.equal(await card.locator(".rows > li").count(), 6);
    await card.getByRole("link", { name: `Voir les ${SERVERS + 2 - 6} autres serveurs` }).waitFor();

    await visitor.turnTo("/servers");
    const search = visitor.page.getByLabel(visitor.say("servers.search"));
    await search.fill("ÀGENCE.20@");
    await page.waitForURL(/q=/);
    await page.getByRole("link", { name: "Agence 20", exact: true }).waitFor();
    assert.equal(await page.locator("main .rows > li").count(), 1);
    assert.equal(await search.and(page.locator(":focus")).count(), 1, "one goes on typing");
    await page.getByRole("link", { name: "Agence 20", exact: true }).click();
    await page.getByRole("heading", { level: 1, name: "Agence 20", exact: true }).waitFor();
    await page.goBack();
    await page.getByRole("link", { name: "Agence 20", exact: true }).waitFor();
    assert.equal(await search.inputValue(), "ÀGENCE.20@");
    await search.fill("nulle part");
    await visitor.sees("servers.noneFound");
    await visitor.follow("servers.all");
    await page.getByRole("link", { name: "Agence 21", exact: true }).waitFor();

    const inTrouble = new Set(["Agence 7", "Agence 70", "Agence 200"]);
    await page.route(/\/v1\/mail-servers\?/, async (route) => {
      const response = await route.fetch();
      const list: { items: { name: string; connection: object }[] } = await response.json();
      const items = list.items.map((server) =>
        inTrouble.has(server.name)
          ? { ...server, connection: { ...server.connection, state: "reconnect_required", reason: "unclear" } }
          : server,
      );
      await route.fulfill({ response, json: { ...list, items } });
    });
    for (const path of ["/", "/servers"]) {
      await visitor.turnTo(path);
      await settled(visitor);
      const names = page.locator("main .rows .row-title a").filter({ hasText: "Agence" });
      await names.filter({ hasText: "Agence 200" }).first().waitFor();
      assert.deepEqual(new Set((await names.allTextContents()).slice(0, 3)), inTrouble, path);
    }
    await operator.rest();
  });
});
