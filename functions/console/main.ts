// The first script. It is small, so that it runs while the browser is still loading the others, and asks already for
// what every visit needs.
import "./style.css";
import type { EarlyCalls } from "./state/early.ts";

/** Paths whose pages are part of the script that every visit loads. */
const COMMON = /^\/(?:messages(?:\/.*)?|servers|sign-in)?$/;

const call = (url: string): readonly [string, Promise<Response>] => {
  const headers = { accept: "application/json" };
  const answer = fetch(url, { headers, credentials: "same-origin", cache: "no-store", redirect: "error" });
  // Whoever takes the answer sees the failure.
  answer.catch(() => {});
  return [url, answer];
};

/** The first use of Intl loads its data. That takes a phone a tenth of a second, so it is done while scripts come. */
const loadIntl = (): string => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format();

// A setup link opens a session first.
const early: EarlyCalls = new Map(location.hash === "" ? [call("/v1/session")] : []);
// If it cannot be loaded, the page that needs it says so.
if (!COMMON.test(location.pathname)) import("./pages/further.ts").catch(() => {});
void import("./start.tsx").then(({ start }) => start(early));
setTimeout(loadIntl);
