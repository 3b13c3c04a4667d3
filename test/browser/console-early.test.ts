import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { dataAt } from "../../functions/console/state/early-data.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";
import { type FurnishedStack, readOnlyStack } from "./furnished-stack.ts";
import { settled, type Visitor, visit, visitAsOperator } from "./visitor.ts";

/** Read by several parts of a page, some of which come later. */
const SHARED = ["/v1/mail-servers?limit=200", "/v1/settings"];

describe("what the console asks before it can run", () => {
  let browser: TestBrowser;
  let stack: FurnishedStack;
  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), readOnlyStack()]);
  });
  after(() => browser.close());

  /** The calls of the API until the page has loaded, in order. */
  const callsOf = async (visitor: Visitor, open: () => Promise<void>): Promise<readonly string[]> => {
    const calls: string[] = [];
    const note = (request: { url(): string }): void => {
      const { pathname, search } = new URL(request.url());
      if (pathname.startsWith("/v1/")) calls.push(`${pathname}${search}`);
    };
    visitor.page.on("request", note);
    await open();
    await settled(visitor);
    visitor.page.off("request", note);
    return calls;
  };
  const placeOf = (path: string) => new URL(path, stack.relais.origin);

  it("is what each page would ask at once itself, and is asked once", async () => {
    const visitor = await visitAsOperator(browser, stack, { language: "en" });
    for (const [what, path] of Object.entries(stack.pages)) {
      const early = dataAt(placeOf(path), true);
      const first = await callsOf(visitor, () => visitor.go(path));
      for (const call of ["/v1/session", ...early].filter((one) => !SHARED.includes(one)))
        assert.equal(first.filter((one) => one === call).length, 1, `${what}: ${call}`);
      await visitor.turnTo("/nowhere");
      const later = await callsOf(visitor, () => visitor.turnTo(path));
      const needless = early.filter((call) => !SHARED.includes(call) && !later.includes(call));
      assert.deepEqual(needless, [], `${what} does not need it`);
    }
    await visitor.leave();
  });

  it("is nothing but who is signed in, for someone who is not", async () => {
    const visitor = await visit(browser, stack, { language: "en" });
    const calls = await callsOf(visitor, () => visitor.go("/messages"));
    assert.deepEqual(calls, ["/v1/session"]);
    await visitor.leave();
  });

  it("is nothing that a member may not read", () => {
    const [forAll, forOperators] = [false, true].map((operator) =>
      Object.values(stack.pages).flatMap((path) => dataAt(placeOf(path), operator)),
    );
    const reserved = /^\/v1\/(?:settings|keys|doctor|audit|sessions)/;
    assert.deepEqual(
      forAll?.filter((call) => reserved.test(call)),
      [],
    );
    assert(forOperators?.some((call) => reserved.test(call)));
  });
});
