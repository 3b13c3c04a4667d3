import { keepTogether } from "../../domain/problem-texts.ts";
import type { Language } from "./language.ts";

/**
 * The API says in English what is wrong with a field (`fields[].message`, for programs' logs as well); here are its sentences for
 * people who read French. What is not in the table is shown as the API wrote it.
 */
const SENTENCES: readonly (readonly [said: RegExp, fr: string, en: string])[] = [
  [/^must not be empty$/, "Ce champ est obligatoire.", "This field is required."],
  [/^must be an address like (\S+)$/, "Indiquez une adresse comme $1.", "Give an address like $1."],
  [
    /^must be an address like (\S+) or a domain like (\S+)$/,
    "Indiquez une adresse comme $1 ou un domaine comme $2.",
    "Give an address like $1 or a domain like $2.",
  ],
  [/^must have at most (\d+) characters$/, "Au plus $1 caractères.", "At most $1 characters."],
  [/^must have at most (\d+) entries$/, "Au plus $1 entrées.", "At most $1 entries."],
  [/^must be at least (\d+)$/, "Au moins $1.", "At least $1."],
  [/^must be at most (\d+)$/, "Au plus $1.", "At most $1."],
  [/^must be a whole number$/, "Indiquez un nombre entier.", "Give a whole number."],
  [
    /^must not hold control characters or line ends$/,
    "Les caractères de contrôle et les retours à la ligne ne sont pas acceptés.",
    "Control characters and line ends are not accepted.",
  ],
  [/^must not look like an id$/, "Un nom ne peut pas commencer par « srv_ ».", "A name cannot begin with “srv_”."],
  [/^is not known here$/, "Ce champ n’est pas reconnu.", "This field is not known."],
];

const sentence = (said: string, language: Language): string => {
  for (const [pattern, fr, en] of SENTENCES) {
    if (pattern.test(said)) return said.replace(pattern, language === "fr" ? keepTogether(fr) : en);
  }
  return said;
};

/** One or several lines of what the API said. */
export const fieldMessageText = (said: string, language: Language): string =>
  said
    .split("\n")
    .map((line) => sentence(line, language))
    .join(" ");
