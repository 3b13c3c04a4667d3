import { SECOND } from "../../clock.ts";
import { everyPage } from "../../every-record.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import { Unavailable } from "../../problem.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { Settings } from "../../settings/settings.ts";
import { unhandled } from "../../unhandled.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { each } from "../at-once.ts";
import { sweepBodies } from "../body-store.ts";
import { commitMove, eraseFinalBody } from "../commit-move.ts";
import { cutShort } from "../deliver/lease.ts";
import { abandonedAfterMark } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { expired } from "../finish.ts";
import { holdAgainAtMs } from "../hold.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { Waiting } from "../limits/limits.ts";
import type { Message } from "../message.ts";
import { latestEvent } from "../message-events.ts";
import { moveTo, pendingRecipients, postponed } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import type { MessageIn, StatusBefore } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { releaseWithinLimits, waitingOf } from "./release-limited.ts";

/** Their bodies come along, up to 100 KiB each, into an instance of 256 MiB. */
const PAGE = 50;
/** So many messages may meet a store that does not answer before the tick takes it to be down. */
const MOST_UNAVAILABLE = 8;
/** A little less than the minute between two ticks (`infra/scheduler.tf`), nominal: room that opens until the next is used in time. */
const TICK_MS = 57.5 * SECOND;

interface Tick {
  readonly settings: Settings;
  /** Each server is read once a tick. */
  readonly server: (id: string) => Promise<MailServer | undefined>;
  /** Due messages that wait for room, by server: looked at together once the rest is done. Without their bodies, for they may be many thousands. */
  readonly limited: Map<string, Waiting[]>;
  /** Until then it takes up what is due, and lets those go whose room opens meanwhile; the next tick takes over. */
  readonly endsAtMs: number;
  /** How often the store did not answer. */
  unavailable: number;
}

/** The record first, then its publication: a crash in between leaves a queued message that is due again, and nobody publishes it twice. */
const enqueue = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<"scheduled" | "deferred" | "held">>,
  note: TimelineNote | null,
): Promise<void> => {
  const after = moveTo(message.value, queuedNow(deps.clock), { nowMs: deps.clock.nowMs(), note });
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message.id);
};

/** Its publication was lost; or it is in doubt, and only `deliver-mail` may have the token that a look needs. */
const publishAgain = async (deps: MoveDeps, message: Versioned<MessageIn<"queued" | "unknown">>): Promise<void> => {
  const after = postponed(message.value, queuedNow(deps.clock).dueAtMs);
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message.id);
};

const expire = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<StatusBefore<"expired">>>,
  tick: Tick,
): Promise<void> => {
  const { retentionDays } = tick.settings;
  const after = expired(deps.clock, message.value, { nowMs: deps.clock.nowMs(), retentionDays });
  await commitMove(deps, message, { after, event: latestEvent(message.id, after) });
};

/** A lease that ran out before the mark: nothing was sent, and what the ledger counted is given back. */
const takeBack = async (deps: MoveDeps, sending: Versioned<MessageIn<"sending">>): Promise<void> => {
  const { value } = sending;
  const nowMs = deps.clock.nowMs();
  const note = timelineNote("worker_gone");
  const after = moveTo(value, queuedNow(deps.clock), { nowMs, note, attempt: cutShort(nowMs) });
  if ((await commitMove(deps, sending, { after })) === undefined) return;
  const unsent = pendingRecipients(value).length;
  const over = { id: sending.id, claimedAtMs: value.updatedAtMs, unsent, limit: null };
  await correctLedger(deps, { serverId: value.serverId }, over);
  await publishForDelivery(deps, sending.id);
};

const reconsiderHeld = async (deps: MoveDeps, held: Versioned<MessageIn<"held">>, tick: Tick): Promise<void> => {
  const server = await tick.server(held.value.serverId);
  // A server that is gone: the claim fails the message and says so.
  if (held.value.because === "limit_reached" && server !== undefined && !tick.settings.paused) {
    const others = tick.limited.get(held.value.serverId) ?? [];
    others.push(waitingOf(held));
    tick.limited.set(held.value.serverId, others);
    return;
  }
  const stuck = tick.settings.paused || (server !== undefined && !canSend(server));
  if (!stuck) return enqueue(deps, held, timelineNote("released"));
  // Under a pause no room opens: a long line need not be looked at every minute.
  const because = held.value.because === "limit_reached" ? "paused" : held.value.because;
  await commitMove(deps, held, { after: postponed(held.value, holdAgainAtMs(deps.clock, because)) });
};

