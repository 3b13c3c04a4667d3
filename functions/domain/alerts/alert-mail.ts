import { isoTime } from "../clock.ts";
import { type InEveryLanguage, LANGUAGES, type Language } from "../language.ts";
import { problemText } from "../problem-texts.ts";
import type { OperatorAlert } from "./operator-alert.ts";

const when = (atMs: number): string => `${isoTime(atMs).slice(0, 16).replace("T", " ")} UTC`;

/** In one line, for a subject. */
const HEADLINES: InEveryLanguage<(alert: OperatorAlert) => string> = {
  fr: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
        return `« ${alert.server.name} » est à reconnecter`;
      case "expiring":
        return `l’accès de « ${alert.server.name} » arrive à son terme`;
      case "error":
        return `« ${alert.server.name} » ne peut plus envoyer`;
      case "client_rejected":
        return "Google refuse le client OAuth";
    }
  },
  en: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
        return `“${alert.server.name}” must be reconnected`;
      case "expiring":
        return `access of “${alert.server.name}” is about to end`;
      case "error":
        return `“${alert.server.name}” can no longer send`;
      case "client_rejected":
        return "Google refuses the OAuth client";
    }
  },
};

/** What it means for mail that is under way. */
const CONSEQUENCES: InEveryLanguage<(alert: OperatorAlert) => string> = {
  fr: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
      case "error":
        return "Ses messages sont retenus ; aucun n’est perdu. Ils partiront d’eux-mêmes ensuite.";
      case "expiring":
        return alert.expiresAtMs === null
          ? "Il envoie encore. Ensuite, ses messages seraient retenus."
          : `Il envoie encore, jusqu’au ${when(alert.expiresAtMs)}. Ensuite, ses messages seraient retenus.`;
      case "client_rejected":
        return `Google répond « ${alert.error} » : aucun accès ne peut être prolongé, et les messages attendent.`;
    }
  },
  en: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
      case "error":
        return "Its mail is held; none is lost. It will leave by itself afterwards.";
      case "expiring":
        return alert.expiresAtMs === null
          ? "It still sends. After that, its mail would be held."
          : `It still sends, until ${when(alert.expiresAtMs)}. After that, its mail would be held.`;
      case "client_rejected":
        return `Google answers “${alert.error}”: no access can be renewed, and mail is waiting.`;
    }
  },
};

const paragraph = (alert: OperatorAlert, language: Language, link: string): string => {
  const { title, advice } = problemText(alert.kind === "client_rejected" ? alert.kind : alert.server.reason, language);
  return [`${title}.`, advice, CONSEQUENCES[language](alert), link].join("\n\n");
};

/** The mail about an alert, in every language. Nothing in it is secret: names, reasons, times and a link to the console. */
export const alertMail = (
  alert: OperatorAlert,
  publicUrl: string,
): { readonly subject: string; readonly text: string } => {
  const path = alert.kind === "client_rejected" ? "/settings" : `/servers/${encodeURIComponent(alert.server.id)}`;
  const link = `${publicUrl}${path}`;
  const headlines = LANGUAGES.map((language) => HEADLINES[language](alert));
  const paragraphs = LANGUAGES.map((language) => paragraph(alert, language, link));
  return {
    subject: `Relais : ${headlines.join(" / ")}`,
    text: `${paragraphs.join("\n\n– – –\n\n")}\n`,
  };
};
