import { type InEveryLanguage, type Language, typeset } from "./language.ts";
import { fillIn, type ParamsOf, type TextParams } from "./text-template.ts";

/**
 * What can be wrong with one place in a request, by code; a code without a French text does not compile. Each text is
 * a phrase without capital or full stop. The API's `message` is the English one; the console makes a sentence of it.
 */
const FIELD_TEXTS = {
  // --- any value ---
  invalid: { en: "is not valid", fr: "cette valeur n’est pas acceptée" },
  required: { en: "is required", fr: "ce champ est obligatoire" },
  unknown_field: { en: "is an unknown field", fr: "ce champ est inconnu" },
  unknown_parameter: { en: "is an unknown parameter", fr: "ce paramètre est inconnu" },
  repeated_parameter: { en: "must be given only once", fr: "à n’indiquer qu’une seule fois" },
  read_only: { en: "is set by Relais and cannot be changed", fr: "cette valeur est fixée par Relais" },
  not_text: { en: "must be text", fr: "indiquez du texte" },
  not_whole_number: { en: "must be a whole number", fr: "indiquez un nombre entier" },
  not_boolean: { en: "must be true or false", fr: "indiquez true ou false" },
  not_list: { en: "must be a list", fr: "indiquez une liste" },
  not_object: { en: "must be an object", fr: "indiquez un objet JSON" },
  not_one_of: { en: "must be one of: {values}", fr: "choisissez parmi : {values}" },
  too_short: { en: "must have at least {least} characters", fr: "{least} caractères au minimum" },
  too_long: { en: "must have at most {most} characters", fr: "{most} caractères au maximum" },
  too_low: { en: "must be at least {least}", fr: "{least} au minimum" },
  too_high: { en: "must be at most {most}", fr: "{most} au maximum" },
  out_of_range: {
    en: "must be a whole number from {least} to {most}",
    fr: "indiquez un nombre entier de {least} à {most}",
  },
  empty_list: { en: "must have at least one item", fr: "indiquez au moins un élément" },
  too_many_entries: { en: "must have at most {most} items", fr: "{most} éléments au maximum" },
  too_many_values: { en: "must contain at most {most} JSON values", fr: "{most} valeurs JSON au maximum" },
  too_many_fields: { en: "has too many fields", fr: "trop de champs" },
  not_one_line: {
    en: "must be a single line without control characters",
    fr: "doit tenir sur une seule ligne, sans caractère de contrôle",
  },
  broken_unicode: {
    en: "must be well-formed Unicode",
    fr: "ce texte contient des caractères Unicode incomplets",
  },
  not_visible_ascii: {
    en: "must not contain spaces or accents: copy the value exactly as Google shows it",
    fr: "sans espace ni accent : copiez la valeur telle que Google l’affiche",
  },
  not_time: {
    en: "must be a date and time such as 2027-01-31T09:00:00+01:00",
    fr: "indiquez une date et une heure comme 2027-01-31T09:00:00+01:00",
  },
  not_after_from: { en: "must be after from", fr: "choisissez une date postérieure à from" },
  too_many_rows: {
    en: "gives more than {most} rows: choose a later from, or by=day",
    fr: "{most} lignes au maximum : choisissez une date from plus tardive, ou by=day",
  },
  not_future: { en: "must be in the future", fr: "choisissez une date à venir" },
  not_client_id: {
    en: "must be the client ID as Google shows it, ending in .apps.googleusercontent.com",
    fr: "copiez l’ID client affiché par Google : il se termine par .apps.googleusercontent.com",
  },
  not_client_secret: {
    en: "must be the client secret itself: not masked, not quoted, and not the client ID",
    fr: "copiez le code secret lui-même : ni masqué, ni entre guillemets, ni l’ID client",
  },
  // --- addresses and people ---
  shared_domain: {
    en: "must not be a domain where anyone can get an address: list individual addresses, or your organization’s own domain",
    fr: "n’importe qui peut obtenir une adresse dans ce domaine : indiquez des adresses précises, ou le domaine de votre organisation",
  },
  not_address: { en: "must be an address like ada@example.com", fr: "indiquez une adresse comme ada@example.com" },
  not_address_or_domain: {
    en: "must be an address like ada@example.com or a domain like @example.com",
    fr: "indiquez une adresse comme ada@example.com ou un domaine comme @example.com",
  },
  not_mailbox: {
    en: "must be an email address, either as text such as Ada <ada@example.com> or as an object with name and address",
    fr: "indiquez une adresse comme ada@example.com",
  },
  not_address_list: {
    en: "must be text such as Ada <ada@example.com>, or a list of such texts",
    fr: "indiquez une adresse comme Ada <ada@example.com>, ou une liste d’adresses",
  },
  not_uid: {
    en: "must be the ID of a user: text without a slash, as it names the user’s document",
    fr: "indiquez l’identifiant d’un utilisateur : un texte sans barre oblique, qui nomme son document",
  },
  no_address: { en: "must have at least one address", fr: "indiquez au moins une adresse" },
  no_operator: { en: "must list at least one operator", fr: "conservez au moins un opérateur" },
  no_permission: { en: "must list at least one permission", fr: "choisissez au moins une permission" },
  // --- mail servers ---
  no_such_server: {
    en: "must be the ID or name of an existing mail server",
    fr: "aucun serveur de messagerie ne porte cet identifiant ou ce nom",
  },
  operators_only: { en: "can only be changed by an operator", fr: "seul un opérateur peut modifier cette valeur" },
  lower_only: {
    en: "can only be lowered; an operator can raise it",
    fr: "vous pouvez l’abaisser ; seul un opérateur peut la relever",
  },
  name_of_another: {
    en: "must not be another account’s address",
    fr: "le nom ne peut pas être l’adresse d’un autre compte",
  },
  name_like_id: { en: "must not start with srv_", fr: "le nom ne peut pas commencer par « srv_ »" },
  // --- lists ---
  not_a_cursor: {
    en: "must be a cursor that this list returned",
    fr: "indiquez un curseur renvoyé par cette liste",
  },
  // --- a message ---
  no_recipient: { en: "must list at least one recipient", fr: "indiquez au moins un destinataire" },
  too_many_recipients: {
    en: "must list at most {most} recipients in total",
    fr: "{most} destinataires au maximum en tout",
  },
  no_content: { en: "must have text or html", fr: "indiquez un texte ou du HTML" },
  no_message: { en: "must contain at least one message", fr: "indiquez au moins un message" },
  bad_idempotency_key: {
    en: "must be 1 to 255 printable ASCII characters",
    fr: "indiquez de 1 à 255 caractères ASCII imprimables",
  },
  bad_idempotency_header: {
    en: "the header Idempotency-Key must be 1 to 255 printable ASCII characters",
    fr: "l’en-tête Idempotency-Key doit contenir de 1 à 255 caractères ASCII imprimables",
  },
  bad_idempotency_attribute: {
    en: "the attribute idempotencyKey must be 1 to 255 printable ASCII characters",
    fr: "l’attribut idempotencyKey doit contenir de 1 à 255 caractères ASCII imprimables",
  },
  no_key_for_batch: {
    en: "in a batch each item has its own idempotencyKey; the header Idempotency-Key is not accepted",
    fr: "dans un lot, chaque message a sa propre idempotencyKey : l’en-tête Idempotency-Key n’est pas accepté",
  },
  in_past: { en: "must not be in the past", fr: "choisissez une date à venir" },
  before_schedule: { en: "must not be before scheduledAt", fr: "choisissez une date postérieure à l’envoi programmé" },
  after_expiry: {
    en: "must not be after the message's expiresAt",
    fr: "choisissez une heure avant l’échéance du message",
  },
  no_smtp_utf8: {
    en: "contains an address with non-ASCII letters, which the SMTP server does not support (SMTPUTF8)",
    fr: "une adresse contient des lettres accentuées, que le serveur SMTP ne prend pas en charge (SMTPUTF8)",
  },
  no_utf8_by_api: {
    en: "contains an address with non-ASCII letters, which the gmail_api transport does not support",
    fr: "une adresse contient des lettres accentuées, que l’envoi par l’API Gmail ne prend pas en charge",
  },
  // --- headers and tags ---
  bad_header_name: { en: "is not a valid header name", fr: "ce nom d’en-tête n’est pas valide" },
  reserved_header: { en: "is a header that Relais sets itself", fr: "Relais écrit lui-même cet en-tête" },
  repeated_header: { en: "must be given only once", fr: "à n’indiquer qu’une seule fois" },
  undecodable_word: {
    en: "must not contain an encoded word (=?…?=) that cannot be decoded: give the text itself",
    fr: "ce texte contient un mot encodé (=?…?=) illisible : écrivez-le en clair",
  },
  link_beyond_ascii: {
    en: "must not contain an address, ID or URL that cannot be written in ASCII",
    fr: "écrivez les adresses, identifiants et liens sans accent",
  },
  link_too_long: {
    en: "must not contain an address, ID or URL longer than {most} characters",
    fr: "{most} caractères au maximum pour une adresse, un identifiant ou un lien",
  },
  header_beyond_ascii: {
    en: "must not contain non-ASCII letters outside a comment in parentheses",
    fr: "cet en-tête n’admet de lettres accentuées qu’entre parenthèses",
  },
  parameter_beyond_ascii: {
    en: "must not contain a parameter (name=value) with non-ASCII letters",
    fr: "écrivez sans accent les paramètres (nom=valeur) de cet en-tête",
  },
  unsubscribe_header: { en: "is already set by listUnsubscribe", fr: "listUnsubscribe définit déjà cet en-tête" },
  bad_tag_name: {
    en: "is not a valid tag name: 1 to 64 letters, digits, spaces and _ . : / -, starting with a letter, a digit or _",
    fr: "un nom d’étiquette compte de 1 à 64 lettres, chiffres, espaces ou signes _ . : / -, et commence par une lettre, un chiffre ou _",
  },
  not_message_id: {
    en: "must be a message ID such as <abc@example.com>",
    fr: "indiquez un identifiant de message comme <abc@example.com>",
  },
  not_https_url: { en: "must be an https URL", fr: "indiquez une adresse web en https" },
  // --- attachments ---
  never_fetched: {
    en: "is not accepted: Relais reads nothing from disk and fetches nothing from a URL; give the bytes as base64 in content",
    fr: "rien n’est lu sur un disque ni téléchargé : fournissez le contenu en base64 dans content",
  },
  never_fetched_document: {
    en: "is not accepted: Relais reads nothing from disk and fetches nothing from a URL; give the bytes in content, or here as a data: URI",
    fr: "rien n’est lu sur un disque ni téléchargé : fournissez le contenu dans content, ou ici sous forme d’URI data:",
  },
  not_base64: {
    en: "must be base64 (RFC 4648 §4): padded, without line breaks",
    fr: "indiquez du base64 (RFC 4648 §4), complété par = et sans retour à la ligne",
  },
  not_media_type: {
    en: "must be a media type such as application/pdf",
    fr: "indiquez un type de contenu comme application/pdf",
  },
  multipart_type: { en: "must not be multipart", fr: "le type multipart n’est pas accepté" },
  bad_content_id: {
    en: "must be printable ASCII without spaces or angle brackets",
    fr: "caractères ASCII imprimables, sans espace ni chevrons",
  },
  // --- a mail that its caller has composed ---
  not_with_raw: {
    en: "cannot be combined with raw, which holds the whole mail",
    fr: "incompatible avec raw, qui contient déjà tout le message",
  },
  only_with_raw: {
    en: "can only be used with raw; otherwise to, cc and bcc are the envelope",
    fr: "à n’utiliser qu’avec raw ; sinon, to, cc et bcc forment l’enveloppe",
  },
  raw_not_base64: {
    en: "must be the mail in base64 or base64url, without line breaks",
    fr: "fournissez le message en base64 ou base64url, sans retour à la ligne",
  },
  raw_no_header: {
    en: "must begin with the header of a mail (RFC 5322), such as From: ada@example.com",
    fr: "commencez par l’en-tête d’un message (RFC 5322), par exemple From: ada@example.com",
  },
  raw_not_a_field: {
    en: "has a header line that is not a field (line {line}): write name: value, and an empty line after the header",
    fr: "la ligne {line} de l’en-tête n’est pas un champ : écrivez nom: valeur, et une ligne vide après l’en-tête",
  },
  raw_nul: {
    en: "must not contain a NUL byte (line {line}): encode the part in base64",
    fr: "un octet NUL se trouve à la ligne {line} : encodez cette partie en base64",
  },
  raw_bare_cr: {
    en: "must not contain a CR without LF (line {line}): end lines with CRLF or LF",
    fr: "un CR sans LF se trouve à la ligne {line} : terminez les lignes par CRLF ou LF",
  },
  raw_long_line: {
    en: "must not have lines longer than {most} octets (line {line}): encode the part in base64 or quoted-printable",
    fr: "la ligne {line} dépasse {most} octets : encodez cette partie en base64 ou quoted-printable",
  },
  raw_several_authors: {
    en: "must have exactly one address in From",
    fr: "indiquez une seule adresse dans From",
  },
  raw_unreadable_from: {
    en: "must have a From that can be read, such as Ada <ada@example.com>",
    fr: "le champ From est illisible : écrivez-le comme Ada <ada@example.com>",
  },
  raw_bad_message_id: {
    en: "must have one Message-ID of 1 to {most} characters, or none",
    fr: "indiquez un seul Message-ID, de 1 à {most} caractères, ou aucun",
  },
  raw_unreadable_recipients: {
    en: "has a To, Cc or Bcc that cannot be read: name the recipients in envelope.to or in the header Relais-Recipients",
    fr: "un champ To, Cc ou Bcc est illisible : indiquez les destinataires dans envelope.to ou dans l’en-tête Relais-Recipients",
  },
  raw_needs_smtp_utf8: {
    en: "has a header with non-ASCII letters, which the SMTP server does not support (SMTPUTF8): encode them (RFC 2047)",
    fr: "l’en-tête contient des lettres accentuées, que le serveur SMTP ne prend pas en charge (SMTPUTF8) : encodez-les (RFC 2047)",
  },
  recipients_of_mail_only: {
    en: "the header Relais-Recipients is only for a body of type message/rfc822; in JSON, use envelope.to with raw",
    fr: "l’en-tête Relais-Recipients ne vaut que pour un corps de type message/rfc822 ; en JSON, utilisez envelope.to avec raw",
  },
  // --- a calendar event ---
  calendar_never_fetched: {
    en: "is not accepted: Relais reads nothing from disk and fetches nothing from a URL; give the calendar itself in content",
    fr: "rien n’est lu sur un disque ni téléchargé : fournissez le calendrier lui-même dans content",
  },
  not_in_encoding: {
    en: "must be UTF-8 text, encoded as {encoding}",
    fr: "indiquez un texte UTF-8 dans l’encodage {encoding}",
  },
  // --- the address of the consent page ---
  server_or_sign_in: { en: "is required unless sign-in is given", fr: "indiquez server ou sign-in" },
  server_and_sign_in: {
    en: "cannot be combined with server",
    fr: "ne peut pas être combiné avec server",
  },
  no_value_allowed: { en: "takes no value", fr: "ce paramètre ne prend pas de valeur" },
  only_with_sign_in: { en: "can only be used with sign-in", fr: "à n’utiliser qu’avec sign-in" },
  not_own_path: {
    en: "must be a path on this site, such as /servers",
    fr: "indiquez un chemin de ce site, comme /servers",
  },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

export type FieldCode = keyof typeof FIELD_TEXTS;
export type FieldParams<C extends FieldCode> = ParamsOf<(typeof FIELD_TEXTS)[C]["en"]>;

export const isFieldCode = (code: string): code is FieldCode => Object.hasOwn(FIELD_TEXTS, code);

/** The phrase for a code; every code has every language. */
export const fieldText = (code: FieldCode, language: Language, params: TextParams = {}): string => {
  const text = fillIn(FIELD_TEXTS[code][language], params);
  return typeset(text, language);
};

/** Every code, for tests. */
export const FIELD_CODES = Object.keys(FIELD_TEXTS).filter(isFieldCode);
