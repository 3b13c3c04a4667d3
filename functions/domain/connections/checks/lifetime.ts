import { type Clock, DAY, HOUR } from "../../clock.ts";
import type { ReasonIn } from "../../connection-states.ts";
import type { Connection, Grant } from "../../mail-servers/mail-server.ts";
import type { Settings } from "../../settings/settings.ts";
import { TOKEN_CAP } from "../grant-ledger.ts";

/**
 * A refresh token ends after seven days for an external app in testing, after six months without use, at the time a
 * user set, beyond 100 tokens, when revoked, and at a new password. All but the last two are predictable
 * (developers.google.com/identity/protocols/oauth2, "Refresh token expiration").
 */
const TESTING_LIFE_MS = 7 * DAY;
const IDLE_LIFE_MS = 180 * DAY;
/** The first warning comes this long before the end, or halfway through a shorter life; a second one follows. */
const WARN_BEFORE_MS = 3 * DAY;
const WARN_AGAIN_BEFORE_MS = DAY;
/** A check may find a death this long after it happened, because checks run once a day. */
const FOUND_WITHIN_MS = 36 * HOUR;
const SLACK_MS = HOUR;

interface LifetimeDeps {
  readonly clock: Clock;
}

export interface App extends Pick<Settings, "publishingStatus"> {
  /** When a grant was last seen to die at seven days. Null if that has never happened or one has lived longer since. */
  readonly sevenDayDeathAtMs: number | null;
  /** Google's last answer about the client was a refusal of the client itself. */
  readonly rejected: boolean;
}

/** Why a grant is dead, with the evidence as numbers and codes for the log and the event. */
export interface Death {
  readonly reason: ReasonIn<"reconnect_required">;
  /** The source of the news: a code of the token endpoint (`GrantEnd`), `security_event`, or `secret_unreadable`. */
  readonly by: string;
  readonly evidence: Readonly<Record<string, string | number | null>>;
}

interface End {
  readonly expiresAtMs: number;
  readonly reason: ReasonIn<"expiring">;
}

const isTestingLife = (clock: Clock, lifeMs: number): boolean =>
  Math.abs(lifeMs - TESTING_LIFE_MS) <= SLACK_MS ||
  Math.abs(lifeMs - clock.lasting(TESTING_LIFE_MS)) <= clock.lasting(SLACK_MS);

const isTesting = ({ publishingStatus, sevenDayDeathAtMs }: App): boolean =>
  publishingStatus === "testing" || (publishingStatus === "undeclared" && sevenDayDeathAtMs !== null);

/** After this many deaths by session length, the next one is predicted. */
const REPEATED = 2;

/**
 * An organization's session length keeps ending grants until an administrator exempts the app (openclaw/gogcli#338).
 */
const sessionEnd = ({ connectedAtMs, sessionLivesMs: lives = [] }: Grant): End | null =>
  lives.length < REPEATED ? null : { expiresAtMs: connectedAtMs + Math.min(...lives), reason: "session_policy" };

/** Predicts the end of a grant from what Google said, what the operator declared, or how earlier grants ended. */
export const knownEnd = (deps: LifetimeDeps, grant: Grant, app: App): End | null => {
  const end = appEnd(deps, grant, app);
  const session = sessionEnd(grant);
  if (session === null || outlived(deps, grant, session)) return end;
  return end !== null && end.expiresAtMs <= session.expiresAtMs ? end : session;
};

/** A grant that outlives the predicted end of its session shows that the administrator has exempted the app. */
export const withoutOutlivedSession = (deps: LifetimeDeps, grant: Grant): Grant => {
  const session = sessionEnd(grant);
  return session !== null && outlived(deps, grant, session) ? { ...grant, sessionLivesMs: [] } : grant;
};

const appEnd = ({ clock }: LifetimeDeps, grant: Grant, app: App): End | null => {
  const { refreshTokenExpiresAtMs: said, connectedAtMs } = grant;
  const testing = isTesting(app);
  if (said !== null) {
    const ofTesting = testing || (app.publishingStatus !== "internal" && isTestingLife(clock, said - connectedAtMs));
    return { expiresAtMs: said, reason: ofTesting ? "testing_7d" : "time_based" };
  }
  return testing ? { expiresAtMs: connectedAtMs + clock.lasting(TESTING_LIFE_MS), reason: "testing_7d" } : null;
};

/** A grant that was proven after its predicted end did not end there. */
const outlived = ({ clock }: LifetimeDeps, grant: Grant, end: End): boolean =>
  grant.lastVerifiedAtMs > end.expiresAtMs + clock.lasting(SLACK_MS);

/**
 * The idle end applies if it comes before the known end or if the grant has outlived that. Every proof postpones it.
 */
const nextEnd = (deps: LifetimeDeps, grant: Grant, app: App): End & { readonly lifeMs: number } => {
  const { clock } = deps;
  const idle = { expiresAtMs: grant.lastVerifiedAtMs + clock.lasting(IDLE_LIFE_MS), reason: "idle_6m" } as const;
  const end = knownEnd(deps, grant, app);
  const next = end === null || outlived(deps, grant, end) || end.expiresAtMs > idle.expiresAtMs ? idle : end;
  return { ...next, lifeMs: next.expiresAtMs - grant.connectedAtMs };
};

