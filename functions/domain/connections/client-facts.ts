import { sha256Hex } from "../access/constant-time.ts";
import type { Records, Versioned } from "../records.ts";
import type { OAuthClientFacts } from "./records.ts";

const clientKey = (clientId: string): string => sha256Hex(clientId);
const TRIES = 8;

/** What was learnt about a client; undefined: nothing yet. Throws `Unavailable`. */
export const readClientFacts = (records: Records, clientId: string): Promise<Versioned<OAuthClientFacts> | undefined> =>
  records.get("oauthClients", clientKey(clientId));

/** Notes something about a client. Throws `Unavailable`. */
export const noteClientFacts = async (
  records: Records,
  clientId: string,
  learnt: Partial<Omit<OAuthClientFacts, "clientId">>,
): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const kept = await readClientFacts(records, clientId);
    const before = kept?.value ?? { clientId, securityEventAtMs: null, sevenDayDeathAtMs: null };
    const place = { kind: "oauthClients", id: clientKey(clientId), value: { ...before, ...learnt } } as const;
    const outcome = await records.commit([
      kept === undefined ? { op: "create", ...place } : { op: "replace", version: kept.version, ...place },
    ]);
    if (outcome.done) return;
  }
  throw new Error("the facts of a client were written to without end");
};
