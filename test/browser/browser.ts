import { statfsSync } from "node:fs";
import sparticuz from "@sparticuz/chromium";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { inTestProcess, sharedByFiles } from "../builders/at-end.ts";
import { chromiumPath } from "./chromium.ts";

/** A real Chromium for browser tests; `await using` closes it whatever the test does. */
export interface TestBrowser extends AsyncDisposable {
  /** A profile of its own, with separate cookies, storage and cache. */
  profile(options?: BrowserContextOptions): Promise<Profile>;
  close(): Promise<void>;
}

export interface Profile {
  readonly context: BrowserContext;
  readonly page: Page;
  /** Script errors, errors in the browser's console, and violations of a page's Content-Security-Policy. */
  readonly complaints: readonly string[];
}

/** The browser logs every 4xx and 5xx response; tests that expect such responses look at the page instead. */
const EXPECTED = /Failed to load resource/;

const open = async (browser: Browser, options: BrowserContextOptions): Promise<Profile> => {
  const context = await browser.newContext(options);
  const complaints: string[] = [];
  // Reports what a `report-to` address would receive; installed before the page's first script.
  await context.exposeBinding("reportViolation", (_, violation: string) => complaints.push(violation));
  await context.addInitScript(`document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sourceFile }) =>
    window.reportViolation(["policy", violatedDirective, blockedURI, sourceFile].join(" ")))`);
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error" && !EXPECTED.test(message.text())) complaints.push(message.text());
  });
  return { context, page: await context.newPage(), complaints };
};

/**
 * Flags meant for small cloud functions that would falsify these tests: one process for all profiles mixes up their
 * cookies, and without web security and site isolation nothing is refused that a person's browser would refuse.
 * Without a zygote, each process is loaded afresh instead of forked.
 */
const MISLEADING =
  /^--(single-process|no-zygote|disable-web-security|allow-running-insecure-content|disable-site-isolation-trials|disable-features)/;
// Nothing here draws in 3D, and an emulated graphics card takes a third of the processor's time.
sparticuz.setGraphicsMode = false;
const ARGS = [
  ...sparticuz.args.filter((flag) => !MISLEADING.test(flag)),
  // The pages of a profile share a process; those of another profile, or site, never do.
  "--renderer-process-limit=1",
];
/** No page of a test lives long enough for the optimizing compilers to be worth their work. */
const UNOPTIMIZED = "--js-flags=--no-opt --no-maglev";

/**
 * With this flag of Playwright's, meant for containers that have hardly any shared memory, Chromium's processes pass
 * each other pictures and responses in files.
 */
const ON_DISK = "--disable-dev-shm-usage";
const MUCH_SHARED_MEMORY = 1e9;

const hasMuchSharedMemory = (): boolean => {
  try {
    const { bavail, bsize } = statfsSync("/dev/shm");
    return bavail * bsize >= MUCH_SHARED_MEMORY;
  } catch {
    return false;
  }
};

interface BrowserOptions {
  /** Compiles scripts as a person's browser does, so that times mean something. */
  readonly optimizing?: boolean;
}

const launchOnce = async ({ optimizing = false }: BrowserOptions): Promise<Browser> =>
  chromium.launch({
    executablePath: await chromiumPath(),
    args: optimizing ? ARGS : [...ARGS, UNOPTIMIZED],
    headless: true,
    ...(hasMuchSharedMemory() && { ignoreDefaultArgs: [ON_DISK] }),
  });

/** One start in some hundreds ends with a SIGSEGV of Chromium's own, before any page; a second start then succeeds. */
const launch = (options: BrowserOptions = {}): Promise<Browser> =>
  launchOnce(options).catch((error) => {
    console.error(`Chromium is started again: ${error}`);
    return launchOnce(options);
  });

/** The files that share a process share its browser, and close only their own profiles. */
const shareBrowser = sharedByFiles(launch, (browser) => browser.close());

/** Those of people between two tests. */
export const atRest = new WeakSet<BrowserContext>();

/** What someone sees who has not left, mostly because their test has failed: a timeout does not say it. */
const reportOpen = async (context: BrowserContext): Promise<void> => {
  for (const page of context.pages()) {
    const text = await page.locator("body").textContent({ timeout: 1_000 }).catch(String);
    console.error(`left open: ${page.url()}\n${text?.slice(0, 2_000)}`);
  }
};

export const startBrowser = async (options: BrowserOptions = {}): Promise<TestBrowser> => {
  const browser = await (inTestProcess ? shareBrowser() : launch(options));
  const contexts = new Set<BrowserContext>();
  const close = async (): Promise<void> => {
    for (const context of contexts) {
      if (inTestProcess && !atRest.has(context)) await reportOpen(context);
      await context.close();
    }
    if (!inTestProcess) await browser.close();
  };
  return {
    profile: async (options = {}) => {
      const profile = await open(browser, { locale: "fr-FR", reducedMotion: "reduce", ...options });
      const { context } = profile;
      contexts.add(context);
      context.once("close", () => contexts.delete(context));
      return profile;
    },
    close,
    [Symbol.asyncDispose]: close,
  };
};
