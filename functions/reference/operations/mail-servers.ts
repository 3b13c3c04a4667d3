import { json, type Operations, patch } from "./operation.ts";

const MAIL_SERVER = { description: "The mail server.", content: json("MailServer"), headers: ["ETag"] } as const;

/** The routes of the function `mail-servers` that are about mail servers. */
export const MAIL_SERVER_OPERATIONS: Operations = {
  "GET /v1/mail-servers": {
    id: "listMailServers",
    tag: "mail-servers",
    title: { en: "List mail servers", fr: "Lister les serveurs de messagerie" },
    description: "The mail servers that you may see, the oldest first: all, a member’s own, or those of a key.",
    permission: "read",
    parameters: ["Limit", "Cursor", "AcceptLanguage"],
    answers: { 200: { description: "A page of mail servers.", content: json("MailServerList") } },
    problems: ["invalid_request", "forbidden"],
  },
  "POST /v1/mail-servers": {
    id: "createMailServer",
    tag: "mail-servers",
    title: { en: "Create a mail server", fr: "Créer un serveur de messagerie" },
    description: "Only operators may. A person then connects its Gmail account in a browser.",
    parameters: ["AcceptLanguage"],
    body: { content: json("NewMailServer", { billing: { name: "Billing", username: "billing@example.com" } }) },
    answers: { 201: { ...MAIL_SERVER, headers: ["ETag", "Location"] } },
    problems: ["name_taken"],
  },
  "GET /v1/mail-servers/:id": {
    id: "getMailServer",
    tag: "mail-servers",
    title: { en: "Show a mail server", fr: "Afficher un serveur de messagerie" },
    description: "The record, with what was last proven about its connection.",
    parameters: ["AcceptLanguage"],
    answers: { 200: MAIL_SERVER },
    problems: ["not_found"],
  },
  "PATCH /v1/mail-servers/:id": {
    id: "editMailServer",
    tag: "mail-servers",
    title: { en: "Edit a mail server", fr: "Modifier un serveur de messagerie" },
    description:
      "A merge patch (RFC 7396): null sets a member back to its default. Members may change the `name`, `description` and `active` of their own server and lower its `limits`. `active: false` archives it.",
    parameters: ["IfMatch", "AcceptLanguage"],
    body: { content: patch("MailServerPatch", { filter: { fromFilter: ["billing@example.com", "@example.com"] } }) },
    answers: { 200: MAIL_SERVER },
    problems: ["not_found", "stale", "name_taken", "newer_version"],
  },
  "DELETE /v1/mail-servers/:id": {
    id: "deleteMailServer",
    tag: "mail-servers",
    title: { en: "Delete a mail server", fr: "Supprimer un serveur de messagerie" },
    description: "Only operators may. It disconnects the account as well.",
    parameters: ["IfMatch", "AcceptLanguage"],
    query: {
      messages: {
        description: "Cancels the messages that wait. One that is being sent, or is `unknown`, cannot be canceled.",
        schema: { type: "string", enum: ["cancel"] },
      },
    },
    answers: { 204: { description: "It is gone." } },
    problems: ["invalid_request", "not_found", "stale", "has_open_messages", "newer_version"],
  },
  "GET /v1/mail-servers/:id/usage": {
    id: "getUsage",
    tag: "mail-servers",
    title: { en: "Show what counts against the limits", fr: "Afficher ce qui compte dans les limites" },
    description: "Recipients in the windows of the mail server’s limits.",
    parameters: ["AcceptLanguage"],
    answers: { 200: { description: "The counts.", content: json("Usage") } },
    problems: ["not_found"],
  },
  "POST /v1/mail-servers/:id/test": {
    id: "testMailServer",
    tag: "mail-servers",
    title: { en: "Test the connection", fr: "Tester la connexion" },
    description:
      "Asks Google for a new token and goes through every stage up to, but without, sending. It ends at the first stage that fails.",
    parameters: ["AcceptLanguage"],
    body: { content: json("ConnectionTest", { withMail: { sendTo: "self" } }), optional: true },
    answers: { 200: { description: "The report, whether the test has passed or not.", content: json("TestReport") } },
    problems: ["not_found", "server_unavailable", "from_not_allowed", "message_too_large"],
  },
  "POST /v1/mail-servers/:id/disconnect": {
    id: "disconnectMailServer",
    tag: "mail-servers",
    title: { en: "Disconnect the account", fr: "Déconnecter le compte" },
    description:
      "Destroys the stored token. At Google the access is revoked, unless another mail server is connected to the same account: revoking one would end the others’ too. The same holds for another program with the same OAuth client.",
    parameters: ["AcceptLanguage"],
    body: { content: json("Nothing"), optional: true },
    answers: { 200: { description: "What was revoked.", content: json("Disconnected") } },
    problems: ["not_found", "newer_version"],
  },
};
