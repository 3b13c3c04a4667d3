import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import type { AxeResults } from "axe-core";
import type { Page } from "playwright-core";
import { TEXTS } from "../../functions/console/texts.ts";
import { connectedServer, createServer, type Stack, startStack } from "../builders/connected-stack.ts";
import { eventually } from "../builders/eventually.ts";
import { startBrowser, type TestBrowser } from "./browser.ts";
import { buildConsoleOnce } from "./console-build.ts";

const AXE = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** What axe-core finds wrong with the page as it stands (WCAG 2.2 A and AA, and its best practices). */
const violations = async (page: Page): Promise<string[]> => {
  await page.evaluate(AXE);
  const found: AxeResults = await page.evaluate("axe.run(document, { resultTypes: ['violations'] })");
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 120)).join(" | ")}`);
};

const overflow = (page: Page): Promise<number> =>
  page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

/** The page has read what it shows. */
const settled = async (page: Page): Promise<void> => {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await eventually("the page has loaded", async () => (await page.locator(".loading").count()) === 0);
};

describe("every page of the console", () => {
  let browser: TestBrowser;
  let stack: Stack;
  let paths: string[] = [];

  before(async () => {
    await buildConsoleOnce();
    [browser, stack] = await Promise.all([startBrowser(), startStack()]);
    const id = await connectedServer(stack);
    const fresh = await createServer(stack, { name: "Non connecté", username: "grace@example.com" });
    const sent = await stack.relais.operate(
      "POST",
      "/v1/messages",
      { server: id, to: "grace@example.com", subject: "Bonjour", text: "Bonjour" },
      { Prefer: "wait=20" },
    );
    const message: { id: string } = await sent.json();
    await stack.relais.operate("POST", "/v1/keys", { name: "Boutique", permissions: ["send"] });
    paths = [
      "/",
      "/setup",
      "/servers",
      "/servers/new",
      `/servers/${id}`,
      `/servers/${fresh}?problem=consent_denied`,
      "/servers/srv_none",
      "/messages",
      "/messages?status=held",
      `/messages/${message.id}`,
      "/settings",
      "/audit",
      "/nowhere",
    ];
  });
  after(async () => {
    await browser.close();
    await stack.stop();
  });

  const signedIn = async (options: Parameters<TestBrowser["profile"]>[0] = {}) => {
    const profile = await browser.profile(options);
    await profile.page.goto(`${stack.relais.origin}/#setup=${stack.relais.setupToken}`);
    await settled(profile.page);
    return profile;
  };

  for (const colorScheme of ["light", "dark"] as const) {
    for (const width of [360, 1_440]) {
      it(`has nothing that axe-core objects to, and does not overflow (${colorScheme}, ${width} px)`, async () => {
        const { page, complaints } = await signedIn({ colorScheme, viewport: { width, height: 800 } });
        for (const path of paths) {
          await page.goto(`${stack.relais.origin}${path}`);
          await settled(page);
          await page.evaluate("for (const details of document.querySelectorAll('details')) details.open = true");
          assert.deepEqual(await violations(page), [], path);
          assert(!((await overflow(page)) > 0), `${path} is wider than ${width} px`);
        }
        assert.deepEqual(complaints, []);
      });
    }
  }

  it("moves the focus to its heading on navigation, and lets the keyboard skip to it", async () => {
    const { page } = await signedIn();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate("document.activeElement.textContent"), TEXTS["nav.skip"].fr);
    await page.getByRole("link", { name: TEXTS["nav.settings"].fr, exact: true }).focus();
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: TEXTS["settings.title"].fr }).waitFor();
    assert.equal(await page.evaluate("document.activeElement.tagName"), "H1");
    assert.equal(await page.title(), `${TEXTS["settings.title"].fr} · Relais`);
  });

  it("says so when a call fails, keeps working, and is whole again after one more try", async () => {
    const { page } = await signedIn();
    for (const path of paths.filter((one) => one !== "/nowhere" && !one.includes("srv_none"))) {
      const failed = new Set<string>();
      await page.route("**/v1/**", (route) => {
        const call = route.request().url();
        if (failed.has(call) || call.endsWith("/v1/session")) return route.continue();
        failed.add(call);
        return route.abort();
      });
      await page.goto(`${stack.relais.origin}${path}`);
      const broken = page.getByRole("alert").filter({ hasText: TEXTS["failure.network.title"].fr });
      // The one page that reads nothing before it is used.
      if (path !== "/servers/new") await broken.first().waitFor();
      await eventually(`${path} recovers`, async () => {
        if ((await page.locator(".loading").count()) > 0) return false;
        if ((await broken.count()) === 0) return true;
        // Polling may be quicker than the button.
        await broken
          .first()
          .getByRole("button", { name: TEXTS["action.retry"].fr })
          .click({ timeout: 500 })
          .catch(() => {});
        return false;
      });
      await page.getByRole("heading", { level: 1 }).waitFor();
      await page.unrouteAll({ behavior: "wait" });
    }
  });

  it("says that it is loading while the API is slow", async () => {
    const { page } = await signedIn();
    let letGo = () => {};
    const slow = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    await page.route("**/v1/mail-servers*", async (route) => {
      await slow;
      await route.continue();
    });
    await page.getByRole("link", { name: TEXTS["nav.servers"].fr, exact: true }).click();
    await page.getByRole("status").filter({ hasText: TEXTS["state.loading"].fr }).waitFor();
    letGo();
    await page.getByRole("link", { name: "Facturation", exact: true }).waitFor();
  });

  it("changes its language at once, and remembers it", async () => {
    const { page } = await signedIn();
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("heading", { level: 1, name: TEXTS["home.title"].en, exact: true }).waitFor();
    assert.equal(await page.locator("html").getAttribute("lang"), "en");
    await page.reload();
    await page.getByRole("link", { name: TEXTS["nav.settings"].en, exact: true }).waitFor();
  });

  it("asks to sign in once the session is over, and comes back to where one was", async () => {
    const { page, context } = await signedIn();
    await page.goto(`${stack.relais.origin}/messages?status=sent`);
    await page.getByRole("link", { name: "Bonjour" }).waitFor();
    await context.clearCookies();
    await page.waitForURL(/\/sign-in\?next=/);
    await page.getByText(TEXTS["signIn.setup"].fr).click();
    await page.getByLabel(TEXTS["signIn.token"].fr, { exact: true }).fill("not the token");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").filter({ hasText: TEXTS["signIn.tokenRefused"].fr }).waitFor();
    assert.deepEqual(await violations(page), []);
    await page.getByLabel(TEXTS["signIn.token"].fr, { exact: true }).fill(stack.relais.setupToken);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${stack.relais.origin}/messages?status=sent`);
    await page.getByRole("link", { name: "Bonjour" }).waitFor();
  });
});
