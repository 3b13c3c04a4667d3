import type { AuthorizationPurpose, OAuthState } from "./records.ts";

const PURPOSES: Readonly<Record<AuthorizationPurpose["kind"], true>> = { connect: true, sign_in: true };
const PHASES: Readonly<Record<OAuthState["phase"]["kind"], true>> = { open: true, exchanging: true, used: true };

/** A later release may have written a purpose or a phase that this one does not know. */
export const isUnderstoodState = ({ purpose, phase }: OAuthState): boolean =>
  Object.hasOwn(PURPOSES, purpose.kind) && Object.hasOwn(PHASES, phase.kind);
