import type { IncomingHttpHeaders } from "node:http";
import { splitTarget } from "./router.ts";

/**
 * The name in a Host header, without the port; null if no browser could use it. A final dot counts, as it does for
 * cookies.
 */
const hostname = (host: string | undefined): string | null => {
  const url = `http://${host?.trim() ?? ""}`;
  return URL.canParse(url) ? new URL(url).hostname : null;
};

const LOOPBACK = /^(?:localhost\.?|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The host in the browser's address bar. Firebase Hosting and other proxies call us by another name and pass the
 * browser's in `X-Forwarded-Host` (the first of several is the browser's; firebase/firebase-tools#1362). A client that
 * forges it redirects only itself.
 */
const hostOfBrowser = (headers: IncomingHttpHeaders): string | null => {
  const forwarded = headers["x-forwarded-host"];
  const [first] = (typeof forwarded === "string" ? forwarded : (forwarded?.[0] ?? "")).split(",");
  return hostname(first) ?? hostname(headers.host);
};

/**
 * The same location on `RELAIS_PUBLIC_URL` if the browser used another host; null if it need not move. The callback is
 * on the public host, and would not get a session cookie set on another. Ports do not matter, as they do not for
 * cookies. A loopback address in front of a public name is a local proxy that hides the host; redirecting would never
 * end.
 */
export const placeOnPublicHost = (publicUrl: string, headers: IncomingHttpHeaders, target: string): string | null => {
  const ours = new URL(publicUrl).hostname;
  const asked = hostOfBrowser(headers);
  if (asked === null || asked === ours || (LOOPBACK.test(asked) && !LOOPBACK.test(ours))) return null;
  const { pathname, search } = splitTarget(target);
  return `${publicUrl}${pathname}${search}`;
};
