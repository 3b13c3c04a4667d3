import type { InEveryLanguage } from "../../domain/language.ts";

/** What the page says itself. Descriptions come from openapi.json, which is in English. */
export const LABELS = {
  title: { en: "The API of Relais", fr: "L’API de Relais" },
  skip: { en: "Skip to the content", fr: "Aller au contenu" },
  contents: { en: "Contents", fr: "Sommaire" },
  otherLanguage: { en: "Français", fr: "English" },
  console: { en: "Console", fr: "Console" },
  document: { en: "openapi.json (OpenAPI 3.1)", fr: "openapi.json (OpenAPI 3.1)" },
  english: {
    en: "Titles of calls and all texts of problems exist in French as well.",
    fr: "Les titres des appels et les textes des problèmes sont en français ; les descriptions des appels et des champs sont en anglais.",
  },
  overview: { en: "What holds for every call", fr: "Ce qui vaut pour chaque appel" },
  credentials: { en: "Credentials", fr: "Identifiants" },
  who: { en: "Credentials:", fr: "Identifiants :" },
  nobody: { en: "none is needed", fr: "aucun" },
  parameters: { en: "Parameters", fr: "Paramètres" },
  body: { en: "Body", fr: "Corps" },
  answers: { en: "Answers", fr: "Réponses" },
  problems: { en: "Problems", fr: "Problèmes" },
  examples: { en: "Examples", fr: "Exemples" },
  required: { en: "required", fr: "obligatoire" },
  schemas: { en: "Schemas", fr: "Schémas" },
  schemasText: {
    en: "The bodies of requests and answers. An answer may have further members in a later release.",
    fr: "Les corps des requêtes et des réponses. Une réponse peut gagner des champs dans une version ultérieure.",
  },
  events: { en: "Events", fr: "Événements" },
  codes: { en: "Error codes", fr: "Codes d’erreur" },
  codesText: {
    en: "What a program needs is the code; title and advice are for people. With “may be repeated”, the same request may succeed later although nobody fixes anything.",
    fr: "Un programme n’a besoin que du code ; le titre et le conseil sont pour les personnes. « À répéter » : la même requête peut réussir plus tard sans que personne n’intervienne.",
  },
  repeat: { en: "may be repeated", fr: "à répéter" },
  otherCodes: {
    en: "Codes of connections, attempts and tests",
    fr: "Codes des connexions, des tentatives et des tests",
  },
  otherCodesText: {
    en: "In `reason` of a connection, `problem` of an attempt or event, and the stages of a test.",
    fr: "Dans `reason` d’une connexion, `problem` d’une tentative ou d’un événement, et les étapes d’un test.",
  },
  fieldCodes: { en: "Codes of fields", fr: "Codes des champs" },
  fieldCodesText: {
    en: "In `fields` of a problem: what is wrong with one place of a request.",
    fr: "Dans `fields` d’un problème : ce qui ne va pas à un endroit d’une requête.",
  },
  text: { en: "text", fr: "texte" },
  number: { en: "number", fr: "nombre" },
  integer: { en: "whole number", fr: "nombre entier" },
  boolean: { en: "true or false", fr: "vrai ou faux" },
  object: { en: "object", fr: "objet" },
  null: { en: "null", fr: "null" },
  anything: { en: "anything", fr: "quelconque" },
  bytes: { en: "bytes", fr: "octets" },
  time: { en: "time", fr: "date et heure" },
  listOf: { en: "list of", fr: "liste :" },
  mapOf: { en: "object of", fr: "objet, valeurs :" },
  or: { en: "or", fr: "ou" },
  atMost: { en: "at most {most} characters", fr: "{most} caractères au maximum" },
  range: { en: "{least} to {most}", fr: "de {least} à {most}" },
  defaultValue: { en: "default", fr: "par défaut" },
  anErrorCode: { en: "one of the codes below", fr: "un des codes ci-dessous" },
} as const satisfies Readonly<Record<string, InEveryLanguage>>;

export type Label = keyof typeof LABELS;
