import type { IncomingHttpHeaders } from "node:http";
import { splitTarget } from "./router.ts";

/** The name in a Host header, without port and final dot; null if there is none that a browser could use. */
const hostname = (host: string | undefined): string | null => {
  const url = `http://${host?.trim() ?? ""}`;
  return URL.canParse(url) ? new URL(url).hostname.replace(/\.$/, "") : null;
};

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * The host in the browser's address bar. Firebase Hosting and other proxies call us by a name of their own and pass the browser's on in
 * `X-Forwarded-Host` (of several, the first is the browser's; firebase/firebase-tools#1362). A client can forge it, and then redirects nobody but itself.
 */
const hostOfBrowser = (headers: IncomingHttpHeaders): string | null => {
  const forwarded = headers["x-forwarded-host"];
  const [first] = (typeof forwarded === "string" ? forwarded : (forwarded?.[0] ?? "")).split(",");
  return hostname(first) ?? hostname(headers.host);
};

/**
 * The same place at `RELAIS_PUBLIC_URL`, if the browser asks for it on another host; null if it need not go elsewhere. A session cookie set on
 * the other host would not be sent to the callback, which is on the public one. Ports do not count, as they do not for cookies. A loopback
 * address in front of a public name is a proxy on this machine that passes no host on: to redirect it would never end.
 */
export const placeOnPublicHost = (publicUrl: string, headers: IncomingHttpHeaders, target: string): string | null => {
  const ours = new URL(publicUrl).hostname;
  const asked = hostOfBrowser(headers);
  if (asked === null || asked === ours || (LOOPBACK.test(asked) && !LOOPBACK.test(ours))) return null;
  const { pathname, search } = splitTarget(target);
  return `${publicUrl}${pathname}${search}`;
};
