import type { InEveryLanguage, Language } from "./language.ts";
import type { Problem } from "./problem.ts";

type FromRefusal = Extract<Problem, { readonly code: "from_not_allowed" }>;

const WHY: Readonly<Record<FromRefusal["because"], InEveryLanguage<(from: string) => string>>> = {
  no_server: {
    fr: (from) => `Aucun serveur de messagerie connecté ne peut envoyer depuis ${from}.`,
    en: (from) => `No connected mail server may send from ${from}.`,
  },
  not_shared: {
    fr: (from) =>
      `Seul un serveur non partagé peut envoyer depuis ${from} : nommez-le dans « server », ou demandez à un opérateur de le partager.`,
    en: (from) =>
      `Only a mail server that is not shared may send from ${from}: name it in “server”, or ask an operator to share it.`,
  },
  not_in_filter: {
    fr: (from) =>
      `Gmail accepterait ${from}, mais le filtre d’expéditeur de ce serveur ne contient ni cette adresse ni son domaine : ajoutez l’une ou l’autre.`,
    en: (from) =>
      `Gmail would accept ${from}, but neither this address nor its domain is in the server’s from filter: add one of them.`,
  },
  not_confirmed: {
    fr: (from) =>
      `Gmail ne compte pas ${from} parmi les adresses d’envoi validées de ce compte et la remplacerait : validez-la dans Gmail › Paramètres › Comptes › « Envoyer des e-mails en tant que ».`,
    en: (from) =>
      `Gmail does not list ${from} among the verified send-as addresses of this account and would replace it: verify it in Gmail › Settings › Accounts › “Send mail as”.`,
  },
};

const ALLOWED: InEveryLanguage<(list: string) => string> = {
  fr: (list) => `Expéditeurs autorisés : ${list}.`,
  en: (list) => `Allowed senders: ${list}.`,
};

const MOST_NAMED = 20;

/** What exactly stands in the way of a From, and which addresses may be used instead. */
export const fromRefusalText = ({ from, because, allowed }: FromRefusal, language: Language): string => {
  const named = allowed.slice(0, MOST_NAMED).join(", ");
  const list = allowed.length > MOST_NAMED ? `${named} …` : named;
  const why = WHY[because][language](from);
  return allowed.length === 0 ? why : `${why} ${ALLOWED[language](list)}`;
};
