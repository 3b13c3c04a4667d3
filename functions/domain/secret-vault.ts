import type { Secret } from "./secret.ts";

export type SecretName =
  | { readonly kind: "refresh_token"; readonly serverId: string }
  | { readonly kind: "client_secret" };

/** Stores versioned, long-lived secrets; versions are opaque and never reused. Every method throws `Unavailable`. */
export interface SecretVault {
  /** Returns the new version; the secret is durable by then. */
  add(name: SecretName, value: Secret): Promise<string>;
  /** Undefined if the version never existed, was destroyed, or is sealed under a key that is gone. */
  read(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Idempotent. */
  destroy(name: SecretName, version: string): Promise<void>;
  /** Destroys every version. Idempotent. */
  remove(name: SecretName): Promise<void>;
  /** Versions that can still be read, oldest first. */
  versions(name: SecretName): Promise<readonly string[]>;
}
