import type { Secret } from "./secret.ts";

export type SecretName =
  | { readonly kind: "refresh_token"; readonly serverId: string }
  | { readonly kind: "client_secret" };

/** Stores versioned, long-lived secrets; versions are opaque and never reused. Every method throws `Unavailable`. */
export interface SecretVault {
  /**
   * Returns the new version; the secret is durable by then. `replaces` is the version that it takes the place of, if it
   * comes from Google and not from a person's consent: a function that only refreshes tokens may not create secrets.
   */
  add(name: SecretName, value: Secret, replaces?: string): Promise<string>;
  /**
   * Undefined if the version never existed, was destroyed, or is sealed under a key that is gone. `Unavailable` if that
   * key is only disabled.
   */
  read(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Idempotent. */
  destroy(name: SecretName, version: string): Promise<void>;
  /** Destroys every version. Idempotent. */
  remove(name: SecretName): Promise<void>;
  /** Versions that can still be read; oldest first in each home. */
  versions(name: SecretName): Promise<readonly string[]>;
  /** Where a refresh token should be, as `homeOf` names it; null if there is but one place. */
  home(): Promise<string | null>;
}

/** The home of versions in Secret Manager. */
export const VAULT_HOME = "secrets";

const SEALED = "sealed";
const SEPARATOR = ".";

/** The home of tokens that are kept among the records, sealed under that key. */
export const sealedHome = (keyId: string): string => [SEALED, keyId].join(SEPARATOR);

/** A version in that home; `id` is unique for the secret's name. */
export const sealedVersion = (keyId: string, id: string): string => [SEALED, keyId, id].join(SEPARATOR);

/** Whether the version is kept among the records. No other home has a dot in its versions. */
export const isSealedVersion = (version: string): boolean => version.startsWith(SEALED + SEPARATOR);

/** Where a version is, so that a record's pointer says it, whatever is configured now. */
export const homeOf = (version: string): string =>
  isSealedVersion(version) ? version.slice(0, version.lastIndexOf(SEPARATOR)) : VAULT_HOME;
