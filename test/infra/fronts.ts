import { readFileSync } from "node:fs";

const { hosting } = JSON.parse(readFileSync(new URL("../../firebase.json", import.meta.url), "utf8"));
const rewrites: readonly { readonly source: string; readonly run?: { readonly serviceId: string } }[] =
  hosting.rewrites;

/** Paths of every pattern in firebase.json, of what lies beneath, and of neighbours with a similar name. */
export const PATHS: readonly string[] = [
  ...rewrites.filter(({ run }) => run !== undefined).map(({ source }) => source.replace("/**", "")),
  ...["/", "/servers/srv_1", "/docs", "/v1/", "/v1/servers", "/v1/messages/msg_1/retry", "/v1/messagesx", "/v10"],
  ...["/google_gmail/confirm", "/google_gmail/authorize/x", "/google_gmailx", "/health/x", "/healthy"],
];

/** Hosting takes the first pattern that fits. What calls no function is the console's. */
export const byHosting = (path: string): string => {
  const fits = (source: string): boolean =>
    source.endsWith("/**") ? path === source.slice(0, -3) || path.startsWith(source.slice(0, -2)) : source === path;
  return rewrites.find(({ source, run }) => run !== undefined && fits(source))?.run?.serviceId ?? "console";
};

/** A path rule of a URL map, and what it chooses. */
export interface PathRule {
  readonly paths: readonly string[];
  readonly chooses: string;
}

/**
 * A URL map takes the longest pattern that fits; `/x/*` does not take `/x`
 * (cloud.google.com/load-balancing/docs/url-map-concepts, "Path patterns").
 */
export const byUrlMap = (rules: readonly PathRule[], path: string): string => {
  const patterns = rules.flatMap(({ paths, chooses }) => paths.map((pattern) => ({ pattern, chooses })));
  const fitting = patterns.filter(({ pattern }) =>
    pattern.endsWith("/*") ? path.startsWith(pattern.slice(0, -1)) : path === pattern,
  );
  return fitting.toSorted((a, b) => b.pattern.length - a.pattern.length)[0]?.chooses ?? "console";
};

/** The paths that the two fronts answer with different functions. */
export const differingPaths = (rules: readonly PathRule[]): readonly string[] =>
  PATHS.filter((path) => byHosting(path) !== byUrlMap(rules, path)).map(
    (path) => `${path}: Hosting calls ${byHosting(path)}, and the load balancer ${byUrlMap(rules, path)}`,
  );
