import { hkdfSync } from "node:crypto";
import { mailboxOf } from "../address.ts";
import { conditionalWrite } from "../change-on-condition.ts";
import { type Clock, DAY, HOUR, MINUTE } from "../clock.ts";
import type { Randomness } from "../randomness.ts";
import { isOfLaterVersion } from "../record-version.ts";
import type { Records, Versioned, Write } from "../records.ts";
import { sha256Hex } from "../sha256.ts";
import type { FormerSession, Session, SessionActor, SessionId } from "./records.ts";

/** Nominal lifetimes of a session (contract, section 2). */
export const SESSION_IDLE_MS = 12 * HOUR;
export const SESSION_MAX_MS = 7 * DAY;
export const SETUP_SESSION_MAX_MS = HOUR;
/** How long a replaced id still binds an authorization (nominal), and how many of them are kept. */
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

/** The id in a `__session` cookie's value, or null where it cannot be one. Says nothing about a session existing. */
export const parseSessionId = (cookieValue: string): SessionId | null =>
  isSessionId(cookieValue) ? cookieValue : null;

const isSessionId = (text: string): text is SessionId => SESSION_ID.test(text);

/** For the cookie of a browser. Nothing is stored of it yet. */
export const newSessionId = (random: Randomness): SessionId => {
  const id = random.token(32);
  if (!isSessionId(id)) throw new Error("the source of randomness did not give 256 bits as base64url");
  return id;
};

/** Under what a session is stored: whoever reads the store cannot make a cookie from it. */
export const sessionKey = (sessionId: SessionId): string => sha256Hex(sessionId);

const isOver = (clock: Clock, session: Session): boolean =>
  clock.nowMs() >= session.endsAtMs || clock.nowMs() >= session.lastSeenAtMs + clock.lasting(SESSION_IDLE_MS);

const seenNow = (clock: Clock, session: Session): Session => ({
  ...session,
  lastSeenAtMs: clock.nowMs(),
  eraseAtMs: Math.min(session.endsAtMs, clock.nowMs() + clock.lasting(SESSION_IDLE_MS)),
});

/** The live session of that id, or null: never begun, ended, 12 h idle, or at its end. Notes that it was seen. */
export const findSession = async (deps: SessionDeps, sessionId: SessionId): Promise<Session | null> => {
  const kept = await deps.records.get("sessions", sessionKey(sessionId));
  if (kept === undefined || isOfLaterVersion("sessions", kept.value) || isOver(deps.clock, kept.value)) return null;
  if (deps.clock.nowMs() - kept.value.lastSeenAtMs >= deps.clock.lasting(TOUCH_EVERY_MS)) await touch(deps, kept);
  return kept.value;
};

/** Losing the race is fine: someone else noted it, or ended the session, which must stand. */
const touch = async (deps: SessionDeps, kept: Versioned<Session>): Promise<void> => {
  const { id, version } = kept;
  const value = seenNow(deps.clock, kept.value);
  await deps.records.commit([conditionalWrite("sessions", { id, version }, value)]);
};

/** An id that this browser held before. */
export interface FormerId {
  readonly id: SessionId;
  readonly untilMs: number;
}

/** HKDF-SHA256 (RFC 5869) over the 256 random bits of the present id, for each former id another one: a one-time pad. */
const padded = (
  presentId: SessionId,
  { sessionSha256 }: Pick<FormerSession, "sessionSha256">,
  text: string,
): string => {
  const pad = Buffer.from(hkdfSync("sha256", presentId, sessionSha256, "relais former session 1", 32));
  return Buffer.from(Buffer.from(text, "base64url").map((byte, at) => byte ^ (pad[at] ?? 0))).toString("base64url");
};

const keepFormer = (presentId: SessionId, { id, untilMs }: FormerId): FormerSession => {
  const sessionSha256 = sessionKey(id);
  return { sessionSha256, paddedId: padded(presentId, { sessionSha256 }, id), untilMs };
};

/**
 * The ids that this browser held a short while ago, latest first. Signing in replaces the id while another tab may be at Google: what began there
 * under the former id ends under the present one.
 */
export const formerIds = (clock: Clock, presentId: SessionId, { formers = [] }: Session): readonly FormerId[] =>
  formers.flatMap((former) => {
    const id = padded(presentId, former, former.paddedId);
    const good = isSessionId(id) && sessionKey(id) === former.sessionSha256 && clock.nowMs() < former.untilMs;
    return good ? [{ id, untilMs: former.untilMs }] : [];
  });

const indexFields = (actor: SessionActor): Pick<Session, "actorMailbox" | "actorSub"> =>
  actor.kind === "google" ? { actorMailbox: mailboxOf(actor.email), actorSub: actor.sub } : {};

/** A session just begun: put its id into the cookie for `maxAgeS` seconds (until its certain end). */
export interface NewSession {
  readonly id: SessionId;
  readonly maxAgeS: number;
  /** What makes it stand, and ends the one it replaces; to be committed before the cookie is set. */
  readonly writes: readonly Write[];
}

/**
 * A new session, in place of the browser's former one where there was one: an id known before a sign-in is worth nothing after it
 * (session fixation). Nothing is written yet, so that it can be committed together with what it rests on. `earlier`: what the former session
 * itself replaced.
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
  const formers = [...replaced, ...earlier].slice(0, MOST_FORMERS).map((one) => keepFormer(id, one));
  const times = { createdAtMs: nowMs, lastSeenAtMs: nowMs, endsAtMs: nowMs + lifeMs, eraseAtMs: 0 };
  const begun: Session = { actor, ...indexFields(actor), ...(formers.length > 0 && { formers }), ...times };
  const value = seenNow(deps.clock, begun);
  const create: Write = { op: "create", kind: "sessions", id: sessionKey(id), value };
  const writes =
    former === null ? [create] : [create, { op: "delete", kind: "sessions", id: sessionKey(former) } as const];
  return { id, maxAgeS: Math.max(1, Math.ceil(lifeMs / 1_000)), writes };
};

/** `newSession`, committed. */
export const startSession = async (
  deps: SessionDeps & { readonly random: Randomness },
  actor: SessionActor,
  former: SessionId | null,
): Promise<NewSession> => {
  const session = newSession(deps, actor, former);
  await deps.records.commit(session.writes);
  return session;
};

/** Ends it everywhere. Idempotent. */
export const endSession = async (deps: { readonly records: Records }, sessionId: SessionId): Promise<void> => {
  await deps.records.commit([{ op: "delete", kind: "sessions", id: sessionKey(sessionId) }]);
};
