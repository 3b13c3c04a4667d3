import { keepTogether } from "../../domain/problem-texts.ts";
import type { Language } from "./language.ts";
import { absoluteTime } from "./time.ts";

/** What Relais writes beside a change of status (`timeline[].note`, English for programs), in words for people. */
const NOTES: Readonly<Record<string, Readonly<Record<Language, string>>>> = {
  "the mail server cannot send": {
    fr: "Le serveur de messagerie ne peut pas envoyer.",
    en: "The mail server cannot send.",
  },
  "sending is paused": { fr: "Les envois sont suspendus.", en: "Sending is paused." },
  "the limit of the mail server is reached": {
    fr: "La limite du serveur de messagerie est atteinte.",
    en: "The limit of the mail server is reached.",
  },
  "the delivery is in doubt": { fr: "On ne sait pas si le message est parti.", en: "The delivery is in doubt." },
  "declared sent by a person": { fr: "Déclaré parti par une personne.", en: "Declared sent by a person." },
  "sent again by a person's decision": {
    fr: "Renvoyé sur décision d’une personne.",
    en: "Sent again by a person’s decision.",
  },
  "declared failed by a person": { fr: "Déclaré échoué par une personne.", en: "Declared failed by a person." },
  "sent again by request": { fr: "Nouvel essai demandé.", en: "Sent again by request." },
  rescheduled: { fr: "Reprogrammé.", en: "Rescheduled." },
  released: { fr: "La cause de l’attente est levée.", en: "What held it back is gone." },
  "there is room again": { fr: "La limite le permet de nouveau.", en: "There is room again." },
  "the mail server was deleted": {
    fr: "Le serveur de messagerie a été supprimé.",
    en: "The mail server was deleted.",
  },
  "the worker came back with the answer": {
    fr: "La réponse de Gmail est arrivée après coup.",
    en: "Gmail’s answer arrived late.",
  },
  "found in the sent mail": { fr: "Retrouvé dans les messages envoyés.", en: "Found in the sent mail." },
  "not found in the sent mail: a person must decide": {
    fr: "Absent des messages envoyés : à vous de décider.",
    en: "Not found in the sent mail: a person must decide.",
  },
  "the granted scopes do not allow a search of the sent mail: a person must decide": {
    fr: "Les autorisations accordées ne permettent pas de chercher dans les messages envoyés : à vous de décider.",
    en: "The granted scopes do not allow a search of the sent mail: a person must decide.",
  },
  "the reply was lost after the end of the message": {
    fr: "La réponse de Gmail s’est perdue après l’envoi.",
    en: "Gmail’s answer was lost after the message went out.",
  },
};

const UNTIL = { fr: "Jusqu’au", en: "Until" } as const;

/** A note of a newer API is shown as it came. A note may end with a time: `… until 2026-11-12T12:00:00.000Z`. */
export const noteText = (note: string, language: Language, locale: string = language): string => {
  const [, sentence = note, until] = /^(.*?)(?: until (\d{4}-\S+))?$/.exec(note) ?? [];
  const known = Object.hasOwn(NOTES, sentence) ? NOTES[sentence]?.[language] : undefined;
  if (known === undefined) return note;
  const text = language === "fr" ? keepTogether(known) : known;
  return until === undefined ? text : `${text} ${UNTIL[language]} ${absoluteTime(locale, until) ?? until}.`;
};
