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
  [
    /^must not hold line breaks or control characters$/,
    "Sur une seule ligne, sans caractère de contrôle.",
    "On one line, without control characters.",
  ],
  [/^must be an address$/, "Indiquez une adresse.", "Give an address."],
  [/^must be an address or @domain$/, "Indiquez une adresse ou un @domaine.", "Give an address or an @domain."],
  [/^must have at least one address$/, "Indiquez au moins une adresse.", "Give at least one address."],
  [/^must keep at least one operator$/, "Gardez au moins un opérateur.", "Keep at least one operator."],
  [/^must be a whole number of days$/, "Indiquez un nombre entier de jours.", "Give a whole number of days."],
  [/^must be in the future$/, "Choisissez une date à venir.", "Choose a date to come."],
  [
    /^must hold visible ASCII characters only$/,
    "Sans espace ni accent : copiez la valeur telle que Google l’affiche.",
    "Without spaces or accents: copy the value as Google shows it.",
  ],
  [/^must not be longer than (\d+) characters$/, "Au plus $1 caractères.", "At most $1 characters."],
  [
    /^must not be after the message's expiresAt$/,
    "Choisissez une heure avant l’échéance du message.",
    "Choose a time before the message’s deadline.",
  ],
  [
    /^(?:must be the id of a mail server|is no mail server's id)$/,
    "Ce serveur de messagerie n’existe plus.",
    "This mail server no longer exists.",
  ],
  [
    /^must be a mail address, as text such as .*$/,
    "Indiquez une adresse comme ada@example.com.",
    "Give an address like ada@example.com.",
  ],
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
