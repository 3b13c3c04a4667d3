import type { BrowserContext, Page } from "playwright-core";

/** A mid-range phone on a slow 4G network, as Lighthouse assumes: the usual bounds of web vitals are meant for it. */
const CPU_SLOWDOWN = 4;
const NETWORK = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 768_000 / 8 };
export const PHONE = { width: 412, height: 823 } as const;

/** Slows down the page's processor, and its network unless `processorOnly`. */
export const throttle = async (page: Page, processorOnly = false): Promise<void> => {
  const session = await page.context().newCDPSession(page);
  await session.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  if (processorOnly) return;
  await session.send("Network.enable");
  await session.send("Network.emulateNetworkConditions", NETWORK);
};

/** What the page's own observers have seen since `begin`, in ms; of layout shifts, the sum of their scores. */
export interface Vitals {
  /** When the page had its heading and nothing was loading any more. */
  readonly usableMs: number;
  readonly lcpMs: number;
  readonly cls: number;
  /** What long tasks took beyond 50 ms each, from when there was something to see. */
  readonly tbtMs: number;
  readonly longTasks: number;
  readonly longestTaskMs: number;
  /** The slowest interaction until the next frame. */
  readonly inpMs: number;
}

/** Runs before the page's first script. Frames tell when the page is usable, because that is when a person sees it. */
const OBSERVE = `(() => {
  const seen = { lcpMs: 0, cls: 0, tasks: [], inpMs: 0 };
  const observe = (type, take, more = {}) =>
    new PerformanceObserver((list) => list.getEntries().forEach(take)).observe({ type, buffered: true, ...more });
  observe("largest-contentful-paint", ({ startTime }) => { seen.lcpMs = startTime; });
  observe("layout-shift", ({ value, hadRecentInput }) => { if (!hadRecentInput) seen.cls += value; });
  let paintedAtMs = Infinity;
  observe("paint", ({ name, startTime }) => { if (name === "first-contentful-paint") paintedAtMs = startTime; });
  observe("longtask", ({ startTime, duration }) => seen.tasks.push({ startTime, duration }));
  observe("event", ({ interactionId, duration }) => {
    if (interactionId > 0) seen.inpMs = Math.max(seen.inpMs, duration);
  }, { durationThreshold: 16 });
  let beganAtMs = 0;
  const usable = () => document.querySelector("main h1") !== null && document.querySelector(".loading") === null;
  const untilUsable = () => new Promise((resolve) => {
    const look = () => (usable() ? resolve(performance.now() - beganAtMs) : requestAnimationFrame(look));
    look();
  });
  window.vitals = {
    begin: () => {
      Object.assign(seen, { lcpMs: 0, cls: 0, tasks: [], inpMs: 0 });
      beganAtMs = performance.now();
    },
    read: async () => {
      const usableMs = await untilUsable();
      // Observers are told a little later, and a shift may still come.
      await new Promise((resolve) => setTimeout(resolve, 500));
      const { lcpMs, cls, inpMs } = seen;
      const tasks = seen.tasks.filter(({ startTime }) => startTime >= paintedAtMs).map(({ duration }) => duration);
      const tbtMs = tasks.reduce((sum, task) => sum + task - 50, 0);
      return { usableMs, lcpMs, cls, tbtMs, longTasks: tasks.length, longestTaskMs: Math.max(0, ...tasks), inpMs };
    },
  };
})()`;

export const observe = async (context: BrowserContext): Promise<void> => {
  await context.addInitScript(OBSERVE);
};

export const readVitals = (page: Page): Promise<Vitals> => page.evaluate("vitals.read()");

/** Turns to another page of the console as its links do, and reads what that took. */
export const vitalsOfTurn = (page: Page, path: string): Promise<Vitals> =>
  page.evaluate(`(() => {
    vitals.begin();
    history.pushState(null, "", ${JSON.stringify(path)});
    dispatchEvent(new PopStateEvent("popstate"));
    return new Promise((resolve) => requestAnimationFrame(() => resolve(vitals.read())));
  })()`);
