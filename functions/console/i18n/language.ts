import { isLanguage, type Language } from "../../domain/language.ts";

/** The locale for dates and numbers: the browser's variant of the language (`en-GB`, `fr-CA`), else the language. */
export const localeOf = (language: Language, browser: readonly string[]): string =>
  browser.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;

/** The person's earlier choice, else the first of the browser's languages that we support, else English. */
export const firstLanguage = (kept: string | null, browser: readonly string[]): Language => {
  if (isLanguage(kept)) return kept;
  const spoken = browser.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage);
  return spoken ?? "en";
};
