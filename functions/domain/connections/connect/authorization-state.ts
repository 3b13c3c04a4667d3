import { createHash, hkdfSync } from "node:crypto";
import type { SessionId } from "../../access/records.ts";
import { sessionKey } from "../../access/sessions.ts";
import { conditionalWrite } from "../../change-on-condition.ts";
import { type Clock, MINUTE, SECOND } from "../../clock.ts";
import type { Records, Versioned, Write } from "../../records.ts";
import { Secret } from "../../secret.ts";
import { sha256Hex } from "../../sha256.ts";
import type { OAuthState } from "../records.ts";
import { isUnderstoodState } from "../understood.ts";
import { openSignIn } from "./sealed-state.ts";

/** These are the nominal lifetimes of a state and of the lease on exchanging its code. */
export const STATE_LIFE_MS = 10 * MINUTE;
export const EXCHANGE_LEASE_MS = 30 * SECOND;
/**
 * The minimum at any time scale: the keys, the code, the keys again and the send-as addresses may each take a second,
 * because network time-outs do not go below that, and the store takes its time as well.
 */
const SHORTEST_EXCHANGE_LEASE_MS = 6 * SECOND;

/** A state is 256 random bits as base64url; a sign-in's sealed content follows them. */
const STATE = /^[A-Za-z0-9_-]{43,4000}$/;

export const stateKey = (state: string): string => sha256Hex(state);

/** The hash lets us recognize a repeated callback without storing the code. */
export const codeHash = (code: string): string => sha256Hex(code);

/**
 * The PKCE verifier (RFC 7636 §4.1) and its public S256 challenge (§4.2). The verifier is HKDF-SHA256 (RFC 5869) over
 * the session id, salted with the state. It need not be stored: the cookie holds one input, the callback URL the other.
 */
export const pkcePair = (
  sessionId: SessionId,
  state: string,
): { readonly verifier: Secret; readonly challenge: string } => {
  const verifier = Buffer.from(hkdfSync("sha256", sessionId, state, "relais pkce 1", 32)).toString("base64url");
  return { verifier: new Secret(verifier), challenge: createHash("sha256").update(verifier).digest("base64url") };
};

interface StateDeps {
  readonly clock: Clock;
  readonly records: Records;
}

/** `version` is undefined while nothing is stored, as for a sign-in that has not come back yet. */
export type KnownState = Omit<Versioned<OAuthState>, "version"> & { readonly version: string | undefined };

/** `boundTo` is the one of the browser's session ids that the state is bound to. */
export interface FoundState {
  readonly kept: KnownState;
  readonly boundTo: SessionId;
}

const openSealed = (clock: Clock, state: string, browser: readonly SessionId[]): FoundState | null => {
  const lifeMs = clock.lasting(STATE_LIFE_MS);
  for (const boundTo of browser) {
    const value = openSignIn(boundTo, state, lifeMs);
    if (value !== null && value.expiresAtMs <= clock.nowMs() + lifeMs)
      return { kept: { id: stateKey(state), value, version: undefined }, boundTo };
  }
  return null;
};

/** Returns null for an unknown state and for one begun in another browser, so that a browser cannot tell them apart. */
export const findState = async (
  deps: StateDeps,
  state: string | null,
  browser: readonly SessionId[],
): Promise<FoundState | null> => {
  if (state === null || !STATE.test(state)) return null;
  const kept = await deps.records.get("oauthStates", stateKey(state));
  if (kept === undefined) return openSealed(deps.clock, state, browser);
  const boundTo = browser.find((id) => sessionKey(id) === kept.value.sessionSha256);
  return boundTo === undefined ? null : { kept, boundTo };
};

export const isBeingExchanged = (clock: Clock, { phase }: OAuthState): boolean =>
  phase.kind === "exchanging" && clock.nowMs() < phase.leaseUntilMs;

/** A state whose exchange has outlived its lease may be taken again: the request that held the lease has crashed. */
export const mayBeTaken = (clock: Clock, state: OAuthState): boolean =>
  isUnderstoodState(state) &&
  clock.nowMs() < state.expiresAtMs &&
  state.phase.kind !== "used" &&
  !isBeingExchanged(clock, state);

/** `open → exchanging`, for one caller at a time. Returns null if the state may not be taken, or no longer. */
export const takeState = async (
  deps: StateDeps,
  { id, value, version }: KnownState,
): Promise<Versioned<OAuthState> | null> => {
  if (!mayBeTaken(deps.clock, value)) return null;
  const leaseUntilMs = deps.clock.nowMs() + Math.max(SHORTEST_EXCHANGE_LEASE_MS, deps.clock.lasting(EXCHANGE_LEASE_MS));
  const taken: OAuthState = { ...value, phase: { kind: "exchanging", leaseUntilMs } };
  const outcome = await deps.records.commit([conditionalWrite("oauthStates", { id, version }, taken)]);
  return outcome.done ? { id, value: taken, version: outcome.versions[0] ?? "" } : null;
};

const toPhase = (state: Versioned<OAuthState>, phase: OAuthState["phase"]): Write =>
  conditionalWrite("oauthStates", state, { ...state.value, phase });

/** `exchanging → used`, in the commit that the state was for, which fails as a whole if the lease has been lost. */
export const useStateWrite = (state: Versioned<OAuthState>, succeededCodeSha256: string): Write =>
  toPhase(state, { kind: "used", succeededCodeSha256 });

/** `exchanging → used`, for an authorization that failed. */
export const spendState = async (deps: StateDeps, state: Versioned<OAuthState>): Promise<void> => {
  await deps.records.commit([toPhase(state, { kind: "used" })]);
};

/** `exchanging → open`: Google could not be reached, so the code is unspent and a reload may succeed. */
export const reopenState = async (deps: StateDeps, state: Versioned<OAuthState>): Promise<void> => {
  await deps.records.commit([toPhase(state, { kind: "open" })]);
};
