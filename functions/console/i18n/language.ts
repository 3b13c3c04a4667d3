import { isLanguage, type Language } from "../../domain/language.ts";

/** How the reader writes dates and numbers: their browser's own variant of the language (`en-GB`, `fr-CA`), else the language alone. */
export const localeOf = (language: Language, browser: readonly string[]): string =>
  browser.find((tag) => tag.toLowerCase().split("-")[0] === language) ?? language;

/** What the person chose before, else the first of the browser's languages that we speak, else English. */
export const firstLanguage = (kept: string | null, browser: readonly string[]): Language => {
  if (isLanguage(kept)) return kept;
  const spoken = browser.map((tag) => tag.toLowerCase().split("-")[0]).find(isLanguage);
  return spoken ?? "en";
};
