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

/** Who is signed in. */
export type SessionActor =
  /** Written by an earlier release to bind an OAuth state to a browser, for which the cookie alone now serves. */
  | { readonly kind: "anonymous" }
  /** Came in with the setup token. */
  | { readonly kind: "setup" }
  /** Signed in with Google; whether operator or member is decided anew at each request. */
  | {
      readonly kind: "google";
      readonly email: string;
      readonly sub: string;
      /**
       * `hd` of the ID token. Absent from records of an earlier release, which let people in by their address alone: such a session lets nobody in any
       * more, and the person signs in again.
       */
      readonly hostedDomain?: string | null;
    };

/** An id that a session replaced. Its browser alone can open it: the pad is made from the id in the present cookie. */
export interface FormerSession {
  readonly sessionSha256: string;
  readonly paddedId: string;
  /** Until when an authorization that began under it may end under the present session. */
  readonly untilMs: number;
}

export interface Session {
  readonly actor: SessionActor;
  /** Index fields, kept equal to what `actor` says of a Google account; absent for others. */
  readonly actorMailbox?: string;
  readonly actorSub?: string;
  /** Latest first. Absent from records of an earlier release: none is known. */
  readonly formers?: readonly FormerSession[];
  readonly createdAtMs: number;
  /** Written again at most every few minutes, so that reading a page does not write. */
  readonly lastSeenAtMs: number;
  /** The end whatever happens (7 days; 1 h for the setup token). */
  readonly endsAtMs: number;
  readonly eraseAtMs: number;
}

export type KeyPermission = "send" | "read";

export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the secret part, hex. */
  readonly secretSha256: string;
  /** Empty: every server. */
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

/** Who calls, once proven. */
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
  /** A program with a Google-signed ID token, named in `RELAIS_CALLERS`. */
  | { readonly kind: "caller"; readonly email: string }
  /** What arrives on the topic `mail-send`; IAM has decided who may publish there. */
  | { readonly kind: "topic" }
  /** Relais itself, telling operators of what only they can mend. */
  | { readonly kind: "relais" };

/** A key may do what it was made for; everybody else what may be done with what they see. */
export const hasPermission = (principal: Principal, permission: KeyPermission): boolean =>
  principal.kind !== "key" || principal.permissions.includes(permission);

/** Stable text for a principal: the audit's `actor`, and the scope of idempotency keys. */
export const principalName = (principal: Principal): string => {
  switch (principal.kind) {
    case "setup":
      return "setup-token";
    case "operator":
    case "member":
      return principal.email;
    case "key":
      return `key:${principal.id}`;
    case "caller":
      return `caller:${principal.email}`;
    case "topic":
      return "topic:mail-send";
    case "relais":
      return "relais";
  }
};
