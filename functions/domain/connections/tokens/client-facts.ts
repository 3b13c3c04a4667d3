import { sha256Hex } from "../../access/constant-time.ts";
import { DAY } from "../../clock.ts";
import { commitNews, type NewsDeps } from "../../commit-news.ts";
import type { News } from "../../news.ts";
import type { CommitOutcome, Records, Versioned, Write } from "../../records.ts";
import type { OAuthClientFacts } from "../records.ts";

const clientKey = (clientId: string): string => sha256Hex(clientId);
const TRIES = 8;

/** What was learnt about a client; undefined: nothing yet. Throws `Unavailable`. */
export const readClientFacts = (records: Records, clientId: string): Promise<Versioned<OAuthClientFacts> | undefined> =>
  records.get("oauthClients", clientKey(clientId));

type Learnt = Partial<Omit<OAuthClientFacts, "clientId">>;

/** Notes something about a client. Throws `Unavailable`. */
export const noteClientFacts = (records: Records, clientId: string, learnt: Learnt): Promise<void> =>
  learn(records, clientId, { learnt, commit: (write) => records.commit([write]) });

const learn = async (
  records: Records,
  clientId: string,
  { learnt, commit }: { readonly learnt: Learnt; readonly commit: (write: Write) => Promise<CommitOutcome> },
): Promise<void> => {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const kept = await readClientFacts(records, clientId);
    const before = kept?.value ?? { clientId, securityEventAtMs: null, sevenDayDeathAtMs: null, rejected: null };
    const place = { kind: "oauthClients", id: clientKey(clientId), value: { ...before, ...learnt } } as const;
    const outcome = await commit(
      kept === undefined ? { op: "create", ...place } : { op: "replace", version: kept.version, ...place },
    );
    if (outcome.done) return;
  }
  throw new Error("the facts of a client were written to without end");
};

/** Google has taken the client: whatever it had refused it for is mended. Throws `Unavailable`. */
export const noteAcceptance = async (deps: { readonly records: Records }, clientId: string): Promise<void> => {
  const known = await readClientFacts(deps.records, clientId);
  if (known !== undefined && known.value.rejected !== null)
    await noteClientFacts(deps.records, clientId, { rejected: null });
};

/** Operators are told anew of what they have not mended after so long. */
const TELL_AGAIN_MS = DAY;

/**
 * Notes that Google refuses the client. True: log and operators were told, which is so once a day however many grants are refused for it. Throws
 * `Unavailable`.
 */
export const noteRejection = async (deps: NewsDeps, clientId: string, error: string): Promise<boolean> => {
  const { clock, records } = deps;
  const known = (await readClientFacts(records, clientId))?.value.rejected ?? null;
  if (known !== null && clock.nowMs() - known.sinceMs < clock.lasting(TELL_AGAIN_MS)) return false;
  const learnt = { rejected: { sinceMs: clock.nowMs(), error } };
  const news: News = { kind: "client_rejected", clientId, error };
  await learn(records, clientId, { learnt, commit: (write) => commitNews(deps, [write], news) });
  return true;
};
