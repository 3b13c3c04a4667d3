import { signal } from "@preact/signals";
import type { ApiFailure } from "../api/failure.ts";
import type { Session } from "../api/types.ts";

export type SessionState =
  | { readonly kind: "asking" }
  | { readonly kind: "signed_in"; readonly session: Session }
  /** `ended`: there was a session, but the API no longer knows it. */
  | { readonly kind: "signed_out"; readonly ended?: true }
  /** Unknown, because the request failed. */
  | { readonly kind: "failed"; readonly failure: ApiFailure };

export const session = signal<SessionState>({ kind: "asking" });

export const isOperator = (): boolean =>
  session.value.kind === "signed_in" && session.value.session.role === "operator";
