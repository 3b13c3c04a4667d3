import type { Secret } from "./secret.ts";

/** Seals short-lived secrets for the shared store: JWE, A256GCM, `kid` in the protected header, bound to `context`. */
export interface Sealer {
  seal(value: Secret, context: string): Promise<string>;
  /** Undefined if the context differs, the key is unknown or retired, or the seal was altered. */
  open(sealed: string, context: string): Promise<Secret | undefined>;
}
