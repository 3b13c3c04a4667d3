import assert from "node:assert/strict";
import type { BrowserContextOptions, Locator } from "playwright-core";
import type { TextKey } from "../../functions/console/i18n/translate.ts";
import { TEXTS } from "../../functions/console/texts.ts";
import type { InEveryLanguage, Language } from "../../functions/domain/language.ts";
import { eventually } from "../builders/eventually.ts";
import { atRest, type Profile, type TestBrowser } from "./browser.ts";
import { consentOnPage } from "./google-pages.ts";
import type { Reader } from "./readers.ts";

const LOCALES = { fr: "fr-FR", en: "en-GB" } as const satisfies InEveryLanguage;

/** What a person needs to sign in. */
interface BrowsableRelais {
  readonly relais: { readonly origin: string; readonly setupToken: string };
}

/** A person in front of the console, who reads it in one language at a time. */
export interface Visitor extends Profile {
  readonly language: Language;
  /** Changes language, scheme and width of the open page, without loading it again. */
  becomes(reader: Reader): Promise<void>;
  /** A text without placeholders, as the page shows it. */
  say(key: TextKey): string;
  go(path: string): Promise<void>;
  /** Navigates within the console, as its links do, without loading the script again. */
  turnTo(path: string): Promise<void>;
  /** A button by its name, in the open dialog if there is one. */
  button(key: TextKey): Locator;
  press(key: TextKey): Promise<void>;
  /** Presses a button of a page whose session has just ended: a poll may notice that first and replace the page. */
  pressWithoutSession(key: TextKey): Promise<void>;
  follow(key: TextKey): Promise<void>;
  field(key: TextKey): Locator;
  /** Waits until the page shows the text. */
  sees(text: TextKey | { readonly text: string }): Promise<void>;
  inDialog(key: TextKey): Promise<void>;
  /** Checks that there was no script error and no Content-Security-Policy violation. */
  assertNoComplaints(): void;
  /** Checks the same, then closes the profile. */
  leave(): Promise<void>;
}

const isText = (wanted: TextKey | { readonly text: string }): wanted is { readonly text: string } =>
  typeof wanted === "object";

export const visit = async (
  browser: TestBrowser,
  stack: BrowsableRelais,
  { language: first, ...options }: { readonly language: Language } & BrowserContextOptions,
): Promise<Visitor> => {
  const profile = await browser.profile({ locale: LOCALES[first], ...options });
  const { page, context, complaints } = profile;
  let language = first;
  page.setDefaultTimeout(60_000);
  const say = (key: TextKey): string => TEXTS[key][language];
  const button = (key: TextKey) => page.getByRole("button", { name: say(key), exact: true });
  const link = (key: TextKey) => page.getByRole("link", { name: say(key), exact: true }).first();
  const menu = page.locator(".menu-button");
  const turnTo = async (path: string): Promise<void> => {
    await page.evaluate(
      `history.pushState(null, "", ${JSON.stringify(path)}); dispatchEvent(new PopStateEvent("popstate"))`,
    );
  };
  return {
    ...profile,
    get language() {
      return language;
    },
    becomes: async (reader) => {
      const changes = [page.emulateMedia({ colorScheme: reader.colorScheme }), page.setViewportSize(reader.viewport)];
      if (reader.language !== language) {
        language = reader.language;
        // The button may be in a folded menu, or beneath a dialog.
        changes.push(page.locator(`.languages [lang="${language}"]`).dispatchEvent("click"));
      }
      // All at once, so that what lies in between is not drawn.
      await Promise.all(changes);
      await page.locator(`html[lang="${language}"]`).waitFor({ state: "attached" });
    },
    say,
    button,
    go: async (path) => {
      await page.goto(`${stack.relais.origin}${path}`);
    },
    turnTo,
    press: (key) => button(key).first().click(),
    // Clicking the notice does nothing, so the click may land on whichever of the two is there.
    pressWithoutSession: (key) =>
      button(key)
        .or(page.getByText(say("signIn.ended")))
        .first()
        .click(),
    follow: async (key) => {
      // On a narrow screen, the navigation is folded.
      if (key.startsWith("nav.") && !(await link(key).isVisible()) && (await menu.isVisible())) await menu.click();
      await link(key).click();
    },
    field: (key) => page.getByLabel(say(key), { exact: true }),
    sees: (wanted) =>
      page
        .getByText(isText(wanted) ? wanted.text : say(wanted))
        .filter({ visible: true })
        .first()
        .waitFor(),
    inDialog: (key) =>
      page
        .getByRole("dialog")
        .getByRole("button", { name: say(key), exact: true })
        .click(),
    assertNoComplaints: () => assert.deepEqual(complaints, []),
    leave: async () => {
      assert.deepEqual(complaints, []);
      await context.close();
    },
  };
};

