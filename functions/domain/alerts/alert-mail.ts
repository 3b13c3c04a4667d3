import { isoTime } from "../clock.ts";
import { type InEveryLanguage, LANGUAGES, type Language } from "../language.ts";
import { problemText } from "../problem-texts.ts";
import type { OperatorAlert } from "./operator-alert.ts";

const when = (atMs: number): string => `${isoTime(atMs).slice(0, 16).replace("T", " ")} UTC`;

/** One line, for the subject. */
const HEADLINES: InEveryLanguage<(alert: OperatorAlert) => string> = {
  fr: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
        return `« ${alert.server.name} » doit être reconnecté`;
      case "expiring":
        return `l’accès de « ${alert.server.name} » va bientôt expirer`;
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
        return `access for “${alert.server.name}” is about to expire`;
      case "error":
        return `“${alert.server.name}” can no longer send`;
      case "client_rejected":
        return "Google rejects the OAuth client";
    }
  },
};

/** What it means for mail still to be sent. */
const CONSEQUENCES: InEveryLanguage<(alert: OperatorAlert) => string> = {
  fr: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
      case "error":
        return "Ses messages sont retenus, aucun n’est perdu. Ils partiront automatiquement une fois le problème résolu.";
      case "expiring":
        return alert.expiresAtMs === null
          ? "Ce serveur envoie encore. Si l’accès expire, ses messages seront retenus."
          : `Ce serveur peut envoyer jusqu’au ${when(alert.expiresAtMs)}. Ensuite, ses messages seront retenus.`;
      case "client_rejected":
        return `Google répond « ${alert.error} » : aucun accès ne peut être prolongé, et les messages attendent.`;
    }
  },
  en: (alert) => {
    switch (alert.kind) {
      case "reconnect_required":
      case "error":
        return "Its messages are held and none is lost. They will be sent automatically once the problem is solved.";
      case "expiring":
        return alert.expiresAtMs === null
          ? "This mail server can still send. If its access expires, its messages will be held."
          : `This mail server can send until ${when(alert.expiresAtMs)}. After that, its messages will be held.`;
      case "client_rejected":
        return `Google answers “${alert.error}”: no access can be renewed, and messages are waiting.`;
    }
  },
};

const paragraph = (alert: OperatorAlert, language: Language, link: string): string => {
  const { title, advice } = problemText(alert.kind === "client_rejected" ? alert.kind : alert.server.reason, language);
  return [`${title}.`, advice, CONSEQUENCES[language](alert), link].join("\n\n");
};

/** An alert as an email in every language. It holds no secret: names, reasons, times and a link. */
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