const dispatchOne = async (deps: MoveDeps, message: Versioned<Message>, tick: Tick): Promise<void> => {
  const { value, ...at } = message;
  // The query for what is due finds none of a later release; this holds for any store.
  if (!isUnderstoodMessage(value)) return;
  const isLate = value.expiresAtMs !== null && value.expiresAtMs <= deps.clock.nowMs();
  switch (value.status) {
    case "queued":
      return isLate ? expire(deps, { ...at, value }, tick) : publishAgain(deps, { ...at, value });
    case "scheduled":
    case "deferred":
      return isLate ? expire(deps, { ...at, value }, tick) : enqueue(deps, { ...at, value }, null);
    case "held":
      return isLate ? expire(deps, { ...at, value }, tick) : reconsiderHeld(deps, { ...at, value }, tick);
    case "sending":
      return value.phase === "data" ? abandonedAfterMark(deps, { ...at, value }) : takeBack(deps, { ...at, value });
    case "unknown":
      return publishAgain(deps, { ...at, value });
    case "sent":
    case "failed":
    case "canceled":
    case "expired":
      return eraseFinalBody(deps, message);
    default:
      return unhandled("a status", value);
  }
};

const remembered = (deps: MoveDeps): Tick["server"] => {
  const known = new Map<string, Promise<MailServer | undefined>>();
  return (id) => {
    const server = known.get(id) ?? deps.records.get("mailServers", id).then((found) => found?.value);
    known.set(id, server);
    return server;
  };
};

/**
 * What goes wrong with one message or one server keeps no other from its turn: it is logged, and comes again at the next tick. Throws
 * `Unavailable` once the store has failed so often that it must be down.
 */
const guarded = async (
  deps: MoveDeps,
  tick: Tick,
  { about, act }: { readonly about: Readonly<Record<string, string>>; readonly act: () => Promise<unknown> },
): Promise<void> => {
  try {
    await act();
  } catch (error) {
    if (!(error instanceof Unavailable)) return deps.log.error("dispatch_defect", about, error);
    tick.unavailable += 1;
    if (tick.unavailable > MOST_UNAVAILABLE) throw error;
    deps.log.error("dispatch_put_off", about, error);
  }
};

/** Every page of what is due by now, as far as the tick gets. Answers how many messages those held. */
const takeUpDue = async (deps: MoveDeps, tick: Tick, upTo: number): Promise<number> => {
  let seen = 0;
  for await (const page of everyPage(deps.records, "messagesDue", { upTo }, { page: PAGE })) {
    await each(page, (message) =>
      guarded(deps, tick, { about: { message: message.id }, act: () => dispatchOne(deps, message, tick) }),
    );
    seen += page.length;
    if (deps.clock.nowMs() >= tick.endsAtMs) break;
  }
  return seen;
};

const releaseLine = async (deps: MoveDeps, tick: Tick, [id, due]: readonly [string, Waiting[]]): Promise<void> => {
  const value = await tick.server(id);
  if (value !== undefined) await releaseWithinLimits(deps, { id, value }, { due, untilMs: tick.endsAtMs });
};

/**
 * Looks at every message whose time has come, longest due first. May run twice at once: each move is on condition that nobody else made it, and
 * what is published twice is delivered once. Answers how many were looked at. Throws `Unavailable`; the next tick goes on.
 */
export const dispatchDue = async (deps: MoveDeps): Promise<number> => {
  const settings = await readSettings(deps.records, deps.environment);
  const upTo = deps.clock.nowMs();
  const endsAtMs = upTo + deps.clock.lasting(TICK_MS);
  const server = remembered(deps);
  const tick: Tick = { settings: settings.value, server, limited: new Map(), endsAtMs, unavailable: 0 };
  const seen = await takeUpDue(deps, tick, upTo);
  const lines = [...tick.limited].map((line) =>
    guarded(deps, tick, { about: { server: line[0] }, act: () => releaseLine(deps, tick, line) }),
  );
  await Promise.all([...lines, guarded(deps, tick, { about: {}, act: () => sweepBodies(deps) })]);
  return seen;
};
