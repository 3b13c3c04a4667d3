import { type Clock, DAY, HOUR } from "../clock.ts";
import type { Connection, ConnectionReason, Grant } from "../mail-servers/mail-server.ts";
import type { Settings } from "../settings/settings.ts";

/**
 * What ends a refresh token (developers.google.com/identity/protocols/oauth2, "Refresh token expiration"): seven days for an external app
 * in testing, six months without use, the time a user set, a revocation, a new password. The former can be foreseen.
 */
const TESTING_LIFE_MS = 7 * DAY;
const IDLE_LIFE_MS = 180 * DAY;
/** Warned this long before the end, or at half of a shorter life. */
const WARN_BEFORE_MS = 3 * DAY;
/** A check may find a death this much later than it happened: they run once a day. */
const FOUND_WITHIN_MS = 36 * HOUR;
const SLACK_MS = HOUR;

interface LifetimeDeps {
  readonly clock: Clock;
}
type Declared = Pick<Settings, "publishingStatus">;

interface End {
  readonly expiresAtMs: number;
  readonly reason: ConnectionReason;
}

const isTestingLife = (clock: Clock, lifeMs: number): boolean =>
  Math.abs(lifeMs - TESTING_LIFE_MS) <= SLACK_MS ||
  Math.abs(lifeMs - clock.lasting(TESTING_LIFE_MS)) <= clock.lasting(SLACK_MS);

/** When this grant will end and why, as far as that is known: said by Google, or by what the operator declared. */
export const knownEnd = ({ clock }: LifetimeDeps, grant: Grant, { publishingStatus }: Declared): End | null => {
  const { refreshTokenExpiresAtMs: said, connectedAtMs } = grant;
  const testing = publishingStatus === "testing";
  if (said !== null) {
    const ofTesting = testing || (publishingStatus !== "internal" && isTestingLife(clock, said - connectedAtMs));
    return { expiresAtMs: said, reason: ofTesting ? "testing_7d" : "time_based" };
  }
  return testing ? { expiresAtMs: connectedAtMs + clock.lasting(TESTING_LIFE_MS), reason: "testing_7d" } : null;
};

/** The state of a grant that was just proven: `expiring` once its known end is near, else `valid`. */
export const liveConnection = (
  deps: LifetimeDeps,
  grant: Grant,
  declared: Declared,
): Extract<Connection, { readonly state: "valid" | "expiring" }> => {
  const end = knownEnd(deps, grant, declared);
  if (end === null) return { state: "valid", grant };
  const warnMs = Math.min(deps.clock.lasting(WARN_BEFORE_MS), (end.expiresAtMs - grant.connectedAtMs) / 2);
  return deps.clock.nowMs() < end.expiresAtMs - warnMs
    ? { state: "valid", grant }
    : { state: "expiring", grant, ...end };
};

/**
 * Why Google answered `invalid_grant`, which is all it ever says: worked out from the grant's age, known end and last proof.
 * `password_or_revoked` where nothing foreseeable fits a grant that was proven within the last days; else `unclear`.
 */
export const diagnoseDeath = ({ clock }: LifetimeDeps, grant: Grant, declared: Declared): ConnectionReason => {
  const nowMs = clock.nowMs();
  const end = knownEnd({ clock }, grant, declared);
  if (end !== null && nowMs >= end.expiresAtMs - clock.lasting(SLACK_MS)) return end.reason;
  if (nowMs - grant.lastVerifiedAtMs >= clock.lasting(IDLE_LIFE_MS)) return "idle_6m";
  if (declared.publishingStatus === "undeclared" && diedAtSevenDays(clock, nowMs - grant.connectedAtMs)) {
    return "testing_7d";
  }
  return nowMs - grant.lastVerifiedAtMs <= clock.lasting(2 * FOUND_WITHIN_MS) ? "password_or_revoked" : "unclear";
};

const diedAtSevenDays = (clock: Clock, ageMs: number): boolean =>
  ageMs >= clock.lasting(TESTING_LIFE_MS - SLACK_MS) && ageMs <= clock.lasting(TESTING_LIFE_MS + FOUND_WITHIN_MS);
