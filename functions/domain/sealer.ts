import type { Secret } from "./secret.ts";

/** Seals secrets for the shared store: JWE, A256GCM, `kid` in the protected header, bound to `context`. */
export interface Sealer {
  seal(value: Secret, context: string): Promise<string>;
  /** The id of the key for new seals; it reveals nothing about the key. */
  currentKey(): Promise<string>;
  /** Undefined if the context differs, the key is unknown or retired, or the seal was altered. */
  open(sealed: string, context: string): Promise<Secret | undefined>;
  /** Whether a seal that does not open may do so later, because its key is disabled and not destroyed. */
  isShut(sealed: string): Promise<boolean>;
}
