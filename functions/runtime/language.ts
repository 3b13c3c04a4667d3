import { isLanguage, type Language } from "../domain/language.ts";

interface Preference {
  readonly language: Language;
  readonly weight: number;
}

const parsePreference = (part: string, first: Language): Preference | null => {
  const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
  const [primary = ""] = tag.trim().split("-");
  const language = primary === "*" ? first : primary;
  const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("q="));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return isLanguage(language) && weight > 0 ? { language, weight } : null;
};

/** Chooses by Accept-Language (RFC 9110 §12.5.4); `first` if the header names none of our languages. */
export const chooseLanguage = (header: string | undefined, first: Language): Language => {
  const preferences = (header ?? "").split(",").flatMap((part) => parsePreference(part, first) ?? []);
  const best = preferences.toSorted((a, b) => b.weight - a.weight)[0];
  return best?.language ?? first;
};
