/** Scopes that the sandbox knows, how Google's consent page words them, and how sensitive Google considers them. */
export interface KnownScope {
  readonly label: string;
  /** Sign-in scopes have no checkbox; the others can be unticked. */
  readonly kind: "sign_in" | "sensitive" | "restricted";
}

const GOOGLE = "https://www.googleapis.com/auth/";

export const MAIL_SCOPE = "https://mail.google.com/";

export const knownScopes: Readonly<Record<string, KnownScope>> = {
  openid: { label: "Associate you with your personal info on Google", kind: "sign_in" },
  email: { label: "See your primary Google Account email address", kind: "sign_in" },
  profile: { label: "See your personal info", kind: "sign_in" },
  [`${GOOGLE}userinfo.email`]: { label: "See your primary Google Account email address", kind: "sign_in" },
  [`${GOOGLE}userinfo.profile`]: { label: "See your personal info", kind: "sign_in" },
  [MAIL_SCOPE]: { label: "Read, compose, send, and permanently delete all your email from Gmail", kind: "restricted" },
  [`${GOOGLE}gmail.modify`]: { label: "Read, compose, and send emails from your Gmail account", kind: "restricted" },
  [`${GOOGLE}gmail.readonly`]: { label: "View your email messages and settings", kind: "restricted" },
  [`${GOOGLE}gmail.metadata`]: { label: "View your email message metadata", kind: "restricted" },
  [`${GOOGLE}gmail.compose`]: { label: "Manage drafts and send emails", kind: "restricted" },
  [`${GOOGLE}gmail.settings.basic`]: { label: "See, edit, create, or change your email settings", kind: "restricted" },
  [`${GOOGLE}gmail.send`]: { label: "Send email on your behalf", kind: "sensitive" },
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
