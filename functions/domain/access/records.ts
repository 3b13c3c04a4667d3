declare module "../record-kinds.ts" {
  interface RecordKinds {
    /** id: SHA-256 of the session id, never the id itself */
    sessions: Session;
    /** id: the `<id>` of `rk_<id>_<secret>` */
    keys: ApiKey;
    /** id: `aud_…` */
    audit: AuditEntry;
  }
}

declare const sessionIdBrand: unique symbol;
/** The random 256-bit id in the `__session` cookie (base64url). Stored only as its SHA-256. */
export type SessionId = string & { readonly [sessionIdBrand]: true };

/** The way in which a session's holder came in. */
export type SessionActor =
  /** An earlier release wrote this to bind an OAuth state to a browser; now the cookie alone does. */
  | { readonly kind: "anonymous" }
  /** The setup token. */
  | { readonly kind: "setup" }
  /** Google. Each request decides again whether the account is an operator or a member. */
  | {
      readonly kind: "google";
      readonly email: string;
      readonly sub: string;
      /**
       * `hd` of the ID token. Earlier releases admitted people by address alone and did not store it; such a session no
       * longer lets anyone in.
       */
      readonly hostedDomain?: string | null;
    };

/** An id that a session replaced. Only its browser can decrypt it: the pad is derived from the id in its cookie. */
export interface FormerSession {
  readonly sessionSha256: string;
  readonly paddedId: string;
  /** Until then, an authorization that began under this id may end under the present session. */
  readonly untilMs: number;
}

export interface Session {
  readonly actor: SessionActor;
  /** Index fields, copied from the Google account in `actor`; absent for other actors. */
  readonly actorMailbox?: string;
  readonly actorSub?: string;
  /** Latest first. Absent from records of an earlier release. */
  readonly formers?: readonly FormerSession[];
  readonly createdAtMs: number;
  /** Updated only every few minutes, so that reading a page rarely writes. */
  readonly lastSeenAtMs: number;
  /** The end, even if the session is in use (after 7 days, or 1 h for the setup token). */
  readonly endsAtMs: number;
  readonly eraseAtMs: number;
}

export type KeyPermission = "send" | "read";

export interface ApiKey {
  readonly name: string;
  /** The SHA-256 of the secret part, in hex. */
  readonly secretSha256: string;
  /** Empty for every server. */
  readonly servers: readonly string[];
  readonly permissions: readonly KeyPermission[];
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly lastUsedAtMs: number | null;
}

export interface AuditEntry {
  readonly createdAtMs: number;
  readonly actor: string;
  /** `mail_server.create`, `connection.connect`, `key.revoke` … */
  readonly action: string;
  readonly target: string;
  readonly detail: Readonly<Record<string, string | number | boolean | null | readonly string[]>>;
  readonly eraseAtMs: number;
}

/** An authenticated caller. */
export type Principal =
  | { readonly kind: "setup" }
  | { readonly kind: "operator"; readonly email: string }
  | { readonly kind: "member"; readonly email: string }
  | {
      readonly kind: "key";
      readonly id: string;
      readonly name: string;
      readonly servers: readonly string[];
      readonly permissions: readonly KeyPermission[];
    }
  /** A program with a Google-signed ID token whose account is on the list of callers. */
  | { readonly kind: "caller"; readonly email: string }
  /** Anyone whom IAM lets publish on the topic `mail-send`. */
  | { readonly kind: "topic" }
  /** Anyone whom the rules of Firestore let write a document of Trigger Email. */
  | { readonly kind: "documents" }
  /** Relais itself, when it alerts operators. */
  | { readonly kind: "relais" };

/** Someone who signed in, or who holds the setup token; everybody else is a program. */
export const isPerson = ({ kind }: Principal): boolean => kind === "setup" || kind === "operator" || kind === "member";

/** Only keys have permissions; anyone else may do everything with what they can see. */
export const hasPermission = (principal: Principal, permission: KeyPermission): boolean =>
  principal.kind !== "key" || principal.permissions.includes(permission);

const KEY_NAME = "key:";

/** The id of the API key that a name of `principalName` stands for; null for anyone else. */
export const keyIdOf = (name: string): string | null =>
  name.startsWith(KEY_NAME) ? name.slice(KEY_NAME.length) : null;

/** A stable name for a principal: the audit's `actor`, and the scope of idempotency keys. */
export const principalName = (principal: Principal): string => {
  switch (principal.kind) {
    case "setup":
      return "setup-token";
    case "operator":
    case "member":
      return principal.email;
    case "key":
      return `${KEY_NAME}${principal.id}`;
    case "caller":
      return `caller:${principal.email}`;
    case "topic":
      return "topic:mail-send";
    case "documents":
      return "documents";
    case "relais":
      return "relais";
  }
};
