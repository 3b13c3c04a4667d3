/** Keeps French punctuation with its word: no line may begin with a closing guillemet or a colon. */
const keepTogether = (french: string): string => french.replace(/« /g, "«\u00a0").replace(/ ([»:;?!])/g, "\u00a0$1");

interface Rules {
  /** The language's own name. */
  readonly name: string;
  /** Applies the language's typography. */
  readonly typeset: (text: string) => string;
}

/** The languages of Relais, in the order in which pages list them. The key is the BCP 47 primary tag. */
const RULES = {
  fr: { name: "Français", typeset: keepTogether },
  en: { name: "English", typeset: (text) => text },
} as const satisfies Readonly<Record<string, Rules>>;

export type Language = keyof typeof RULES;

/** One thing in every language; a table that lacks one does not compile. */
export type InEveryLanguage<T = string> = Readonly<Record<Language, T>>;

export const isLanguage = (tag: unknown): tag is Language => typeof tag === "string" && Object.hasOwn(RULES, tag);

export const LANGUAGES: readonly Language[] = Object.keys(RULES).filter(isLanguage);

export const languageName = (language: Language): string => RULES[language].name;

/** The text with its language's typography. */
export const typeset = (text: string, language: Language): string => RULES[language].typeset(text);
