import { type Clock, MINUTE, SECOND } from "../clock.ts";
import type { Log } from "../log.ts";

/** What somebody showed that does not hold. */
export type CredentialKind = "api_key" | "setup_token" | "id_token";

export interface RefusedCredential {
  readonly credential: CredentialKind;
  /** The public half of a well-formed key, so that its program can be found; null for anything else. */
  readonly keyId: string | null;
}

/** Logs a refusal, and resolves when it may be answered. */
export type NoteRefusal = (refused: RefusedCredential) => Promise<void>;

/** So many refusals cost nothing: people mistype. From there on each makes the next one slower. Nominal times. */
const FREE = 5;
const STEP_MS = 50;
const LONGEST_WAIT_MS = SECOND;
/** A refusal is forgotten after this. */
const FORGET_MS = 3 * SECOND;
/**
 * Waiting requests take places of the instance (20 at once on Google Cloud). The others are answered at once: a flood from many places must not lock
 * anybody out, and makes no guess of 256 bits any likelier.
 */
const MOST_WAITING = 8;

/** So many lines of one kind a minute; more refusals are counted into one line for each lot. */
const SINGLE_LINES = 20;
const LOT = 50;

interface Tally {
  startedAtMs: number;
  lines: number;
  /** Refused, and not logged yet. */
  silent: number;
}

/** Every refusal stands in the log, sooner or later: singly, or in a line with a count. */
const logger = ({ clock, log }: { readonly clock: Clock; readonly log: Log }) => {
  const tallies = new Map<CredentialKind, Tally>();
  const tallyOf = (credential: CredentialKind): Tally => {
    const known = tallies.get(credential);
    const nowMs = clock.nowMs();
    if (known !== undefined && nowMs - known.startedAtMs < clock.lasting(MINUTE)) return known;
    const fresh = { startedAtMs: nowMs, lines: 0, silent: known?.silent ?? 0 };
    tallies.set(credential, fresh);
    return fresh;
  };
  return ({ credential, keyId }: RefusedCredential): void => {
    const tally = tallyOf(credential);
    tally.silent += 1;
    if (tally.lines >= SINGLE_LINES && tally.silent < LOT) return;
    log.warn("credential_refused", { credential, count: tally.silent, key: tally.silent === 1 ? keyId : null });
    tally.lines += 1;
    tally.silent = 0;
  };
};

/**
 * One instance's memory of refused credentials, of constant size. Only the refusal waits, after it has been decided: whoever shows a credential
 * that holds is never slowed, whatever others try meanwhile.
 */
export const refusedCredentials = (deps: { readonly clock: Clock; readonly log: Log }): NoteRefusal => {
  const { clock } = deps;
  const logRefusal = logger(deps);
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
