import { hkdfSync } from "node:crypto";
import { mailboxOf } from "../address.ts";
import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records, Versioned, Write } from "../records.ts";
import { sha256Hex } from "../sha256.ts";
import type { FormerSession, Session, SessionActor, SessionId } from "./records.ts";

/** Nominal lifetimes of a session. */
export const SESSION_IDLE_MS = 12 * HOUR;
export const SESSION_MAX_MS = 7 * DAY;
export const SETUP_SESSION_MAX_MS = HOUR;
/** How long an authorization may still end under a replaced id (nominal), and how many of these are stored. */
const FORMER_LIFE_MS = 10 * MINUTE;
const MOST_FORMERS = 4;
/** `lastSeenAtMs` is written at most this often. */
const TOUCH_EVERY_MS = 5 * MINUTE;

interface SessionDeps {
  readonly clock: Clock;
  readonly records: Records;
}

/** 256 random bits as base64url: 43 characters. */
const SESSION_ID = /^[A-Za-z0-9_-]{43}$/;

/** The id in a `__session` cookie's value, or null if it is malformed. A session with this id need not exist. */
export const parseSessionId = (cookieValue: string): SessionId | null =>
  isSessionId(cookieValue) ? cookieValue : null;

const isSessionId = (text: string): text is SessionId => SESSION_ID.test(text);

/** Makes an id for a browser's cookie. It is not stored yet. */
export const newSessionId = (random: Randomness): SessionId => {
  const id = random.token(32);
  if (!isSessionId(id)) throw new Error("the source of randomness did not give 256 bits as base64url");
  return id;
};

/** The id of a session's record. It is a digest, so that nobody can make a cookie from the store. */
export const sessionKey = (sessionId: SessionId): string => sha256Hex(sessionId);

const isOver = (clock: Clock, session: Session): boolean =>
  clock.nowMs() >= session.endsAtMs || clock.nowMs() >= session.lastSeenAtMs + clock.lasting(SESSION_IDLE_MS);

const seenNow = (clock: Clock, session: Session): Session => ({
  ...session,
  lastSeenAtMs: clock.nowMs(),
  eraseAtMs: Math.min(session.endsAtMs, clock.nowMs() + clock.lasting(SESSION_IDLE_MS)),
});

/** Whether a session may still let its holder in. */
export const isLiveSession = (clock: Clock, session: Session): boolean =>
  !isOfLaterVersion("sessions", session) && !isOver(clock, session);

/** Finds a live session and notes its use. Null if it does not exist, was idle for 12 h, or is over. */
export const findSession = async (deps: SessionDeps, sessionId: SessionId): Promise<Session | null> => {
  const found = await deps.records.get("sessions", sessionKey(sessionId));
  if (found === undefined || !isLiveSession(deps.clock, found.value)) return null;
  if (deps.clock.nowMs() - found.value.lastSeenAtMs >= deps.clock.lasting(TOUCH_EVERY_MS)) await touch(deps, found);
  return found.value;
};

/** Losing the race is fine: another request has noted the use, or ended the session, which must stay ended. */
const touch = async (deps: SessionDeps, before: Versioned<Session>): Promise<void> => {
  const { id, version } = before;
  const value = seenNow(deps.clock, before.value);
  await deps.records.commit([conditionalWrite("sessions", { id, version }, value)]);
};

/** An earlier id of this browser. */
export interface FormerId {
  readonly id: SessionId;
  readonly untilMs: number;
}

/** Applies a one-time pad, derived from the present id by HKDF-SHA256 (RFC 5869) and different for each former id. */
const applyPad = (
  presentId: SessionId,
  { sessionSha256 }: Pick<FormerSession, "sessionSha256">,
  text: string,
): string => {
  const pad = Buffer.from(hkdfSync("sha256", presentId, sessionSha256, "relais former session 1", 32));
  return Buffer.from(Buffer.from(text, "base64url").map((byte, at) => byte ^ (pad[at] ?? 0))).toString("base64url");
};

const sealFormer = (presentId: SessionId, { id, untilMs }: FormerId): FormerSession => {
  const sessionSha256 = sessionKey(id);
  return { sessionSha256, paddedId: applyPad(presentId, { sessionSha256 }, id), untilMs };
};

/**
 * The recent ids of this browser, latest first. Signing in replaces the id while another tab may be at Google; that
 * tab's authorization, begun under the former id, then ends under the present one.
 */
export const formerIds = (clock: Clock, presentId: SessionId, { formers = [] }: Session): readonly FormerId[] =>
  formers.flatMap((former) => {
    const id = applyPad(presentId, former, former.paddedId);
    const good = isSessionId(id) && sessionKey(id) === former.sessionSha256 && clock.nowMs() < former.untilMs;
    return good ? [{ id, untilMs: former.untilMs }] : [];
  });

const indexFields = (actor: SessionActor): Pick<Session, "actorMailbox" | "actorSub"> =>
  actor.kind === "google" ? { actorMailbox: mailboxOf(actor.email), actorSub: actor.sub } : {};

/** A new session. Its id must go into the cookie for `maxAgeS` seconds. */
export interface NewSession {
  readonly id: SessionId;
  readonly maxAgeS: number;
  /** These create it and end the session it replaces. They must be committed before the cookie is set. */
  readonly writes: readonly Write[];
}

/**
 * Prepares a session that replaces the browser's former one, so that an id known before a sign-in is useless after it
 * (session fixation). The writes are left to the caller, to commit together with others. `earlier` lists the ids that
 * the former session itself replaced.
 */
export const newSession = (
  deps: { readonly clock: Clock; readonly random: Randomness },
  actor: SessionActor,
  former: SessionId | null,
  earlier: readonly FormerId[] = [],
): NewSession => {
  const id = newSessionId(deps.random);
  const nowMs = deps.clock.nowMs();
  const lifeMs = deps.clock.lasting(actor.kind === "setup" ? SETUP_SESSION_MAX_MS : SESSION_MAX_MS);
  const replaced = former === null ? [] : [{ id: former, untilMs: nowMs + deps.clock.lasting(FORMER_LIFE_MS) }];
  const formers = [...replaced, ...earlier].slice(0, MOST_FORMERS).map((one) => sealFormer(id, one));
  const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, endsAtMs: nowMs + lifeMs, eraseAtMs: 0 };
  const begun: Session = { actor, ...indexFields(actor), ...(formers.length > 0 && { formers }), ...times };
  const value = seenNow(deps.clock, begun);
  const create: Write = { op: "create", kind: "sessions", id: sessionKey(id), value };
  const writes =
    former === null ? [create] : [create, { op: "delete", kind: "sessions", id: sessionKey(former) } as const];
  return { id, maxAgeS: Math.max(1, Math.ceil(lifeMs / 1_000)), writes };
};

/** Commits a `newSession`. */
export const startSession = async (
  deps: SessionDeps & { readonly random: Randomness },
  actor: SessionActor,
  former: SessionId | null,
): Promise<NewSession> => {
  const session = newSession(deps, actor, former);
  await deps.records.commit(session.writes);
  return session;
};

/** Ends a session everywhere. Idempotent. */
export const endSession = async (deps: { readonly records: Records }, sessionId: SessionId): Promise<void> => {
  await deps.records.commit([{ op: "delete", kind: "sessions", id: sessionKey(sessionId) }]);
};
