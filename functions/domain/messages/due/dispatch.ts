import { SECOND } from "../../clock.ts";
import { everyPage } from "../../every-record.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import { Unavailable } from "../../problem.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import type { Settings } from "../../settings/settings.ts";
import { unhandled } from "../../unhandled.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { sweepBodies } from "../body-store.ts";
import { commitMove, eraseFinalBody } from "../commit-move.ts";
import { interruptedAttempt } from "../deliver/lease.ts";
import { doubtAbandoned } from "../deliver/resolver.ts";
import type { MoveDeps } from "../delivery-deps.ts";
import { expire } from "../finish.ts";
import { holdAgainAtMs } from "../hold.ts";
import { forEachInBatches } from "../in-batches.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { Waiting } from "../limits/promise-room.ts";
import type { Message } from "../message.ts";
import { latestEvent } from "../message-events.ts";
import { moveTo, pendingRecipients, postpone } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { flushDueTallies } from "../stats/ledger-tally.ts";
import type { MessageIn, StatusBefore } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { isUnderstoodMessage } from "../understood.ts";
import { releaseWithinLimits, waitingEntry } from "./release-limited.ts";

/** The pages are small: each message carries a body of up to 100 KiB, and the instance has 256 MiB. */
const PAGE = 50;
/** The number of failed messages after which the tick takes the store to be down. */
const MOST_UNAVAILABLE = 8;
/** How long a tick releases messages as room opens: just under a minute, when the next one starts. Nominal. */
const TICK_MS = 57.5 * SECOND;

interface Tick {
  readonly settings: Settings;
  /** Reads each server once a tick. */
  readonly server: (id: string) => Promise<MailServer | undefined>;
  /** Due messages that wait for room, by server, handled last. They may be many thousands, so bodies are left out. */
  readonly limited: Map<string, Waiting[]>;
  /** When this tick stops and leaves the rest to the next one. */
  readonly endsAtMs: number;
  /** How often the store was unavailable. */
  unavailable: number;
}

/** Writes the record before it publishes: a crash in between leaves a queued message that becomes due again. */
const enqueue = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<"scheduled" | "deferred" | "held">>,
  note: TimelineNote | null,
): Promise<void> => {
  const after = moveTo(message.value, queuedNow(deps.clock), { nowMs: deps.clock.nowMs(), note });
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message);
};

/** A queued message lost its publication. An unknown one needs a search, for which only `deliver-mail` has a token. */
const publishAgain = async (deps: MoveDeps, message: Versioned<MessageIn<"queued" | "unknown">>): Promise<void> => {
  const after = postpone(message.value, queuedNow(deps.clock).dueAtMs);
  if ((await commitMove(deps, message, { after })) !== undefined) await publishForDelivery(deps, message);
};

const expireDue = async (
  deps: MoveDeps,
  message: Versioned<MessageIn<StatusBefore<"expired">>>,
  tick: Tick,
): Promise<void> => {
  const { retentionDays } = tick.settings;
  const after = expire(deps.clock, message.value, { nowMs: deps.clock.nowMs(), retentionDays });
  await commitMove(deps, message, { after, event: latestEvent(message.id, after) });
};

/** Queues a message whose lease expired before the mark. Nothing was sent, so the ledger gets its count back. */
const requeueAbandoned = async (deps: MoveDeps, sending: Versioned<MessageIn<"sending">>): Promise<void> => {
  const { value } = sending;
  const nowMs = deps.clock.nowMs();
  const note = timelineNote("worker_gone");
  const after = moveTo(value, queuedNow(deps.clock), { nowMs, note, attempt: interruptedAttempt(nowMs) });
  if ((await commitMove(deps, sending, { after })) === undefined) return;
  const unsent = pendingRecipients(value).length;
  const over = { id: sending.id, claimedAtMs: value.updatedAtMs, unsent, limit: null };
  await correctLedger(deps, { serverId: value.serverId }, over);
  await publishForDelivery(deps, sending);
};

