import { type ChangeDeps, changeOnCondition, conditionalWrite } from "../../change-on-condition.ts";
import { DAY } from "../../clock.ts";
import { commitNews, type NewsDeps } from "../../commit-news.ts";
import type { News } from "../../news.ts";
import type { CommitOutcome, Records, Versioned, Write } from "../../records.ts";
import { sha256Hex } from "../../sha256.ts";
import type { OAuthClientFacts } from "../records.ts";

const clientKey = (clientId: string): string => sha256Hex(clientId);

/** What is known about a client; undefined if nothing is yet. Throws `Unavailable`. */
export const readClientFacts = (records: Records, clientId: string): Promise<Versioned<OAuthClientFacts> | undefined> =>
  records.get("oauthClients", clientKey(clientId));

type Learnt = Partial<Omit<OAuthClientFacts, "clientId">>;

interface FactsDeps extends ChangeDeps {
  readonly records: Records;
}

/** Notes something about a client. Throws `Contended`, `Unavailable`. */
export const noteClientFacts = (deps: FactsDeps, clientId: string, learnt: Learnt): Promise<void> =>
  learn(deps, clientId, { learnt, commit: (write) => deps.records.commit([write]) });

const learn = (
  deps: FactsDeps,
  clientId: string,
  { learnt, commit }: { readonly learnt: Learnt; readonly commit: (write: Write) => Promise<CommitOutcome> },
): Promise<void> =>
  changeOnCondition(deps, "note facts of an OAuth client", async () => {
    const kept = await readClientFacts(deps.records, clientId);
    const before = kept?.value ?? { clientId, securityEventAtMs: null, sevenDayDeathAtMs: null, rejected: null };
    const place = { id: clientKey(clientId), version: kept?.version };
    const outcome = await commit(conditionalWrite("oauthClients", place, { ...before, ...learnt }));
    return outcome.done ? undefined : "contended";
  });

/** Notes that Google accepts the client again. Throws `Unavailable`. */
export const noteAcceptance = async (deps: FactsDeps, clientId: string): Promise<void> => {
  const known = await readClientFacts(deps.records, clientId);
  if (known !== undefined && known.value.rejected !== null) await noteClientFacts(deps, clientId, { rejected: null });
};

/** Operators are reminded of a problem after this time. Nominal. */
const TELL_AGAIN_MS = DAY;

/**
 * Notes that Google refuses the client. True if this was logged and reported, which happens once a day, not per grant.
 * Throws `Unavailable`.
 */
export const noteRejection = async (deps: NewsDeps, clientId: string, error: string): Promise<boolean> => {
  const { clock, records } = deps;
  const known = (await readClientFacts(records, clientId))?.value.rejected ?? null;
  if (known !== null && clock.nowMs() - known.sinceMs < clock.lasting(TELL_AGAIN_MS)) return false;
  const learnt = { rejected: { sinceMs: clock.nowMs(), error } };
  const news: News = { kind: "client_rejected", clientId, error };
  await learn(deps, clientId, { learnt, commit: (write) => commitNews(deps, [write], [news]) });
  return true;
};