/**
 * Returns the times of the warnings, earliest first. A session that ends within days is announced at its start and
 * again halfway.
 */
const warningTimes = (
  clock: Clock,
  { expiresAtMs, lifeMs, reason }: End & { readonly lifeMs: number },
): readonly number[] => {
  const firstMs = Math.min(clock.lasting(WARN_BEFORE_MS), lifeMs / 2);
  if (reason === "session_policy" && lifeMs <= clock.lasting(WARN_BEFORE_MS)) {
    return [expiresAtMs - lifeMs, expiresAtMs - firstMs];
  }
  const againMs = clock.lasting(WARN_AGAIN_BEFORE_MS);
  return againMs < firstMs ? [expiresAtMs - firstMs, expiresAtMs - againMs] : [expiresAtMs - firstMs];
};

/** Returns the state of a living grant: `expiring` once its first warning is due, otherwise `valid`. */
export const liveConnection = (
  deps: LifetimeDeps,
  grant: Grant,
  app: App,
): Extract<Connection, { readonly state: "valid" | "expiring" }> => {
  const end = nextEnd(deps, grant, app);
  const times = warningTimes(deps.clock, end);
  const given = times.filter((atMs) => deps.clock.nowMs() >= atMs).length;
  if (given === 0) return { state: "valid", grant };
  const { expiresAtMs, reason } = end;
  return { state: "expiring", grant, expiresAtMs, reason, warning: given > 1 ? "last" : "first" };
};

/**
 * Returns the next time at which the state changes without any event (a warning or the end), or null if there is none.
 */
export const nextChangeAtMs = (deps: LifetimeDeps, grant: Grant, app: App): number | null => {
  const end = nextEnd(deps, grant, app);
  const turns = [...warningTimes(deps.clock, end), end.expiresAtMs];
  return turns.find((atMs) => atMs > deps.clock.nowMs()) ?? null;
};

/** A grant that lives this long shows that the app's grants do not end at seven days. */
export const outlivesTesting = ({ clock }: LifetimeDeps, grant: Grant): boolean =>
  clock.nowMs() - grant.connectedAtMs > clock.lasting(TESTING_LIFE_MS + FOUND_WITHIN_MS);

/**
 * Google only ever answers `invalid_grant`, so the reason is inferred from the grant's age, known end, last proof and
 * `rank` (the number of grants from this one on; 0 if unknown). If nothing predictable fits, it is
 * `password_or_revoked` for a grant proven within the last days, otherwise `unclear`.
 */
export const diagnoseDeath = (
  deps: LifetimeDeps,
  grant: Grant,
  app: App & { readonly rank: number },
): Omit<Death, "by"> => {
  const { clock } = deps;
  const nowMs = clock.nowMs();
  const ageMs = nowMs - grant.connectedAtMs;
  const unprovenMs = nowMs - grant.lastVerifiedAtMs;
  const supposed = knownEnd(deps, grant, app);
  const end = supposed !== null && outlived(deps, grant, supposed) ? null : supposed;
  const evidence = {
    ageHours: Math.round(ageMs / clock.lasting(HOUR)),
    provenHoursAgo: Math.round(unprovenMs / clock.lasting(HOUR)),
    endedHoursAgo: end === null ? null : Math.round((nowMs - end.expiresAtMs) / clock.lasting(HOUR)),
    grantsSince: app.rank,
    publishingStatus: app.publishingStatus,
  };
  return { reason: reasonOf(deps, { end, ageMs, unprovenMs, app }), evidence };
};

const reasonOf = (
  { clock }: LifetimeDeps,
  {
    end,
    ageMs,
    unprovenMs,
    app,
  }: {
    readonly end: End | null;
    readonly ageMs: number;
    readonly unprovenMs: number;
    readonly app: App & { readonly rank: number };
  },
): Death["reason"] => {
  // The grant was proven at a time that this machine now considers the future.
  if (Math.min(ageMs, unprovenMs) < -clock.lasting(SLACK_MS)) return "clock";
  if (end !== null && clock.nowMs() >= end.expiresAtMs - clock.lasting(SLACK_MS)) return end.reason;
  if (app.rank > TOKEN_CAP) return "token_cap";
  if (unprovenMs >= clock.lasting(IDLE_LIFE_MS)) return "idle_6m";
  if (app.publishingStatus === "undeclared" && diedAtSevenDays(clock, ageMs)) return "testing_7d";
  return unprovenMs <= clock.lasting(2 * FOUND_WITHIN_MS) ? "password_or_revoked" : "unclear";
};

const diedAtSevenDays = (clock: Clock, ageMs: number): boolean =>
  ageMs >= clock.lasting(TESTING_LIFE_MS - SLACK_MS) && ageMs <= clock.lasting(TESTING_LIFE_MS + FOUND_WITHIN_MS);
