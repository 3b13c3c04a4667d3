import { type InEveryLanguage, type Language, typeset } from "./language.ts";
import { fillIn, type ParamsOf, type TextParams } from "./text-template.ts";

/** What is specific to one occurrence of a problem (RFC 9457 §3.1.4), by code, in every language. */
const DETAIL_TEXTS = {
  // --- the request ---
  content_encoding: {
    en: "Send the body without Content-Encoding.",
    fr: "Envoyez le corps sans Content-Encoding.",
  },
  not_json_type: {
    en: "Send the body as application/json.",
    fr: "Envoyez le corps avec l’en-tête « Content-Type: application/json ».",
  },
  not_json_or_mail_type: {
    en: "Send the message as application/json, or a composed mail as message/rfc822.",
    fr: "Envoyez le message avec l’en-tête « Content-Type: application/json », ou un message déjà composé avec « message/rfc822 ».",
  },
  not_utf8: { en: "Send the JSON in UTF-8.", fr: "Envoyez le JSON en UTF-8." },
  not_event_token_type: {
    en: "Send the security event token as application/secevent+jwt.",
    fr: "Envoyez le jeton d’événement de sécurité avec l’en-tête « Content-Type: application/secevent+jwt ».",
  },
  too_deep: { en: "The JSON is nested too deeply.", fr: "Le JSON est imbriqué trop profondément." },
  not_json: { en: "The body is not JSON.", fr: "Le corps n’est pas du JSON." },
  // --- mail servers and settings ---
  server_not_connected: {
    en: "This mail server is not connected.",
    fr: "Ce serveur de messagerie n’est pas connecté.",
  },
  server_archived: { en: "This mail server is archived.", fr: "Ce serveur de messagerie est archivé." },
  none_connected: { en: "No mail server is connected.", fr: "Aucun serveur de messagerie n’est connecté." },
  none_shared: {
    en: "No shared mail server is connected. Name the mail server to use in `server`.",
    fr: "Aucun serveur de messagerie partagé n’est connecté. Indiquez le serveur dans « server ».",
  },
  messages_under_way: {
    en: "Messages are being sent or await your decision. Resolve them, or try again in a minute.",
    fr: "Des messages sont en cours d’envoi ou attendent votre décision. Décidez de leur sort, ou réessayez dans une minute.",
  },
  named_by_environment: {
    en: "Set in RELAIS_OPERATORS: {entries}",
    fr: "Définis dans RELAIS_OPERATORS : {entries}",
  },
  // --- messages ---
  content_too_large: {
    en: "Attachments, text and html total {bytes} bytes; the maximum is {most}.",
    fr: "Les pièces jointes, le texte et le HTML totalisent {bytes} octets ; le maximum est de {most}.",
  },
  reply_to_too_large: {
    en: "Reply-To may take {bytes} bytes once encoded; the maximum is {most}.",
    fr: "Reply-To peut atteindre {bytes} octets une fois encodé ; le maximum est de {most}.",
  },
  headers_too_large: {
    en: "The headers may take {bytes} bytes once encoded; Gmail accepts at most {most}.",
    fr: "Les en-têtes peuvent atteindre {bytes} octets une fois encodés ; Gmail en accepte {most} au maximum.",
  },
  mail_too_large: {
    en: "The message may take {bytes} bytes once encoded; Gmail accepts at most {most}.",
    fr: "Le message peut atteindre {bytes} octets une fois encodé ; Gmail en accepte {most} au maximum.",
  },
  raw_too_large: {
    en: "The mail has {bytes} bytes; the maximum is {most}.",
    fr: "Le message compte {bytes} octets ; le maximum est de {most}.",
  },
  raw_header_too_large: {
    en: "The header has more than {most} bytes; Gmail accepts no more.",
    fr: "L’en-tête dépasse {most} octets ; Gmail n’en accepte pas davantage.",
  },
  raw_field_too_large: {
    en: "The header field {name} has {bytes} bytes; Gmail accepts at most {most}.",
    fr: "Le champ d’en-tête {name} compte {bytes} octets ; Gmail en accepte {most} au maximum.",
  },
  beyond_envelope: {
    en: "To or Cc names addresses that are not in the envelope: {addresses}",
    fr: "To ou Cc mentionne des adresses absentes de l’enveloppe : {addresses}",
  },
  unreadable_recipients: {
    en: "To or Cc cannot be read.",
    fr: "Le champ To ou Cc est illisible.",
  },
  not_in_status: {
    en: "The message is {status}; this is only possible while it is {allowed}.",
    fr: "Le message est dans l’état {status} ; cette action n’est possible que dans l’état {allowed}.",
  },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

type DetailCode = keyof typeof DETAIL_TEXTS;

export interface Detail {
  readonly code: DetailCode;
  readonly params?: TextParams;
}

/** Makes a detail: `detail("not_in_status", { status, allowed })`. */
export const detail = <C extends DetailCode>(code: C, ...[params]: ParamsOf<(typeof DETAIL_TEXTS)[C]["en"]>): Detail =>
  params === undefined ? { code } : { code, params };

export const detailText = ({ code, params }: Detail, language: Language): string => {
  const text = fillIn(DETAIL_TEXTS[code][language], params);
  return typeset(text, language);
};

/** Every code, for tests. */
export const DETAIL_CODES = Object.keys(DETAIL_TEXTS) as readonly DetailCode[];
