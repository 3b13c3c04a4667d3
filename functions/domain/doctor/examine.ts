import { readClientFacts } from "../connections/tokens/client-facts.ts";
import { readTokenHome } from "../connections/tokens/move-tokens.ts";
import { type InEveryLanguage, type Language, typeset } from "../language.ts";
import { allServers } from "../mail-servers/own-servers.ts";
import type { Records } from "../records.ts";
import { readSettings } from "../settings/read-settings.ts";
import type { EnvironmentSettings } from "../settings/settings.ts";
import { type Finding, findingsFrom } from "./checks.ts";
import { ADVICE, TITLES, TO_DO } from "./texts.ts";

/** More than a person would read; beyond it, only the oldest servers are checked. */
const MOST_SERVERS = 1_000;

export interface Check {
  readonly id: string;
  readonly ok: boolean;
  readonly level: "required" | "advice";
  readonly title: string;
  readonly advice: string;
  readonly link?: string;
}

export interface Examination {
  /** Every required check has passed. */
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

const fill = (text: string, values: Finding["values"]): string =>
  text.replaceAll(/\{(\w+)\}/g, (_, name: string) => values?.[name] ?? "");

const inWords = (texts: InEveryLanguage, language: Language): string => typeset(texts[language], language);

const checkFrom = (finding: Finding, language: Language): Check => ({
  id: finding.id,
  ok: finding.ok,
  level: finding.level,
  title: inWords((finding.ok ? TITLES : TO_DO)[finding.id], language),
  advice: fill(inWords(ADVICE[finding.situation], language), finding.values),
  ...(finding.link === undefined ? {} : { link: finding.link }),
});

/**
 * Checks the whole setup from stored records alone, without calling Google or writing anything. Throws `Unavailable`.
 */
export const examine = async (
  deps: { readonly records: Records; readonly environment: EnvironmentSettings },
  language: Language,
): Promise<Examination> => {
  const [{ value: settings }, servers, tokenHome] = await Promise.all([
    readSettings(deps.records, deps.environment),
    allServers(deps.records, { most: MOST_SERVERS }),
    readTokenHome(deps.records),
  ]);
  const clientId = settings.gmailCredentials?.clientId;
  const client = clientId === undefined ? null : await readClientFacts(deps.records, clientId);
  const securityEventAtMs = client?.value.securityEventAtMs ?? null;
  const rejection = client?.value.rejected ?? null;
  const savedAtMs = settings.gmailCredentials?.configuredAtMs ?? 0;
  const rejected = rejection !== null && rejection.sinceMs >= savedAtMs ? rejection.error : null;
  const { environment } = deps;
  const findings = findingsFrom({ settings, environment, servers, securityEventAtMs, rejected, tokenHome });
  return {
    ok: findings.every(({ ok, level }) => ok || level === "advice"),
    checks: findings.map((finding) => checkFrom(finding, language)),
  };
};
