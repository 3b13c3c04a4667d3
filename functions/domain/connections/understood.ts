import type { AuthorizationPurpose, OAuthState } from "./records.ts";

const PURPOSES: Readonly<Record<AuthorizationPurpose["kind"], true>> = { connect: true, sign_in: true };
const PHASES: Readonly<Record<OAuthState["phase"]["kind"], true>> = { open: true, exchanging: true, used: true };

/** Does this release know what the authorization is for, and how far it has come? */
export const isUnderstoodState = ({ purpose, phase }: OAuthState): boolean =>
  Object.hasOwn(PURPOSES, purpose.kind) && Object.hasOwn(PHASES, phase.kind);
