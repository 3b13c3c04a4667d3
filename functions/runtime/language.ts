import { isLanguage, type Language } from "../domain/language.ts";

interface Wish {
  readonly language: Language;
  readonly weight: number;
}

const wishOf = (part: string, first: Language): Wish | null => {
  const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
  const [primary = ""] = tag.trim().split("-");
  const language = primary === "*" ? first : primary;
  const quality = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith("q="));
  const weight = quality === undefined ? 1 : Number(quality.slice(2));
  return isLanguage(language) && weight > 0 ? { language, weight } : null;
};

/** By Accept-Language (RFC 9110 §12.5.4); `first` where nothing of ours is asked for. */
export const chooseLanguage = (header: string | undefined, first: Language): Language => {
  const wishes = (header ?? "").split(",").flatMap((part) => wishOf(part, first) ?? []);
  const best = wishes.toSorted((a, b) => b.weight - a.weight)[0];
  return best?.language ?? first;
};
