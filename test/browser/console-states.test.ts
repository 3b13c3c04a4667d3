import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { problemText } from "../../functions/domain/problem-texts.ts";
import { accessible, overflow, type Scope } from "./accessibility.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { everyState } from "./every-state.ts";
import { type FurnishedStack, startFurnishedStack } from "./furnished-stack.ts";
import { atLaptop, type Reader, readerName, runsAll, turnsFrom, WIDTHS } from "./readers.ts";
import { openAnew, settled, signInAs, stayingVisitor, type Visitor, visit, visitAsOperator } from "./visitor.ts";

type Pages = readonly (keyof FurnishedStack["pages"])[];

/** Pages that load something before they show anything. */
const READING: Pages = [
  "home",
  "setup",
  "servers",
  "connected server",
  "messages",
  "sent message",
  "settings",
  "audit",
];
const OPERATORS = { reading: READING, lists: ["home", "servers", "messages", "settings", "audit"] as Pages };

/**
 * A member has fewer pages; the others say that they are for operators. What a page shows while it loads, when that
 * fails, or when there is nothing, it shows to operators too: of each, the soak looks at more than one.
 */
const MEMBERS = {
  reading: runsAll
    ? (["home", "servers", "connected server", "messages", "sent message"] as Pages)
    : (["connected server"] as Pages),
  lists: runsAll ? (["home", "servers", "messages"] as Pages) : (["home"] as Pages),
};
const SHOWN_TO_MEMBERS: Pages = [
  "home",
  "servers",
  "connected server",
  "messages",
  "sent message",
  "settings",
  "failed message",
];

const turns = turnsFrom(0);

interface Look {
  readonly what: string;
  readonly readers: readonly Reader[];
  readonly part?: Scope["part"];
}

/** Shows the page, as it stands open, to each of the readers, beginning with one of the language that it is in. */
const look = async (visitor: Visitor, { what, readers, part = "main" }: Look): Promise<void> => {
  const isForeign = ({ language }: Reader): number => (language === visitor.language ? 0 : 1);
  for (const [at, reader] of readers.toSorted((a, b) => isForeign(a) - isForeign(b)).entries()) {
    await visitor.becomes(reader);
    const scope: Scope = at === 0 ? { part } : { part: "main", rules: "looks" };
    await accessible(visitor.page, `${what}, ${readerName(reader)}`, scope);
  }
};

/** On a large screen, a page takes at least this share of what the navigation leaves. */
const USED = 0.75;
const SHARE_USED = `document.querySelector("main").clientWidth /
  (innerWidth - document.querySelector(".side").getBoundingClientRect().width)`;

/** At the widths that no reader has had, nothing is wider than the window either, and a large one is used. */
const fits = async ({ page }: Visitor, what: string, readers: readonly Reader[]): Promise<void> => {
  for (const width of WIDTHS.filter((one) => readers.every(({ viewport }) => viewport.width !== one))) {
    await page.setViewportSize({ width, height: 900 });
    assert.equal(await overflow(page), 0, `${what} is wider than ${width} px`);
  }
  if ((await page.evaluate("innerWidth")) !== WIDTHS.at(-1)) return;
  const used: number = await page.evaluate(SHARE_USED);
  assert(used > USED, `${what} uses ${used} of a large screen`);
};

