// The first script. It is small, so that it runs while the browser is still loading the others, and asks already for
// what the page will need.
import "./style.css";
import { dataAt } from "./state/early-data.ts";

/** Paths whose pages are part of the script that every visit loads. */
const COMMON = /^\/(?:messages(?:\/.*)?|servers|sign-in)?$/;
/** Nobody wants an answer that is older than this. */
const EARLY_FOR_MS = 5_000;

/** Answers by URL. The first part of a page that asks for a URL takes its answer. */
const early = new Map<string, Promise<Response>>();

const ask = (url: string): Promise<Response> => {
  const headers = { accept: "application/json" };
  const answer = fetch(url, { headers, credentials: "same-origin", cache: "no-store", redirect: "error" });
  // The part of the page that takes the answer sees the failure.
  answer.catch(() => {});
  early.set(url, answer);
  return answer;
};

/** What the page reads depends on who is signed in; anyone else reads nothing. */
const askAhead = async (): Promise<void> => {
  const session = await ask("/v1/session");
  if (!session.ok) return;
  const { role }: { role: string } = await session.clone().json();
  for (const url of dataAt(location, role === "operator")) ask(url);
};

/** The first use of Intl loads its data. That takes a phone a tenth of a second, so it is done while scripts come. */
const loadIntl = (): string => new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "short" }).format();

// A setup link opens a session first. A call that failed is made again by the page, which says so.
if (!/[#&]setup=/.test(location.hash)) askAhead().catch(() => {});
setTimeout(() => early.clear(), EARLY_FOR_MS);
// If it cannot be loaded, the page that needs it says so.
if (!COMMON.test(location.pathname)) import("./pages/further.ts").catch(() => {});
void import("./start.tsx").then(({ start }) => start(early));
setTimeout(loadIntl);
