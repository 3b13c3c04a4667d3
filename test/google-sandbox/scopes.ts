import { type InEveryLanguage, type Language, typeset } from "../../functions/domain/language.ts";

/** Scopes that the sandbox knows, how Google's consent page words them, and how sensitive Google considers them. */
export interface KnownScope {
  readonly label: InEveryLanguage;
  /** Sign-in scopes have no checkbox; the others can be unticked. */
  readonly kind: "sign_in" | "sensitive" | "restricted";
}

const GOOGLE = "https://www.googleapis.com/auth/";

export const MAIL_SCOPE = "https://mail.google.com/";

const OPENID = {
  fr: "Vous associer à vos informations personnelles sur Google",
  en: "Associate you with your personal info on Google",
};
const EMAIL = {
  fr: "Voir l’adresse e-mail principale de votre compte Google",
  en: "See your primary Google Account email address",
};
const PROFILE = { fr: "Voir vos informations personnelles", en: "See your personal info" };
const ALL_MAIL = {
  fr: "Lire, rédiger, envoyer et supprimer définitivement tous vos e-mails dans Gmail",
  en: "Read, compose, send, and permanently delete all your email from Gmail",
};
const MODIFY = {
  fr: "Lire, rédiger et envoyer des e-mails depuis votre compte Gmail",
  en: "Read, compose, and send emails from your Gmail account",
};
const READ = {
  fr: "Afficher vos e-mails et vos paramètres de messagerie",
  en: "View your email messages and settings",
};
const METADATA = { fr: "Afficher les métadonnées de vos e-mails", en: "View your email message metadata" };
const COMPOSE = { fr: "Gérer les brouillons et envoyer des e-mails", en: "Manage drafts and send emails" };
const SETTINGS = {
  fr: "Afficher, modifier, créer ou changer vos paramètres de messagerie",
  en: "See, edit, create, or change your email settings",
};
const SEND = { fr: "Envoyer des e-mails en votre nom", en: "Send email on your behalf" };

export const knownScopes: Readonly<Record<string, KnownScope>> = {
  openid: { label: OPENID, kind: "sign_in" },
  email: { label: EMAIL, kind: "sign_in" },
  profile: { label: PROFILE, kind: "sign_in" },
  [`${GOOGLE}userinfo.email`]: { label: EMAIL, kind: "sign_in" },
  [`${GOOGLE}userinfo.profile`]: { label: PROFILE, kind: "sign_in" },
  [MAIL_SCOPE]: { label: ALL_MAIL, kind: "restricted" },
  [`${GOOGLE}gmail.modify`]: { label: MODIFY, kind: "restricted" },
  [`${GOOGLE}gmail.readonly`]: { label: READ, kind: "restricted" },
  [`${GOOGLE}gmail.metadata`]: { label: METADATA, kind: "restricted" },
  [`${GOOGLE}gmail.compose`]: { label: COMPOSE, kind: "restricted" },
  [`${GOOGLE}gmail.settings.basic`]: { label: SETTINGS, kind: "restricted" },
  [`${GOOGLE}gmail.send`]: { label: SEND, kind: "sensitive" },
};

/** How the consent page words a scope; one that is not known by its name. */
export const scopeLabel = (scope: string, language: Language): string => {
  const known = knownScopes[scope];
  return known === undefined ? scope : typeset(known.label[language], language);
};

export const isSignInScope = (scope: string): boolean => knownScopes[scope]?.kind === "sign_in";

export const scopeList = (scope: unknown): string[] =>
  typeof scope === "string" ? scope.split(" ").filter((part) => part !== "") : [];

/** Google always answers with the long names of `email` and `profile`. */
export const asGoogleNames = (scopes: readonly string[]): string[] => [
  ...new Set(scopes.map((scope) => (scope === "email" || scope === "profile" ? `${GOOGLE}userinfo.${scope}` : scope))),
];

const any =
  (...allowed: readonly string[]) =>
  (granted: readonly string[]): boolean =>
    granted.some((scope) => allowed.includes(scope));

const gmail = (...names: readonly string[]): string[] => names.map((name) => `${GOOGLE}gmail.${name}`);

/** The scopes that allow each Gmail method (developers.google.com/workspace/gmail/api/auth/scopes). */
export const gmailMethods = {
  "messages.send": any(MAIL_SCOPE, ...gmail("modify", "compose", "send")),
  "messages.list": any(MAIL_SCOPE, ...gmail("modify", "readonly", "metadata")),
  "messages.get": any(MAIL_SCOPE, ...gmail("modify", "readonly", "metadata")),
  "settings.sendAs.list": any(MAIL_SCOPE, ...gmail("modify", "readonly", "settings.basic")),
  getProfile: any(MAIL_SCOPE, ...gmail("modify", "readonly", "metadata", "compose")),
} as const;

export type GmailMethod = keyof typeof gmailMethods;