/** Unfolds a step of the setup, unless it is open because it is the one to do now. */
export const openStep = async ({ page, say }: Visitor, title: TextKey): Promise<void> => {
  const step = page.locator("details.step").filter({ has: page.getByText(say(title), { exact: true }) });
  // Which step is open is known only once the page has read what is done.
  await page.locator("details.step[open], details.step .step-done").first().waitFor();
  if ((await step.getAttribute("open")) === null) await step.locator("summary").first().click();
};

/** Signs in with the setup token, as an operator. */
export const visitAsOperator = async (
  browser: TestBrowser,
  stack: BrowsableRelais,
  options: Parameters<typeof visit>[2],
): Promise<Visitor> => {
  const visitor = await visit(browser, stack, options);
  const response = await visitor.context.request.post(`${stack.relais.origin}/v1/session`, {
    data: { setupToken: stack.relais.setupToken },
    headers: { "Sec-Fetch-Site": "same-origin" },
  });
  assert.equal(response.status(), 204);
  return visitor;
};

/** Someone who has signed in and stays from one test to the next. */
interface StayingVisitor {
  /** Begins a test in the console, as this reader, on a page that reads nothing; or wherever, to load a page. */
  as(reader?: Reader): Promise<Visitor>;
  /** Ends a test that has passed, like `leave`. Whatever a failed one leaves, the next begins with a new profile. */
  rest(): Promise<void>;
}

/**
 * A profile and the first page in it take 0.4 s of the processor, a sign-in with Google more. The browser has the
 * language of the first reader.
 */
export const stayingVisitor = (signIn: (language: Language) => Promise<Visitor>): StayingVisitor => {
  let waiting: Visitor | undefined;
  let busy: Visitor | undefined;
  return {
    as: async (reader) => {
      const isNew = waiting === undefined;
      const visitor = waiting ?? (await signIn(reader?.language ?? "fr"));
      waiting = undefined;
      busy = visitor;
      atRest.delete(visitor.context);
      if (reader === undefined) return visitor;
      if (isNew) await visitor.go("/nowhere");
      await settled(visitor);
      await visitor.becomes(reader);
      return visitor;
    },
    rest: async () => {
      if (busy === undefined) throw new Error("no test has begun");
      busy.assertNoComplaints();
      await busy.page.unrouteAll({ behavior: "ignoreErrors" });
      await busy.turnTo("/nowhere");
      atRest.add(busy.context);
      waiting = busy;
      busy = undefined;
    },
  };
};

/** Signs in with Google from the sign-in page and returns to `next`. */
export const signInAs = async (visitor: Visitor, account: string, next = "/"): Promise<void> => {
  await visitor.go(`/sign-in?next=${encodeURIComponent(next)}`);
  await visitor.follow("signIn.google");
  await consentOnPage(visitor.page, { account });
};

/** Waits until the page has loaded its data. */
export const settled = async ({ page }: Pick<Visitor, "page">): Promise<void> => {
  await page.getByRole("heading", { level: 1 }).waitFor();
  await eventually("the page has loaded", async () => (await page.locator(".loading").count()) === 0);
};

/** Turns to a part of a mail server's page. */
export const turnToPart = async ({ page, say }: Visitor, part: "overview" | "activity" | "settings"): Promise<void> => {
  const link = page.locator(".tabs").getByRole("link", { name: say(`server.part.${part}`), exact: true });
  await link.click();
  await link.and(page.locator("[aria-current=page]")).waitFor();
};

/** Opens a page without loading the script again. What polls, such as the banner above every page, reads now. */
export const openAnew = async (visitor: Visitor, path: string): Promise<void> => {
  const read = visitor.page.waitForResponse(/\/v1\/mail-servers\?/);
  await visitor.turnTo("/nowhere");
  await visitor.turnTo(path);
  await visitor.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))");
  await read;
  await settled(visitor);
};
