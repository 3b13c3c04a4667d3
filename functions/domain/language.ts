/** Keeps French punctuation on the line of its word: no line may begin with a closing guillemet or a colon. */
const addNonBreakingSpaces = (french: string): string =>
  french.replace(/« /g, "«\u00a0").replace(/ ([»:;?!])/g, "\u00a0$1");

interface Rules {
  /** The language's own name. */
  readonly name: string;
  /** Applies the language's typography. */
  readonly typeset: (text: string) => string;
}

/** The languages of Relais by BCP 47 primary tag, in the order in which pages list them. */
const RULES = {
  fr: { name: "Français", typeset: addNonBreakingSpaces },
  en: { name: "English", typeset: (text) => text },
} as const satisfies Readonly<Record<string, Rules>>;

export type Language = keyof typeof RULES;

/** A value for every language; a table that lacks a language does not compile. */
export type InEveryLanguage<T = string> = Readonly<Record<Language, T>>;

export const isLanguage = (tag: unknown): tag is Language => typeof tag === "string" && Object.hasOwn(RULES, tag);

export const LANGUAGES: readonly Language[] = Object.keys(RULES).filter(isLanguage);

export const languageName = (language: Language): string => RULES[language].name;

/** Applies the typography of its language to a text. */
export const typeset = (text: string, language: Language): string => RULES[language].typeset(text);
