import type { Secret } from "../secret.ts";
import type { AccessLists } from "./admission.ts";

type SignedIn = Pick<AccessLists, "operatorSignedInAtMs">;

export interface SetupTokenDeps {
  /** `RELAIS_SETUP_TOKEN`; null if none is configured. */
  readonly setupToken: Secret | null;
  /** In production, the first sign-in of an operator ends the token. */
  readonly production: boolean;
}

/** Whether an operator's sign-in has ended the token. This does not need the token, which not every function gets. */
export const isSetupTokenOver = ({ production }: Pick<SetupTokenDeps, "production">, settings: SignedIn): boolean =>
  production && settings.operatorSignedInAtMs !== null;

/** Whether there is a setup token and it has not ended. */
export const isSetupTokenLive = (deps: SetupTokenDeps, settings: SignedIn): boolean =>
  deps.setupToken !== null && !isSetupTokenOver(deps, settings);

/** Whether the candidate is the live setup token, compared in constant time. */
export const isSetupToken = (deps: SetupTokenDeps, settings: SignedIn, candidate: string): boolean =>
  deps.setupToken?.matches(candidate) === true && isSetupTokenLive(deps, settings);
