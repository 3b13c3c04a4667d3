import { keyIdOf, looksLikeApiKey } from "../domain/access/api-keys.ts";
import { bearerIn, looksLikeIdToken } from "../domain/access/authenticate.ts";
import { type NoteRefusal, type RefusedCredential, refusedCredentials } from "../domain/access/refused-credentials.ts";
import type { System } from "./system.ts";

const known = new WeakMap<System, NoteRefusal>();

/** One per function in this process. */
export const refusalsOf = (system: System): NoteRefusal => {
  const note = known.get(system) ?? refusedCredentials(system);
  known.set(system, note);
  return note;
};

/** The kind of credential in an Authorization header; null for another scheme, which cannot be used for guessing. */
export const refusedIn = (authorizationHeader: string): RefusedCredential | null => {
  const bearer = bearerIn(authorizationHeader);
  if (bearer === undefined) return null;
  if (looksLikeApiKey(bearer)) return { credential: "api_key", keyId: keyIdOf(bearer) };
  return { credential: looksLikeIdToken(bearer) ? "id_token" : "setup_token", keyId: null };
};
