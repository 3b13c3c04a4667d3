import { effect, signal } from "@preact/signals";
import type { Language } from "../../domain/language.ts";
import type { TimelineEntry } from "../api/types.ts";
import { firstLanguage, localeOf } from "../i18n/language.ts";
import { timelineNoteText } from "../i18n/note.ts";
import { absoluteTime, relativeTime, timeInFull, timeToTheSecond, wholeNumber } from "../i18n/time.ts";
import { type TextKey, textKey, translate, type Values } from "../i18n/translate.ts";

const KEPT_AS = "relais.language";

/** Storage may be forbidden (private windows, policies): the language is then chosen anew each time. */
const kept = (): string | null => {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
};

export const language = signal<Language>(firstLanguage(kept(), navigator.languages));

export const chooseLanguage = (chosen: Language): void => {
  language.value = chosen;
  try {
    localStorage.setItem(KEPT_AS, chosen);
  } catch {
    // Not kept; still in force on this page.
  }
};

effect(() => {
  document.documentElement.lang = language.value;
});

/** The text in the chosen language; a component that calls it is drawn again when the language changes. */
export const t = <K extends TextKey>(key: K, ...values: Values<K>): string => translate(language.value, key, ...values);

/** A text whose key comes from the API (`state.valid`); what the catalogue does not know is shown as it came. */
export const tOr = (key: string, otherwise: string): string => {
  const known = textKey(key);
  return known === undefined ? otherwise : translate(language.value, known as "nav.home");
};

const locale = (): string => localeOf(language.value, navigator.languages);

export const when = (iso: string): string => absoluteTime(locale(), iso) ?? iso;
export const whenToTheSecond = (iso: string): string => timeToTheSecond(locale(), iso) ?? iso;
export const whenInFull = (iso: string): string => timeInFull(locale(), iso) ?? iso;
export const number = (value: number): string => wholeNumber(locale(), value);
export const ago = (iso: string): string => relativeTime(locale(), iso, Date.now()) ?? iso;
export const noteOf = (entry: TimelineEntry): string | null => timelineNoteText(entry, language.value, locale());
