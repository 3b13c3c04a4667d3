const PLACEHOLDER_ORIGIN = "https://relais.invalid";

/** Where a sign-in may lead back to: pages of the console and the start of a consent. Never another site. */
const ALLOWED =
  /^\/(?:$|setup$|servers(?:\/|$)|messages(?:\/|$)|keys$|operations$|settings$|audit$|google_gmail\/authorize$)/;

/** Makes a `next` parameter safe: a path of our own, else `/`. Browsers read `//x`, `/\x` and tabs as another host. */
export const safeNext = (raw: string | null | undefined): string => {
  if (raw === null || raw === undefined || !/^\/(?![/\\])/.test(raw) || /[\p{Cc}\\]/u.test(raw)) return "/";
  let url: URL;
  try {
    url = new URL(raw, PLACEHOLDER_ORIGIN);
  } catch {
    return "/";
  }
  if (url.origin !== PLACEHOLDER_ORIGIN || !ALLOWED.test(url.pathname)) return "/";
  return `${url.pathname}${url.search}`;
};

/** What stands after the first slash of a path that is no page of the console. */
const ELSEWHERE = String.raw`(?:google_gmail|v1|docs)/|(?:docs|openapi\.json|health)(?:[?#]|$)`;

const ELSEWHERE_PATHS = new RegExp(`^/(?:${ELSEWHERE})`);

/** The links that the router follows; the browser follows those to what Relais serves besides the console. */
export const CONSOLE_PATHS = new RegExp(`^/(?!${ELSEWHERE})`);

/** The path is not a page of the console, so the browser must load it. */
export const leavesConsole = (path: string): boolean => ELSEWHERE_PATHS.test(path);

export const signInPath = (from: string): string => {
  const next = safeNext(from);
  return next === "/" ? "/sign-in" : `/sign-in?next=${encodeURIComponent(next)}`;
};

/** Starts Google's sign-in through Relais, which comes back to `next`. */
export const googleSignInHref = (next: string): string =>
  `/google_gmail/authorize?sign-in&next=${encodeURIComponent(safeNext(next))}`;

/** Starts Google's consent for one mail server. */
export const connectHref = (serverId: string): string =>
  `/google_gmail/authorize?server=${encodeURIComponent(serverId)}`;

/** The token in `/#setup=<token>`; a fragment never reaches a server or its logs. */
export const setupTokenIn = (hash: string): string | null => {
  const token = new URLSearchParams(hash.replace(/^#/, "")).get("setup");
  return token === null || token === "" ? null : token;
};
