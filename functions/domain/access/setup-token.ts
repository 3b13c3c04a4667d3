import type { Secret } from "../secret.ts";
import type { AccessLists } from "./admission.ts";

type SignedIn = Pick<AccessLists, "operatorSignedInAtMs">;

export interface SetupTokenDeps {
  /** `RELAIS_SETUP_TOKEN`; null where none is configured. */
  readonly setupToken: Secret | null;
  /** On Google Cloud it dies at the first operator's sign-in; `npm start` keeps it. */
  readonly production: boolean;
}

/** Has an operator's sign-in ended it? This is known also in a function that is not given the token itself. */
export const setupTokenSpent = ({ production }: Pick<SetupTokenDeps, "production">, settings: SignedIn): boolean =>
  production && settings.operatorSignedInAtMs !== null;

/** Is the setup token still worth anything? */
export const setupTokenLives = (deps: SetupTokenDeps, settings: SignedIn): boolean =>
  deps.setupToken !== null && !setupTokenSpent(deps, settings);

/** Is this it, and is it still worth anything? Constant time. */
export const setupTokenAccepted = (deps: SetupTokenDeps, settings: SignedIn, candidate: string): boolean =>
  deps.setupToken?.matches(candidate) === true && setupTokenLives(deps, settings);
