import { type InEveryLanguage, type Language, typeset } from "../language.ts";
import { fillIn, type ParamsOf, type TextParams } from "../text-template.ts";

/**
 * The notes beside a change of a message's status, by code; a code without a French text does not compile.
 * `{until}` and `{asOf}` are instants (RFC 3339), which the console shows in the reader's own format.
 */
const NOTE_TEXTS = {
  // --- held and released ---
  server_cannot_send: { en: "The mail server cannot send.", fr: "Le serveur de messagerie ne peut pas envoyer." },
  sending_paused: { en: "Sending is paused.", fr: "Les envois sont suspendus." },
  limit_reached: {
    en: "The mail server’s sending limit has been reached.",
    fr: "La limite d’envoi du serveur est atteinte.",
  },
  limit_reached_until: {
    en: "The mail server’s sending limit has been reached until {until}.",
    fr: "La limite d’envoi du serveur est atteinte jusqu’au {until}.",
  },
  released: { en: "The cause of the hold is resolved.", fr: "La cause de l’attente a disparu." },
  room_again: { en: "The limit allows sending again.", fr: "La limite permet de nouveau l’envoi." },
  // --- asked for by somebody ---
  rescheduled: { en: "Rescheduled.", fr: "Reprogrammé." },
  retried: { en: "Retried on request.", fr: "Nouvelle tentative demandée." },
  declared_sent: { en: "Marked as sent by a person.", fr: "Marqué comme envoyé par une personne." },
  declared_failed: { en: "Marked as failed by a person.", fr: "Marqué comme échoué par une personne." },
  declared_resend: { en: "Sent again on a person’s decision.", fr: "Renvoyé sur décision d’une personne." },
  declared_on_schedule: {
    en: "To be sent at its scheduled time, on a person’s decision.",
    fr: "Partira à l’heure prévue, sur décision d’une personne.",
  },
  resent_from: {
    en: "Sent to another address from message {id}.",
    fr: "Envoyé à une autre adresse à partir du message {id}.",
  },
  server_deleted: { en: "The mail server was deleted.", fr: "Le serveur de messagerie a été supprimé." },
  // --- in doubt ---
  reply_lost: {
    en: "Gmail’s response was lost after the message went out.",
    fr: "La réponse de Gmail s’est perdue après l’envoi.",
  },
  gmail_error: {
    en: "Gmail reported an internal error, but may have accepted the message all the same.",
    fr: "Gmail a signalé une erreur interne : il a peut-être accepté le message malgré tout.",
  },
  late_answer: { en: "Gmail’s response arrived late.", fr: "La réponse de Gmail est arrivée en retard." },
  found_in_sent: { en: "Found in the account’s sent mail.", fr: "Retrouvé dans les messages envoyés." },
  resent: {
    en: "Sent again with the same Message-ID.",
    fr: "Renvoyé avec le même identifiant de message (Message-ID).",
  },
  back_to_schedule: {
    en: "To be sent at its scheduled time.",
    fr: "Partira à l’heure prévue.",
  },
  not_found_in_sent: {
    en: "Not found in the account’s sent mail: a person must decide.",
    fr: "Absent des messages envoyés du compte : à vous de décider.",
  },
  search_not_allowed: {
    en: "The permissions granted do not allow searching the sent mail: a person must decide.",
    fr: "Les autorisations accordées ne permettent pas de chercher dans les messages envoyés : à vous de décider.",
  },
  search_proves_nothing: {
    en: "Some recipients got it in an earlier attempt, so searching the sent mail would prove nothing: a person must decide.",
    fr: "Certains destinataires l’ont reçu lors d’une tentative précédente : une recherche dans les messages envoyés ne prouverait rien. À vous de décider.",
  },
  id_unsearchable: {
    en: "Its Message-ID has characters that Gmail’s search cannot look for, so nobody knows whether it is in the sent mail: a person must decide.",
    fr: "Son Message-ID contient des caractères que la recherche de Gmail ne sait pas retrouver : impossible de vérifier dans les messages envoyés. À vous de décider.",
  },
  message_id_shared: {
    en: "Another message has the same Message-ID, so the copy in the sent mail may be that message’s: a person must decide.",
    fr: "Un autre message porte le même Message-ID : la copie trouvée dans les messages envoyés est peut-être la sienne. À vous de décider.",
  },
  expired_in_doubt: {
    en: "It has expired in the meantime, so it is not sent again: a person must decide.",
    fr: "Son échéance est passée entre-temps ; il n’est donc pas renvoyé : à vous de décider.",
  },
  tried_long_enough: {
    en: "It has been tried for 72 hours, so it is not sent again: a person must decide.",
    fr: "Les tentatives ont duré 72 heures ; il n’est donc pas renvoyé : à vous de décider.",
  },
  server_deleted_in_doubt: {
    en: "Its mail server was deleted, so it is not sent again: a person must decide.",
    fr: "Son serveur de messagerie a été supprimé ; il n’est donc pas renvoyé : à vous de décider.",
  },
  restored: {
    en: "Restored from a backup as of {asOf}: what has happened to it since is unknown.",
    fr: "Restauré depuis une sauvegarde du {asOf} : on ignore ce qu’il est devenu depuis.",
  },
  // --- the end, or nothing done ---
  expires_at_passed: { en: "Its deadline (expiresAt) has passed.", fr: "Son échéance (expiresAt) est dépassée." },
  worker_gone: {
    en: "The worker stopped before anything was sent.",
    fr: "Le traitement s’est interrompu avant tout envoi.",
  },
  refused_on_topic: {
    en: "It arrived on the Pub/Sub topic and cannot be sent as it is.",
    fr: "Il est arrivé par le sujet Pub/Sub et ne peut pas être envoyé tel quel.",
  },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

export type NoteCode = keyof typeof NOTE_TEXTS;

/** A note as the timeline stores it: `note` is English, for programs; `noteCode` selects the text for people. */
export interface TimelineNote {
  readonly note: string;
  readonly noteCode: NoteCode;
  readonly noteParams?: TextParams;
}

export const isNoteCode = (code: string): code is NoteCode => Object.hasOwn(NOTE_TEXTS, code);

/** Writes the sentence for a code in any language. */
export const noteText = (code: NoteCode, language: Language, params: TextParams = {}): string => {
  const text = fillIn(NOTE_TEXTS[code][language], params);
  return typeset(text, language);
};

/** Makes a note, such as `timelineNote("limit_reached_until", { until })`. */
export const timelineNote = <C extends NoteCode>(
  code: C,
  ...[params]: ParamsOf<(typeof NOTE_TEXTS)[C]["en"]>
): TimelineNote => ({
  note: noteText(code, "en", params),
  noteCode: code,
  ...(params === undefined ? {} : { noteParams: params }),
});

/** Every code, for tests. */
export const NOTE_CODES = Object.keys(NOTE_TEXTS).filter(isNoteCode);
