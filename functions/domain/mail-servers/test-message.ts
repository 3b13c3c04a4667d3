import type { InEveryLanguage, Language } from "../language.ts";
import type { Versioned } from "../records.ts";
import type { MailServer } from "./mail-server.ts";

const TEXTS: InEveryLanguage<{ readonly subject: string; readonly text: (name: string) => string }> = {
  fr: {
    subject: "Message de test de Relais",
    text: (name) =>
      `Relais a envoyé ce message par le serveur de messagerie « ${name} ».\n\nSi vous le lisez, l’envoi fonctionne. Vous n’avez rien à faire.\n`,
  },
  en: {
    subject: "Test message from Relais",
    text: (name) =>
      `Relais sent this message through the mail server “${name}”.\n\nIf you can read it, sending works. There is nothing you need to do.\n`,
  },
};

/** A test message to the server's own address, as an API caller would send it. */
export const testMessage = ({ id, value }: Versioned<MailServer>, language: Language) => ({
  server: id,
  to: [value.username],
  subject: TEXTS[language].subject,
  text: TEXTS[language].text(value.name),
});
