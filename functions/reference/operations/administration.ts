import { AUDIT_ACTIONS } from "../../domain/access/audit-actions.ts";
import type { AUDIT_FILTERS, STATS_PARAMETERS } from "../../runtime/handlers/mail-servers/oversight.ts";
import { json, type Operations, patch, type QueryParameter } from "./operation.ts";

const instantParameter = (description: string, example: string): QueryParameter => ({
  description,
  schema: { type: "string", format: "date-time" },
  example,
});

/** A parameter that is missing here does not compile. */
const STATS_QUERY: Readonly<Record<(typeof STATS_PARAMETERS)[number], QueryParameter>> = {
  from: instantParameter(
    "The first row is that of the hour or day of this instant. By default there are 24 hours or 30 days.",
    "2026-11-01T00:00:00Z",
  ),
  to: instantParameter("The last row is that of the instant before this one; now by default.", "2026-12-01T00:00:00Z"),
  by: { description: "The length of a row; `day` by default.", schema: { type: "string", enum: ["hour", "day"] } },
  server: {
    description: "The mail server: its id, name or username. All that you may see are added up by default.",
    schema: { type: "string", minLength: 1 },
    example: "Billing",
  },
};

/** A filter that is missing here does not compile. */
const AUDIT_QUERY: Readonly<Record<(typeof AUDIT_FILTERS)[number], QueryParameter>> = {
  actor: {
    description: "Only what this person or program did: an address, `key:<id>`, `setup-token`, `google` or `relais`.",
    schema: { type: "string" },
    example: "olga@example.com",
  },
  action: { description: "Only this action.", schema: { type: "string", enum: AUDIT_ACTIONS } },
  target: {
    description: "Only what was done to this: the id of a mail server, key or message, or `settings`.",
    schema: { type: "string" },
    example: "srv_Vq0oWc5cD1mBfH2nPz8L",
  },
  after: instantParameter("Only what was done at this time or later.", "2026-11-01T00:00:00Z"),
  before: instantParameter("Only what was done before this time.", "2026-12-01T00:00:00Z"),
};

