import { type Clock, MINUTE, SECOND } from "../clock.ts";
import type { Log } from "../log.ts";

/** The kind of an invalid credential. */
export type CredentialKind = "api_key" | "setup_token" | "id_token";

export interface RefusedCredential {
  readonly credential: CredentialKind;
  /** The id in a well-formed API key, so that its program can be found; null for anything else. */
  readonly keyId: string | null;
}

/** Logs a refusal, and resolves when the answer may be sent. */
export type NoteRefusal = (refused: RefusedCredential) => Promise<void>;

/** People mistype, so this many refusals cause no delay; each further one makes the next slower. Nominal times. */
const FREE = 5;
const STEP_MS = 50;
const LONGEST_WAIT_MS = SECOND;
/** Refusals are forgotten at the rate of one in this time. */
const FORGET_MS = 3 * SECOND;
/**
 * A waiting request occupies one of the instance's slots (20 on Google Cloud). Beyond this many, refusals are answered
 * at once: a flood must not lock anyone out, and makes a guess of 256 bits no likelier.
 */
const MOST_WAITING = 8;

/** Each minute and kind, this many refusals have a log line of their own; further ones share a line per batch. */
const SINGLE_LINES = 20;
const BATCH = 50;

interface Tally {
  startedAtMs: number;
  lines: number;
  unlogged: number;
}

/** Logs every refusal sooner or later: in a line of its own, or in one with a count. */
const refusalLogger = ({ clock, log }: { readonly clock: Clock; readonly log: Log }) => {
  const tallies = new Map<CredentialKind, Tally>();
  const tallyOf = (credential: CredentialKind): Tally => {
    const known = tallies.get(credential);
    const nowMs = clock.nowMs();
    if (known !== undefined && nowMs - known.startedAtMs < clock.lasting(MINUTE)) return known;
    const fresh = { startedAtMs: nowMs, lines: 0, unlogged: known?.unlogged ?? 0 };
    tallies.set(credential, fresh);
    return fresh;
  };
  return ({ credential, keyId }: RefusedCredential): void => {
    const tally = tallyOf(credential);
    tally.unlogged += 1;
    if (tally.lines >= SINGLE_LINES && tally.unlogged < BATCH) return;
    log.warn("credential_refused", { credential, count: tally.unlogged, key: tally.unlogged === 1 ? keyId : null });
    tally.lines += 1;
    tally.unlogged = 0;
  };
};

/**
 * An instance's memory of refused credentials, of constant size. Only refusals are delayed: a valid credential is never
 * slowed down, whatever others try in the meantime.
 */
export const refusedCredentials = (deps: { readonly clock: Clock; readonly log: Log }): NoteRefusal => {
  const { clock } = deps;
  const logRefusal = refusalLogger(deps);
  let level = 0;
  let sinceMs = clock.nowMs();
  let waiting = 0;
  const raise = (): number => {
    const nowMs = clock.nowMs();
    level = Math.max(0, level - (nowMs - sinceMs) / clock.lasting(FORGET_MS)) + 1;
    level = Math.min(level, FREE + LONGEST_WAIT_MS / STEP_MS);
    sinceMs = nowMs;
    return Math.max(0, level - FREE) * STEP_MS;
  };
  return async (refused) => {
    logRefusal(refused);
    const waitMs = clock.lasting(raise());
    if (waitMs === 0 || waiting >= MOST_WAITING) return;
    waiting += 1;
    await clock.sleep(waitMs);
    waiting -= 1;
  };
};
