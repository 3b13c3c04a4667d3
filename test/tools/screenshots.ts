// `npm run screenshots` takes the four of the README. `npm run screenshots -- <folder> [--dark]` takes every page for
// every kind of user and in every state, at three widths and in both languages.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Page } from "playwright-core";
import { LANGUAGES, type Language } from "../../functions/domain/language.ts";
import { problemPage } from "../../functions/runtime/pages/problem-page.ts";
import { root } from "../../infra/build/repository.ts";
import { startBrowser } from "../browser/browser.ts";
import { buildConsoleOnce } from "../browser/console-build.ts";
import { everyState } from "../browser/every-state.ts";
import { startFurnishedStack } from "../browser/furnished-stack.ts";
import { settled, signInAs, type Visitor, visit, visitAsOperator } from "../browser/visitor.ts";
import { startStack } from "../builders/connected-stack.ts";

const WIDTHS = [360, 768, 1_440] as const;
/** Shown in the README, each below 150 KB. */
const SHOWN = ["home", "setup", "connected server", "messages"] as const;
const README_SIZE = { width: 1_100, height: 760 };

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { dark: { type: "boolean", default: false } },
});
const folder = positionals[0] ?? null;

await buildConsoleOnce();
const [browser, fresh, stack] = await Promise.all([
  startBrowser(),
  startStack(),
  startFurnishedStack({ RELAIS_OPERATORS: "operator@example.com", RELAIS_MEMBERS: "@example.com" }),
]);
const nameOf = (what: string): string => what.replaceAll(/[ ,]+/g, "-");

/**
 * How a consent can end, on pages that Relais answers itself. The first happens by itself; the others are simulated.
 */
const ENDINGS = [
  "consent_denied",
  "account_mismatch",
  "scope_missing",
  "client_rejected",
  "google_unavailable",
] as const;

interface Shot {
  readonly what: string;
  readonly path: string;
  readonly visitor: Visitor;
  readonly arrange?: (page: Page) => Promise<void>;
  /** Done on the page before the picture is taken. */
  readonly act?: (visitor: Visitor) => Promise<unknown>;
}

const endingAs =
  (code: (typeof ENDINGS)[number], language: Language) =>
  async (page: Page): Promise<void> => {
    const context = { language, requestId: "req_shown_here", serverId: "srv_shown_here" };
    const reply = problemPage(code === "google_unavailable" ? { code, retryAfterS: 10 } : { code }, context);
    if (reply.kind !== "html") throw new Error("a problem page is HTML");
    const { status, html, headers } = reply;
    await page.route("**/google_gmail/confirm?*", (route) =>
      route.fulfill({ status, body: html, headers: { ...headers, "Content-Type": "text/html; charset=utf-8" } }),
    );
  };

/** What pages show only after someone has done something. */
const ACTS: readonly Pick<Shot, "what" | "path" | "act">[] = [
  {
    what: "connection tested",
    path: stack.pages["connected server"],
    act: async (visitor) => {
      stack.sandbox.control.set({ fault: "smtp_reply", stage: "rcpt", code: 550, enhanced: "5.1.1" }, { times: 1 });
      await visitor.press("test.action");
      await visitor.sees("test.notOk");
      await visitor.press("mail.send");
      await visitor.sees("message.says.sent");
    },
  },
  {
    what: "deleting",
    path: stack.pages["server settings"],
    act: (visitor) => visitor.press("end.delete"),
  },
  {
    what: "form refused",
    path: "/servers/new",
    act: async (visitor) => {
      await visitor.field("server.name").fill("srv_x");
      await visitor.field("server.username").fill("ada@example.com");
      await visitor.page.getByLabel(visitor.say("server.fromFilter")).fill("not an address");
      await visitor.press("newServer.create");
      await visitor.page.locator(".field-error").first().waitFor();
    },
  },
  {
    what: "key made",
    path: "/keys",
    act: async (visitor) => {
      await visitor.press("key.new");
      await visitor.field("key.name").fill("ERP");
      await visitor.press("key.make");
      await visitor.sees("key.made");
    },
  },
  {
    what: "client refused",
    path: "/setup",
    act: async (visitor) => {
      const file = join(stack.relais.dataDir, "desktop-client.json");
      stack.sandbox.writeClientSecret(file, "installed");
      await visitor.field("credentials.file").setInputFiles(file);
      await visitor.page.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
    },
  },
];

/** The pages before anything was done. */
const FRESH = ["/", "/setup", "/servers", "/messages", "/keys", "/settings"] as const;

/** Every page, for every kind of user and in every state. */
const allShots = async (language: Language, colorScheme: "dark" | "light"): Promise<readonly Shot[]> => {
  const signedOut = await visit(browser, stack, { language, colorScheme });
  const operator = await visitAsOperator(browser, stack, { language, colorScheme });
  const member = await visit(browser, stack, { language, colorScheme });
  await signInAs(member, "ada@example.com");
  await settled(member);
  const newcomer = await visitAsOperator(browser, fresh, { language, colorScheme });
  const callback = "/google_gmail/confirm?state=x&code=y";
  return [
    { what: "sign-in", path: "/sign-in", visitor: signedOut },
    { what: "sign-in refused", path: "/#setup=not-the-token", visitor: signedOut },
    { what: "callback", path: callback, visitor: signedOut },
    ...ENDINGS.map((code) => ({
      what: `callback ${code}`,
      path: callback,
      visitor: signedOut,
      arrange: endingAs(code, language),
    })),
    ...Object.entries(stack.pages).map(([what, path]) => ({ what, path, visitor: operator })),
    ...everyState(stack).map((state) => ({ ...state, visitor: operator })),
    ...ACTS.map((shot) => ({ ...shot, visitor: operator })),
    ...FRESH.map((path) => ({ what: `fresh ${path.slice(1) || "home"}`, path, visitor: newcomer })),
    ...(["home", "servers", "connected server", "messages"] as const).map((what) => ({
      what: `member ${what}`,
      path: stack.pages[what],
      visitor: member,
    })),
  ];
};

/** Takes each at every width, to be looked at. */
const takeAll = async (into: string): Promise<void> => {
  mkdirSync(into, { recursive: true });
  for (const language of LANGUAGES) {
    for (const { what, path, visitor, arrange, act } of await allShots(language, values.dark ? "dark" : "light")) {
      await arrange?.(visitor.page);
      await visitor.go(path);
      await settled(visitor);
      await act?.(visitor);
      for (const width of WIDTHS) {
        await visitor.page.setViewportSize({ width, height: 900 });
        await visitor.page.screenshot({ path: join(into, `${nameOf(what)}-${width}-${language}.png`), fullPage: true });
      }
      await visitor.page.unrouteAll({ behavior: "ignoreErrors" });
    }
  }
};

const takeShown = async (): Promise<void> => {
  const into = join(root, ".github/images");
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
  await Promise.all([stack.stop(), fresh.stop()]);
}