describe("axe-core finds no fault in any page of the console, in any state", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    const people = { RELAIS_OPERATORS: "operator@example.com", RELAIS_MEMBERS: "@example.com" };
    [browser, stack] = await Promise.all([startBrowser(), startFurnishedStack(people)]);
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });
  const operator = stayingVisitor(() => visitAsOperator(browser, stack, { language: "fr" }));
  const member = stayingVisitor(async () => {
    const visitor = await visit(browser, stack, { language: "fr" });
    await signInAs(visitor, "ada@example.com");
    await settled(visitor);
    return visitor;
  });

  /** Loads the console once and turns to each page in it. */
  const eachOf = async (visitor: Visitor, pages: Pages, look: (what: string) => Promise<void>): Promise<void> => {
    for (const [index, what] of pages.entries()) {
      await (index === 0 ? visitor.go(stack.pages[what]) : visitor.turnTo(stack.pages[what]));
      await look(what);
    }
  };

  // Each of these tests loads its first page, so that nothing is left of the last one but the profile.
  for (const [who, someone, { reading, lists }] of [
    ["an operator", operator, OPERATORS],
    ["a member", member, MEMBERS],
  ] as const) {
    it(`once it has loaded, for ${who}`, async () => {
      const visitor = await someone.as();
      const all = Object.keys(stack.pages) as (keyof FurnishedStack["pages"])[];
      const shown = who === "an operator" ? all : SHOWN_TO_MEMBERS;
      await eachOf(visitor, shown, async (what) => {
        await settled(visitor);
        const readers = who === "an operator" ? turns.two() : [turns.one()];
        await look(visitor, { what: `${what}, to ${who}`, readers, part: "document" });
        await fits(visitor, `${what}, to ${who}`, readers);
      });
      await someone.rest();
    });

    it(`while it is loading, for ${who}`, async () => {
      const visitor = await someone.as();
      // Never answered, so that the page keeps loading.
      await visitor.page.route(/\/v1\/(?!session)/, () => {});
      await eachOf(visitor, reading, async (what) => {
        await visitor.page.locator(".loading").first().waitFor();
        await look(visitor, { what: `${what}, loading, to ${who}`, readers: [turns.one()] });
      });
      await someone.rest();
    });

    it(`when nothing can be loaded, for ${who}`, async () => {
      const visitor = await someone.as();
      const problem = { code: "unavailable", status: 503, title: "t", detail: "d", requestId: "r", retryable: true };
      await visitor.page.route(/\/v1\/(?!session)/, (route) =>
        route.fulfill({ status: 503, contentType: "application/problem+json", body: JSON.stringify(problem) }),
      );
      await eachOf(visitor, reading, async (what) => {
        await settled(visitor);
        await visitor.page
          .getByRole("alert")
          .filter({ hasText: problemText("unavailable", visitor.language).title })
          .first()
          .waitFor();
        await look(visitor, { what: `${what}, failed, to ${who}`, readers: [turns.one()] });
      });
      await someone.rest();
    });

    it(`when there is nothing yet, for ${who}`, async () => {
      const visitor = await someone.as();
      await visitor.page.route(/\/v1\/(mail-servers|messages|keys|audit)(\?.*)?$/, (route) =>
        route.fulfill({ contentType: "application/json", body: JSON.stringify({ items: [], next: null }) }),
      );
      await eachOf(visitor, lists, async (what) => {
        await settled(visitor);
        await look(visitor, { what: `${what}, empty, to ${who}`, readers: [turns.one()] });
      });
      await someone.rest();
    });
  }

  it("in every state of a mail server or message", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    for (const { what, path, arrange } of everyState(stack)) {
      await arrange(visitor.page);
      await openAnew(visitor, path);
      await look(visitor, { what, readers: turns.two() });
      await visitor.page.unrouteAll({ behavior: "ignoreErrors" });
    }
    await operator.rest();
  });

  it("with its dialogs open", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    for (const [what, button] of [
      ["server settings", "disconnect.action"],
      ["server settings", "end.delete"],
      ["operations", "pause.pause"],
      ["scheduled message", "message.cancel"],
    ] as const) {
      await visitor.turnTo("/nowhere");
      await visitor.turnTo(stack.pages[what]);
      await visitor.press(button);
      await page.getByRole("dialog").waitFor();
      await look(visitor, { what: `${what}, ${button}`, readers: turns.two() });
    }
    await visitor.turnTo(stack.pages.keys);
    await page.getByRole("button", { name: new RegExp(`^${say("key.revoke")} `) }).click();
    await page.getByRole("dialog").waitFor();
    await look(visitor, { what: "keys, key.revoke", readers: turns.two() });
    await operator.rest();
  });

  it("with a refused form, a test report, a new key, and a mail just sent", async () => {
    const visitor = await operator.as(atLaptop("fr"));
    const { page, say } = visitor;
    await visitor.turnTo(stack.pages["new server"]);
    await visitor.field("server.name").fill("srv_x");
    await visitor.field("server.username").fill("ada@example.com");
    await page.getByLabel(say("server.fromFilter")).fill("not an address");
    await visitor.press("newServer.create");
    // Three words, none of them an address: reported once, in the reader's language.
    await page
      .getByText("Indiquez une adresse comme ada@example.com ou un domaine comme @example.com.", { exact: true })
      .waitFor();
    await look(visitor, { what: "new server, refused", readers: turns.two() });

    await visitor.turnTo(stack.pages["connected server"]);
    await visitor.press("mail.send");
    await visitor.sees("message.says.sent");
    stack.sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1" }, { times: 1 });
    await visitor.press("test.action");
    await visitor.sees("test.notOk");
    // Of a failed test, every step says how far it came.
    for (const stage of ["token", "scope", "identity", "dns", "tls", "auth"] as const) {
      const row = page.getByRole("row").filter({ hasText: say(`stage.${stage}`) });
      await row.getByText(say("test.passed")).waitFor();
    }
    await look(visitor, { what: "connected server, tested", readers: turns.two() });
    await visitor.press("test.action");
    await visitor.sees("test.ok");
    assert.equal(await page.getByRole("table").count(), 0, "a passed test is one line");

    await visitor.turnTo(stack.pages.keys);
    await visitor.press("key.new");
    await look(visitor, { what: "keys, new key", readers: turns.two() });
    await visitor.field("key.name").fill("Éphémère");
    await visitor.press("key.make");
    await visitor.sees("key.made");
    await look(visitor, { what: "keys, key made", readers: turns.two() });
    await visitor.press("key.hide");
    await page.setViewportSize({ width: 360, height: 740 });
    await page.getByRole("button", { name: say("nav.menu") }).click();
    await look(visitor, { what: "keys, menu open", readers: turns.two(), part: "document" });
    await operator.rest();
  });

  it("before anyone has signed in, and on the pages that a consent ends on", async () => {
    const visitor = await visit(browser, stack, { language: "fr" });
    await visitor.go("/#setup=not-the-token");
    await visitor.sees("signIn.tokenRefused");
    await look(visitor, { what: "sign-in, refused", readers: turns.two(), part: "document" });
    await visitor.go("/google_gmail/confirm?state=unknown&code=x");
    await visitor.sees({ text: problemText("state_invalid", "fr").title });
    await accessible(visitor.page, "callback");
    await visitor.leave();
  });

  it("when the session has ended in the meantime", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "fr" });
    await visitor.go("/servers");
    await settled(visitor);
    await visitor.context.clearCookies();
    await visitor.turnTo("/messages");
    await visitor.sees("signIn.ended");
    await look(visitor, { what: "sign-in, session ended", readers: turns.two(), part: "document" });
    await visitor.leave();
  });
});
