import type { Secret } from "./secret.ts";
export type SecretName =
  | { readonly kind: "refresh_token"; readonly serverId: string }
  | { readonly kind: "client_secret" };

/**
 * Long-lived secrets, versioned. Versions are opaque, never used twice. All methods throw `Unavailable` when the vault cannot be reached.
 */
export interface SecretVault {
  /** Durable when it resolves; answers the new version. */
  add(name: SecretName, value: Secret): Promise<string>;
  /** Undefined: never there, destroyed, or sealed under a key that is gone. */
  read(name: SecretName, version: string): Promise<Secret | undefined>;
  /** Idempotent. */
  destroy(name: SecretName, version: string): Promise<void>;
  /** Destroys every version. Idempotent. */
  remove(name: SecretName): Promise<void>;
  /** Versions that can still be read, oldest first. */
  versions(name: SecretName): Promise<readonly string[]>;
}
