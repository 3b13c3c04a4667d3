import { effect, signal } from "@preact/signals";
import type { Language } from "../../domain/language.ts";
import type { TimelineEntry } from "../api/types.ts";
import { dateFormat, numberFormat } from "../i18n/formats.ts";
import { firstLanguage, localeOf } from "../i18n/language.ts";
import { timelineNoteText } from "../i18n/note.ts";
import { absoluteTime, relativeTime, timeInFull, timeToTheSecond, wholeNumber } from "../i18n/time.ts";
import { type TextKey, textKey, translate, type Values } from "../i18n/translate.ts";
import { keepChoice, keptChoice } from "./choice.ts";

const STORAGE_KEY = "relais.language";

export const language = signal<Language>(firstLanguage(keptChoice(STORAGE_KEY), navigator.languages));

/** The frame that shows the press comes first, because a change of language renders the whole page again. */
export const chooseLanguage = (chosen: Language): void => {
  keepChoice(STORAGE_KEY, chosen);
  requestAnimationFrame(() =>
    setTimeout(() => {
      language.value = chosen;
    }),
  );
};

effect(() => {
  document.documentElement.lang = language.value;
});

/** The text in the chosen language; a component that calls it renders again when the language changes. */
export const t = <K extends TextKey>(key: K, ...values: Values<K>): string => translate(language.value, key, ...values);

/** A text whose key comes from the API (`state.valid`); a key that the catalogue lacks is shown unchanged. */
export const tOr = (key: string, otherwise: string): string => {
  const known = textKey(key);
  return known === undefined ? otherwise : translate(language.value, known as "nav.home");
};

const locale = (): string => localeOf(language.value, navigator.languages);

export const when = (iso: string): string => absoluteTime(locale(), iso) ?? iso;
export const whenToTheSecond = (iso: string): string => timeToTheSecond(locale(), iso) ?? iso;
export const whenInFull = (iso: string): string => timeInFull(locale(), iso) ?? iso;
export const whenAs = (at: Date, options: Intl.DateTimeFormatOptions): string =>
  dateFormat(locale(), options).format(at);
/** `7 octets`, `1.2 kB`: a thousand bytes each, as mail programs say it. A unit with a plural is written in full. */
export const bytes = (count: number): string => {
  const unit = count < 1_000 ? "byte" : count < 1_000_000 ? "kilobyte" : "megabyte";
  const value = count / { byte: 1, kilobyte: 1_000, megabyte: 1_000_000 }[unit];
  const unitDisplay = unit === "byte" ? "long" : "short";
  return numberFormat(locale(), { style: "unit", unit, unitDisplay, maximumFractionDigits: 1 }).format(value);
};
/** `12 %` or `12%`, of 0.12. */
export const percent = (share: number): string =>
  numberFormat(locale(), { style: "percent", maximumFractionDigits: 0 }).format(share);
export const number = (value: number): string => wholeNumber(locale(), value);
export const ago = (iso: string): string => relativeTime(locale(), iso, Date.now()) ?? iso;
export const noteOf = (entry: TimelineEntry): string | null => timelineNoteText(entry, language.value, locale());