const reconsiderHeld = async (deps: MoveDeps, held: Versioned<MessageIn<"held">>, tick: Tick): Promise<void> => {
  const server = await tick.server(held.value.serverId);
  // If the server is gone, the message is queued all the same: the claim then fails it with the reason.
  if (held.value.because === "limit_reached" && server !== undefined && !tick.settings.paused) {
    const others = tick.limited.get(held.value.serverId) ?? [];
    others.push(waitingEntry(held));
    tick.limited.set(held.value.serverId, others);
    return;
  }
  const stuck = tick.settings.paused || (server !== undefined && !canSend(server));
  if (!stuck) return enqueue(deps, held, timelineNote("released"));
  // No room opens during a pause, so a long line need not be read every minute.
  const because = held.value.because === "limit_reached" ? "paused" : held.value.because;
  await commitMove(deps, held, { after: postpone(held.value, holdAgainAtMs(deps.clock, because)) });
};

const dispatchOne = async (deps: MoveDeps, message: Versioned<Message>, tick: Tick): Promise<void> => {
  const { value, ...at } = message;
  // The query should not return messages of a later release; this check does not depend on the store.
  if (!isUnderstoodMessage(value)) return;
  const isLate = value.expiresAtMs !== null && value.expiresAtMs <= deps.clock.nowMs();
  switch (value.status) {
    case "queued":
      return isLate ? expireDue(deps, { ...at, value }, tick) : publishAgain(deps, { ...at, value });
    case "scheduled":
    case "deferred":
      return isLate ? expireDue(deps, { ...at, value }, tick) : enqueue(deps, { ...at, value }, null);
    case "held":
      return isLate ? expireDue(deps, { ...at, value }, tick) : reconsiderHeld(deps, { ...at, value }, tick);
    case "sending":
      return value.phase === "data" ? doubtAbandoned(deps, { ...at, value }) : requeueAbandoned(deps, { ...at, value });
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

const cacheServers = (deps: MoveDeps): Tick["server"] => {
  const known = new Map<string, Promise<MailServer | undefined>>();
  return (id) => {
    const server = known.get(id) ?? deps.records.get("mailServers", id).then((found) => found?.value);
    known.set(id, server);
    return server;
  };
};

/**
 * Logs a failure with one message or server, so that it does not stop the others; the next tick tries again. Throws
 * `Unavailable` once the store has failed so often that it must be down.
 */
const runIsolated = async (
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

/** Dispatches what is due, page by page, until the tick ends. Returns how many messages it handled. */
const dispatchPages = async (deps: MoveDeps, tick: Tick, upTo: number): Promise<number> => {
  let seen = 0;
  for await (const page of everyPage(deps.records, "messagesDue", { upTo }, { page: PAGE })) {
    await forEachInBatches(page, (message) =>
      runIsolated(deps, tick, { about: { message: message.id }, act: () => dispatchOne(deps, message, tick) }),
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
 * Handles every message that is due, longest due first, and returns how many. Safe to run twice at once: each move is
 * conditional, and a message that is published twice is delivered once. Throws `Unavailable`; the next tick goes on.
 */
export const dispatchDue = async (deps: MoveDeps): Promise<number> => {
  const settings = await readSettings(deps.records, deps.environment);
  const upTo = deps.clock.nowMs();
  const endsAtMs = upTo + deps.clock.lasting(TICK_MS);
  const server = cacheServers(deps);
  const tick: Tick = { settings: settings.value, server, limited: new Map(), endsAtMs, unavailable: 0 };
  const seen = await dispatchPages(deps, tick, upTo);
  const lines = [...tick.limited].map((line) =>
    runIsolated(deps, tick, { about: { server: line[0] }, act: () => releaseLine(deps, tick, line) }),
  );
  const upkeep = [() => sweepBodies(deps), () => flushDueTallies(deps, endsAtMs)].map((act) =>
    runIsolated(deps, tick, { about: {}, act }),
  );
  await Promise.all([...lines, ...upkeep]);
  return seen;
};
