import type { InEveryLanguage, Language } from "../language.ts";
import type { Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";

const TEXTS: InEveryLanguage<{ readonly subject: string; readonly text: (name: string) => string }> = {
  fr: {
    subject: "Message d’essai de Relais",
    text: (name) =>
      `Ce message a été envoyé par Relais à travers le serveur de messagerie « ${name} ».\n\nVous le lisez : l’envoi fonctionne.\n`,
  },
  en: {
    subject: "Test message from Relais",
    text: (name) =>
      `Relais sent this message through the mail server “${name}”.\n\nYou are reading it: sending works.\n`,
  },
};

/** The message that a server sends to its own address, as a caller of the API would give it. */
export const testMessage = ({ id, value }: Versioned<MailServer>, language: Language) => ({
  server: id,
  to: [value.username],
  subject: TEXTS[language].subject,
  text: TEXTS[language].text(value.name),
});
