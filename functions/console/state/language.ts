import { effect, signal } from "@preact/signals";
import { firstLanguage, type Language } from "../i18n/language.ts";
import { absoluteTime, relativeTime, wholeNumber } from "../i18n/time.ts";
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

export const when = (iso: string): string => absoluteTime(language.value, iso) ?? iso;
export const number = (value: number): string => wholeNumber(language.value, value);
export const ago = (iso: string): string => relativeTime(language.value, iso, Date.now()) ?? iso;
