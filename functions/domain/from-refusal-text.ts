import { type InEveryLanguage, type Language, typeset } from "./language.ts";
import type { Problem } from "./problem.ts";

type FromRefusal = Extract<Problem, { readonly code: "from_not_allowed" }>;

const WHY: Readonly<Record<FromRefusal["because"], InEveryLanguage<(from: string) => string>>> = {
  no_server: {
    fr: (from) => `Aucun serveur de messagerie connecté ne peut envoyer depuis ${from}.`,
    en: (from) => `No connected mail server may send from ${from}.`,
  },
  not_shared: {
    fr: (from) =>
      `Seul un serveur non partagé peut envoyer depuis ${from} : indiquez-le dans « server », ou demandez à un opérateur de le partager.`,
    en: (from) =>
      `Only a mail server that is not shared may send from ${from}: name it in “server”, or ask an operator to share it.`,
  },
  not_in_filter: {
    fr: (from) =>
      `Gmail accepterait ${from}, mais le filtre d’expéditeur de ce serveur ne contient ni cette adresse ni son domaine : ajoutez l’un ou l’autre.`,
    en: (from) =>
      `Gmail would accept ${from}, but neither this address nor its domain is in the mail server’s From filter: add one of them.`,
  },
  not_confirmed: {
    fr: (from) =>
      `${from} ne fait pas partie des adresses d’expédition validées de ce compte, et Gmail la remplacerait : validez-la dans Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que ».`,
    en: (from) =>
      `${from} is not one of this account’s verified send-as addresses, so Gmail would replace it: verify it in Gmail › Settings › Accounts › “Send mail as”.`,
  },
};

const ALLOWED: InEveryLanguage<(list: string) => string> = {
  fr: (list) => `Expéditeurs autorisés : ${list}.`,
  en: (list) => `Allowed senders: ${list}.`,
};

const MOST_LISTED = 20;

/** Why a From address is refused, and which addresses may be used instead. */
export const fromRefusalText = ({ from, because, allowed }: FromRefusal, language: Language): string => {
  const listed = allowed.slice(0, MOST_LISTED).join(", ");
  const list = allowed.length > MOST_LISTED ? `${listed} …` : listed;
  const why = WHY[because][language](from);
  const text = allowed.length === 0 ? why : `${why} ${ALLOWED[language](list)}`;
  return typeset(text, language);
};
