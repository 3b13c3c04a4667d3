/** An entry of Cloud Logging, as far as the filters of infra/ look at it. */
export interface LogEntry {
  readonly log: string;
  readonly severity: "INFO" | "WARNING" | "ERROR";
  readonly service: string;
  readonly jsonPayload: Readonly<Record<string, unknown>>;
  /** A revision of Cloud Run unless it says otherwise. */
  readonly resource?: "http_load_balancer";
  /** Of a request's own entry. */
  readonly url?: string;
}

const SEVERITIES = ["INFO", "WARNING", "ERROR"];

/** The value of a field; undefined if the entry has none. */
const fieldOf = (entry: LogEntry, path: string): unknown => {
  if (path === "resource.type") return entry.resource ?? "cloud_run_revision";
  if (path === "httpRequest.requestUrl") return entry.url;
  if (path === "resource.labels.service_name") return entry.service;
  if (path.startsWith("jsonPayload.")) return entry.jsonPayload[path.slice("jsonPayload.".length)];
  throw new Error(`no filter of ours looks at ${path}`);
};

const withoutOuter = (text: string): string => (/^\(.*\)$/s.test(text) ? text.slice(1, -1) : text);

/** Splits at a word that is outside of brackets and quotes. */
const splitAt = (text: string, word: string): readonly string[] => {
  const parts: string[] = [""];
  let depth = 0;
  for (const token of text.match(/"(?:[^"\\]|\\.)*"|\(|\)| AND | OR |[^"() ]+| /g) ?? []) {
    if (token === "(") depth += 1;
    if (token === ")") depth -= 1;
    if (token === ` ${word} ` && depth === 0) parts.push("");
    else parts[parts.length - 1] += token;
  }
  return parts;
};

const unquoted = (text: string): string => text.replace(/^"(.*)"$/s, "$1");

/**
 * Whether an entry matches a filter in the part of Logging's query language that infra/ uses: AND, OR, `=`, `:*`,
 * `:` with a part of a text, `severity>=`, `log_id()` and a list of values in brackets
 * (cloud.google.com/logging/docs/view/logging-query-language). It throws at anything else, rather than to guess.
 */
export const matches = (filter: string, entry: LogEntry): boolean => {
  const every = splitAt(filter, "AND");
  if (every.length > 1) return every.every((part) => matches(part, entry));
  const some = splitAt(filter, "OR");
  if (some.length > 1) return some.some((part) => matches(part, entry));
  if (filter.startsWith("(")) return matches(withoutOuter(filter), entry);
  const log = /^log_id\("(.*)"\)$/.exec(filter);
  if (log) return entry.log === log[1];
  const severity = /^severity>=(\w+)$/.exec(filter);
  if (severity) return SEVERITIES.indexOf(entry.severity) >= SEVERITIES.indexOf(severity[1] ?? "");
  const exists = /^([\w.]+):\*$/.exec(filter);
  if (exists) return fieldOf(entry, exists[1] ?? "") !== undefined;
  const [, within, part] = /^([\w.]+):"([^"]+)"$/.exec(filter) ?? [];
  if (within !== undefined) return String(fieldOf(entry, within) ?? "").includes(part ?? "");
  const [, path = "", value = ""] = /^([\w.]+)=(.+)$/s.exec(filter) ?? [];
  if (path === "") throw new Error(`this is no filter that the test understands: ${filter}`);
  return splitAt(withoutOuter(value), "OR").some((one) => String(fieldOf(entry, path)) === unquoted(one));
};