/** The routes of the function `mail-servers` that are about people, keys and the installation. */
export const ADMINISTRATION_OPERATIONS: Operations = {
  "POST /v1/session": {
    id: "openSession",
    tag: "access",
    title: { en: "Sign in with the setup token", fr: "Ouvrir une session avec le jeton d’installation" },
    description: "Opens a session of one hour for a browser. People sign in with Google otherwise.",
    parameters: ["AcceptLanguage"],
    body: { content: json("SetupToken", { token: { setupToken: "the-token-that-npm-start-has-printed" } }) },
    answers: { 204: { description: "The session is open.", headers: ["SetCookie"] } },
    problems: ["unauthenticated"],
  },
  "GET /v1/session": {
    id: "getSession",
    tag: "access",
    title: { en: "Show who you are", fr: "Afficher qui vous êtes" },
    description: "Proves a credential without sending anything.",
    parameters: ["AcceptLanguage"],
    answers: {
      200: {
        description: "A person’s session, or what a program may do.",
        content: json(["Session", "Program"]),
      },
    },
    problems: [],
  },
  "DELETE /v1/session": {
    id: "endSession",
    tag: "access",
    title: { en: "Sign out", fr: "Fermer la session" },
    description: "Ends the browser’s session.",
    parameters: ["AcceptLanguage"],
    answers: { 204: { description: "The session has ended.", headers: ["SetCookie"] } },
    problems: [],
  },
  "GET /v1/sessions": {
    id: "listSessions",
    tag: "access",
    title: { en: "List who is signed in", fr: "Lister les personnes connectées" },
    description:
      "Every session in which someone is let in, the latest sign-in first; a person has one for each browser. A page may hold fewer than `limit`.",
    parameters: ["Limit", "Cursor", "AcceptLanguage"],
    answers: { 200: { description: "A page of sessions.", content: json("SignedInList") } },
    problems: ["invalid_request"],
  },
  "DELETE /v1/sessions": {
    id: "endSessionsOf",
    tag: "access",
    title: { en: "End a person’s sessions", fr: "Fermer les sessions d’une personne" },
    description: "Ends them on every device. As long as the person is let in, they may sign in again.",
    parameters: ["AcceptLanguage"],
    query: {
      actor: {
        description: "The person’s address.",
        schema: { type: "string" },
        example: "grace@example.com",
        required: true,
      },
    },
    answers: { 204: { description: "They have ended." } },
    problems: ["invalid_request"],
  },
  "GET /v1/keys": {
    id: "listKeys",
    tag: "access",
    title: { en: "List keys", fr: "Lister les clés" },
    description: "The keys of programs, without their secrets.",
    parameters: ["Limit", "Cursor", "AcceptLanguage"],
    answers: { 200: { description: "A page of keys.", content: json("KeyList") } },
    problems: ["invalid_request"],
  },
  "POST /v1/keys": {
    id: "makeKey",
    tag: "access",
    title: { en: "Make a key", fr: "Créer une clé" },
    description: "The answer alone shows the key: store it as you would a password.",
    parameters: ["AcceptLanguage"],
    body: { content: json("NewKey", { erp: { name: "ERP", permissions: ["send", "read"] } }) },
    answers: { 201: { description: "The key.", content: json("IssuedKey"), headers: ["Location"] } },
    problems: [],
  },
  "DELETE /v1/keys/:id": {
    id: "revokeKey",
    tag: "access",
    title: { en: "Revoke a key", fr: "Révoquer une clé" },
    description: "In force everywhere within 60 seconds.",
    parameters: ["AcceptLanguage"],
    answers: { 204: { description: "It is revoked." } },
    problems: ["not_found"],
  },
  "GET /v1/settings": {
    id: "getSettings",
    tag: "settings",
    title: { en: "Show the settings", fr: "Afficher les réglages" },
    description: "The settings in force, with what the environment adds.",
    parameters: ["AcceptLanguage"],
    answers: { 200: { description: "The settings.", content: json("Settings") } },
    problems: [],
  },
  "PATCH /v1/settings": {
    id: "editSettings",
    tag: "settings",
    title: { en: "Edit the settings", fr: "Modifier les réglages" },
    description: "A merge patch (RFC 7396): null sets a member back to its default.",
    parameters: ["AcceptLanguage"],
    body: { content: patch("SettingsPatch", { pause: { paused: true } }) },
    answers: { 200: { description: "The settings as they are now.", content: json("Settings") } },
    problems: ["fixed_by_environment", "newer_version"],
  },
  "GET /v1/settings/gmail-credentials": {
    id: "getGmailCredentials",
    tag: "settings",
    title: { en: "Show the OAuth client", fr: "Afficher le client OAuth" },
    description: "Never its secret.",
    parameters: ["AcceptLanguage"],
    answers: { 200: { description: "The client.", content: json("GmailCredentials") } },
    problems: [],
  },
  "PUT /v1/settings/gmail-credentials": {
    id: "saveGmailCredentials",
    tag: "settings",
    title: { en: "Save the OAuth client", fr: "Enregistrer le client OAuth" },
    description:
      "The id and secret, or the file that Google’s console downloads, unchanged. Accounts that were connected through another client must be connected again.",
    parameters: ["AcceptLanguage"],
    body: {
      content: json("GmailCredentialsInput", {
        byHand: { clientId: "1234567890-abc.apps.googleusercontent.com", clientSecret: "GOCSPX-replace-me" },
        file: {
          web: {
            client_id: "1234567890-abc.apps.googleusercontent.com",
            client_secret: "GOCSPX-replace-me",
            redirect_uris: ["https://relais.example.com/google_gmail/confirm"],
          },
        },
      }),
    },
    answers: { 200: { description: "The client as saved.", content: json("GmailCredentials") } },
    problems: ["client_type_desktop", "redirect_uri_missing", "newer_version"],
  },
  "GET /v1/audit": {
    id: "listAudit",
    tag: "system",
    title: { en: "List what was done", fr: "Lister les actions" },
    description:
      "Who changed, connected, disconnected, resolved, made or revoked what, the newest first, for 400 days. All filters given must match.",
    parameters: ["Limit", "Cursor", "AcceptLanguage"],
    query: AUDIT_QUERY,
    answers: { 200: { description: "A page of entries.", content: json("AuditList") } },
    problems: ["invalid_request"],
  },
  "GET /v1/stats": {
    id: "getStats",
    tag: "system",
    title: { en: "Show what became of mail", fr: "Afficher ce que sont devenus les messages" },
    description:
      "Counts by hour or day in UTC, kept for 400 days. Operators see all mail servers added up, members their own.",
    parameters: ["AcceptLanguage"],
    query: STATS_QUERY,
    answers: { 200: { description: "At most 400 rows.", content: json("Stats") } },
    problems: ["invalid_request", "not_found"],
  },
  "GET /v1/doctor": {
    id: "checkSetup",
    tag: "system",
    title: { en: "Check the setup", fr: "Vérifier l’installation" },
    description: "One check for each known trap, from what Relais has stored: nothing is asked of Google.",
    parameters: ["AcceptLanguage"],
    answers: { 200: { description: "What each check found.", content: json("Examination") } },
    problems: [],
  },
  "GET /health": {
    id: "getHealth",
    tag: "system",
    title: { en: "Ask whether Relais is up", fr: "Demander si Relais répond" },
    description: "Needs no credential. Each deployed function answers it with what it was itself built from.",
    answers: { 200: { description: "The process is up and its configuration is valid.", content: json("Health") } },
    problems: [],
  },
};
