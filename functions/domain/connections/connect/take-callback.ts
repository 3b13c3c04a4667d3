import type { Session, SessionId } from "../../access/records.ts";
import { findSession, formerIds } from "../../access/sessions.ts";
import type { Clock } from "../../clock.ts";
import type { Records, Versioned } from "../../records.ts";
import type { AuthorizationPurpose, OAuthState } from "../records.ts";
import {
  codeHash,
  type FoundState,
  findState,
  isBeingExchanged,
  mayBeTaken,
  takeState,
} from "./authorization-state.ts";
import type { Callback, Confirmed, ReturnedBrowser } from "./callback.ts";

interface TakeDeps {
  readonly clock: Clock;
  readonly records: Records;
}

/** A state that this request alone may end. */
export interface TakenState {
  readonly state: Versioned<OAuthState>;
  /** The state, and with it the PKCE verifier, is bound to this session id. */
  readonly boundTo: SessionId;
  readonly browser: ReturnedBrowser;
}

export type TakenCallback =
  | ({ readonly kind: "taken" } & TakenState)
  /** A sign-in came back without a code: there is nothing to exchange, so nothing is stored. */
  | { readonly kind: "unspent"; readonly purpose: AuthorizationPurpose }
  /** The same callback has already succeeded in this browser. */
  | { readonly kind: "succeeded"; readonly confirmed: Confirmed }
  | { readonly kind: "invalid"; readonly serverId: string | null };

const LOOK_EVERY_MS = 200;

export const serverIn = (purpose: AuthorizationPurpose): string | null =>
  purpose.kind === "connect" ? purpose.serverId : null;

const resultOf = (purpose: AuthorizationPurpose): Confirmed =>
  purpose.kind === "connect"
    ? { kind: "connected", serverId: purpose.serverId }
    : { kind: "signed_in", next: purpose.next, session: null };

const succeededBefore = ({ phase }: OAuthState, code: string | null): boolean =>
  phase.kind === "used" && code !== null && phase.succeededCodeSha256 === codeHash(code);

/**
 * Takes the state that a callback names, for this request alone. A browser may send one callback several times (a
 * reload, Back, a restored tab), so while another request exchanges the code, this one waits for the outcome, at most
 * until that request's lease ends. An ended session has no former ids, but its own id still finds its states; the
 * caller decides whether it may go on.
 */
export const takeCallback = async (
  deps: TakeDeps,
  callback: Callback & { readonly sessionId: SessionId },
): Promise<TakenCallback> => {
  const { sessionId, code } = callback;
  const session: Session | null = await findSession(deps, sessionId);
  const formers = session === null ? [] : formerIds(deps.clock, sessionId, session);
  const look = (): Promise<FoundState | null> =>
    findState(deps, callback.state, [sessionId, ...formers.map(({ id }) => id)]);
  for (let found = await look(); found !== null; found = await look()) {
    const { kept, boundTo } = found;
    if (succeededBefore(kept.value, code)) return { kind: "succeeded", confirmed: resultOf(kept.value.purpose) };
    if (mayBeTaken(deps.clock, kept.value)) {
      const unstored = kept.version === undefined;
      if (unstored && (code === null || callback.error !== null))
        return { kind: "unspent", purpose: kept.value.purpose };
      const state = await takeState(deps, kept);
      if (state !== null) return { kind: "taken", state, boundTo, browser: { sessionId, formers } };
      continue;
    }
    if (!isBeingExchanged(deps.clock, kept.value)) return { kind: "invalid", serverId: serverIn(kept.value.purpose) };
    await deps.clock.sleep(LOOK_EVERY_MS);
  }
  return { kind: "invalid", serverId: null };
};
