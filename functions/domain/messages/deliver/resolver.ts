import type { Clock } from "../../clock.ts";
import { DAY, HOUR, MINUTE } from "../../clock.ts";
import { everyRecord } from "../../every-record.ts";
import type { SentMailLookup } from "../../google/accounts.ts";
import type { SmtpReply } from "../../google/replies.ts";
import { accountAddress, canSend, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import type { Secret } from "../../secret.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { queuedNow, scheduledOrQueued } from "../accept/plan-message.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { finish } from "../finish.ts";
import { correctLedger } from "../limits/ledger.ts";
import { hasIdOfCaller, type Message, type Recipient } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { callersTimeMs, moveTo, postpone } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { isIn, type MessageIn, type StatusBefore } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { messageIdEntry, sameMessageId } from "../views/message-search.ts";
import { nextLookupMs, resendDelayMs, triedLongEnough } from "./retry-policy.ts";

/**
 * The scopes that allow `users.messages.list?q=`; `gmail.metadata` does not
 * (developers.google.com/gmail/api/reference/rest/v1/users.messages/list).
 */
const SEARCH_SCOPES = [
  "https://mail.google.com/",
  "https://www.googleapis.com/auth/gmail.modify",
  "https://www.googleapis.com/auth/gmail.readonly",
];

const maySearch = (server: MailServer | undefined): boolean => {
  const scopes = server === undefined ? [] : (grantOf(server)?.scopes ?? []);
  return SEARCH_SCOPES.some((scope) => scopes.includes(scope));
};

/**
 * If an earlier attempt reached some recipients, a copy in the sent mail says nothing about a later one: all copies
 * have the same Message-ID.
 */
const isSearchInconclusive = (recipients: readonly Recipient[]): boolean =>
  recipients.some(({ state }) => state === "accepted");

/** Google's clock may differ from ours, and a Date drops the part of a second. */
const CLOCK_SKEW_MS = 2 * MINUTE;

/**
 * The earliest time of a copy that counts. Before its first attempt there is none of this message. Before `retention`
 * began there may be one of another message with this Message-ID whose record is gone, so that `sharesMessageId` could
 * not know of it.
 */
const copySinceMs = (clock: MoveDeps["clock"], value: Message, retentionDays: number): number =>
  Math.max(
    (value.firstTriedAtMs ?? value.createdAtMs) - CLOCK_SKEW_MS,
    clock.nowMs() - clock.lasting(retentionDays * DAY),
  );

const SHARING_PAGE = 20;

/**
 * Checks whether another message with this Message-ID may have been handed to Gmail: programs choose the ids of the
 * mail that they compose, and may use one id for several mails. It runs after the search, because the message whose
 * copy was found has had its first attempt by then.
 */
const sharesMessageId = async (deps: MoveDeps, { id, value: { messageId } }: Versioned<Message>): Promise<boolean> => {
  const searchPrefixes = messageIdEntry(messageId);
  for await (const other of everyRecord(deps.records, "messagesFound", { searchPrefixes }, { page: SHARING_PAGE })) {
    const { value } = other;
    if (other.id !== id && sameMessageId(value.messageId, messageId) && value.firstTriedAtMs !== null) return true;
  }
  return false;
};

const LOOK_WHEN_RECONNECTED_MS = HOUR;
const LOOK_AGAIN_MS = MINUTE;

/** Counts from the loss, so that repeated pushes do not hasten the search. Null after the last one. */
const lookupDueAtMs = (clock: Pick<Clock, "lasting">, sinceMs: number, lookups: number): number | null => {
  const delayMs = nextLookupMs(lookups);
  return delayMs === undefined ? null : sinceMs + clock.lasting(delayMs);
};

/** The facts about a lost reply. */
interface Loss {
  readonly recipients: readonly Recipient[];
  readonly server: MailServer | undefined;
  readonly note?: TimelineNote;
  /** Gmail's reply, if the cause was an error at Gmail and not a lost reply. */
  readonly smtp?: SmtpReply | null;
  /** The default is `delivery_unknown`. */
  readonly problem?: string | null;
  /** A search would prove nothing, so a person must decide, whatever the scopes allow. */
  readonly undecidable?: boolean;
}

/** A message that was scheduled before the doubt keeps its caller's time, so that it is not sent again before. */
const keptSchedule = (message: Message): { readonly scheduledAtMs?: number } => {
  const scheduledAtMs = callersTimeMs(message);
  return scheduledAtMs === null ? {} : { scheduledAtMs };
};

/** Puts a message in doubt. Its first search is due soon; if none is possible, a person must decide. Pure. */
export const enterUnknown = (
  { clock }: Pick<MoveDeps, "clock">,
  message: MessageIn<StatusBefore<"unknown">>,
  loss: Loss,
): MessageIn<"unknown"> => {
  const nowMs = clock.nowMs();
  const provesNothing = isSearchInconclusive(loss.recipients);
  const searchable = maySearch(loss.server) && !provesNothing;
  // `resend` without a search is due at once, so that `dispatch-due` handles it.
  const unsearchedDueAtMs = message.onUnknown === "resend" ? nowMs : null;
  const lookAtMs = searchable ? lookupDueAtMs(clock, nowMs, 0) : unsearchedDueAtMs;
  const dueAtMs = loss.undecidable === true ? null : lookAtMs;
  const goesOn = timelineNote((loss.smtp ?? null) === null ? "reply_lost" : "gmail_error");
  const forAPerson = timelineNote(provesNothing ? "search_proves_nothing" : "search_not_allowed");
  return moveTo(
    message,
    { status: "unknown", lookups: 0, sinceMs: nowMs, dueAtMs, ...keptSchedule(message) },
    {
      nowMs,
      note: loss.note ?? (dueAtMs === null ? forAPerson : goesOn),
      attempt: {
        atMs: nowMs,
        outcome: "unknown",
        smtp: loss.smtp ?? null,
        problem: loss.problem ?? "delivery_unknown",
      },
      facts: { recipients: loss.recipients },
    },
  );
};

/** Marks the recipients that the message reached. Those with a temporary refusal of their own must still be tried. */
export const markReached = (recipients: readonly Recipient[]): readonly Recipient[] =>
  recipients.map((recipient) =>
    recipient.state === "pending" && recipient.reply === null ? { ...recipient, state: "accepted" } : recipient,
  );

/** Settles an unknown message that has gone out: it becomes `sent`, or goes to the recipients still pending. */
export const confirmSent = async (
  deps: MoveDeps,
  unknown: Versioned<MessageIn<"unknown">>,
  proof: { readonly recipients: readonly Recipient[]; readonly note: TimelineNote },
): Promise<void> => {
  const nowMs = deps.clock.nowMs();
  const { recipients, note } = proof;
  const waiting = recipients.some(({ state }) => state === "pending");
  const settings = await readSettings(deps.records, deps.environment);
  const { retentionDays } = settings.value;
  const after = waiting
    ? moveTo(unknown.value, queuedNow(deps.clock), { nowMs, note, facts: { recipients } })
    : finish(deps.clock, unknown.value, { status: "sent", nowMs, note, retentionDays, facts: { recipients } });
  const event = messageEvent("relais.message.resolved.v1", unknown.id, after);
  const saved = await commitMove(deps, unknown, { after, event });
  if (saved === undefined) return;
  if (waiting) await publishForDelivery(deps, saved);
};

/** Finds what keeps a message in doubt from being resent, as its caller asked; null if nothing does. */
const resendObstacle = (
  clock: MoveDeps["clock"],
  value: Message,
  server: MailServer | undefined,
): TimelineNote | null => {
  if (value.expiresAtMs !== null && value.expiresAtMs <= clock.nowMs()) return timelineNote("expired_in_doubt");
  // Otherwise both would end as `failed`, which says that nobody has received it.
  if (triedLongEnough(value, clock)) return timelineNote("tried_long_enough");
  return server === undefined ? timelineNote("server_deleted_in_doubt") : null;
};

/**
 * Resends with the same Message-ID, but not before the caller's time. It waits before each further time: Gmail may
 * have accepted every copy so far.
 */
const resend = async (deps: MoveDeps, unknown: Versioned<MessageIn<"unknown">>): Promise<void> => {
  const { value } = unknown;
  const nowMs = deps.clock.nowMs();
  const dueAtMs = value.sinceMs + deps.clock.lasting(resendDelayMs(value));
  if (dueAtMs > nowMs) {
    await commitMove(deps, unknown, { after: postpone(value, dueAtMs) });
    return;
  }
  const state = scheduledOrQueued(deps.clock, callersTimeMs(value));
  const note = state.status === "scheduled" ? timelineNote("back_to_schedule") : timelineNote("resent");
  const saved = await commitMove(deps, unknown, { after: moveTo(value, state, { nowMs, note }) });
  if (saved?.value.status === "queued") await publishForDelivery(deps, saved);
};

/** Resends or leaves it to a person, as the caller chose, once no search is left or none is allowed. */
const giveUpLooking = async (
  deps: MoveDeps,
  unknown: Versioned<MessageIn<"unknown">>,
  outcome: { readonly note: TimelineNote; readonly lookups: number; readonly server: MailServer | undefined },
): Promise<void> => {
  const { value } = unknown;
  const { lookups, server } = outcome;
  const obstacle = value.onUnknown === "resend" ? resendObstacle(deps.clock, value, server) : outcome.note;
  if (obstacle === null) return resend(deps, unknown);
  const { sinceMs } = value;
  const state = { status: "unknown", lookups, sinceMs, dueAtMs: null, ...keptSchedule(value) } as const;
  const after = moveTo(value, state, { nowMs: deps.clock.nowMs(), note: obstacle });
  await commitMove(deps, unknown, { after, event: messageEvent("relais.message.unknown.v1", unknown.id, after) });
};

/** Searches once; if Gmail refuses the token, which may end before its time, it searches again with a new one. */
const search = async (
  deps: DeliveryDeps,
  { value }: Versioned<MessageIn<"unknown">>,
  server: MailServer,
): Promise<Exclude<SentMailLookup, "token_refused">> => {
  const { value: settings } = await readSettings(deps.records, deps.environment);
  // Nobody else knows an id that Relais has made, so any copy with it is this message's.
  const sinceMs = hasIdOfCaller(value) ? copySinceMs(deps.clock, value, settings.retentionDays) : null;
  const wanted = { messageId: value.messageId, sinceMs };
  const searchUnlike = async (refused?: Secret): Promise<SentMailLookup> => {
    const token = await deps.accessTokens.obtain(value.serverId, refused);
    // Without a token we cannot search; do not count this as "not found".
    if (!token.ok) return "unavailable";
    const login = { username: accountAddress(server), accessToken: token.token };
    const found = await deps.gmailAccount.findSent(login, wanted);
    return found === "token_refused" && refused === undefined ? searchUnlike(token.token) : found;
  };
  const found = await searchUnlike();
  return found === "token_refused" ? "unavailable" : found;
};

/**
 * Searches the account's sent mail once for an unknown message. If found, it is `sent`, unless the copy may be another
 * message's; if not, it searches again later, since the index lags, and after the last search `onUnknown` decides. A
 * failed search does not count. Safe to repeat. Throws `Unavailable`.
 */
export const resolveUnknown = async (deps: DeliveryDeps, unknown: Versioned<MessageIn<"unknown">>): Promise<void> => {
  const { value } = unknown;
  const nowMs = deps.clock.nowMs();
  const dueAtMs = lookupDueAtMs(deps.clock, value.sinceMs, value.lookups);
  const server = (await deps.records.get("mailServers", value.serverId))?.value;
  // Without a due time it is left to a person.
  if (value.dueAtMs === null) return;
  const provesNothing = isSearchInconclusive(value.recipients);
  if (provesNothing || !maySearch(server)) {
    const note = timelineNote(provesNothing ? "search_proves_nothing" : "search_not_allowed");
    return giveUpLooking(deps, unknown, { note, lookups: value.lookups, server });
  }
  if (dueAtMs === null || dueAtMs > nowMs || server === undefined) return;
  const found = canSend(server) ? await search(deps, unknown, server) : "unavailable";
  if (found === "found" && (await sharesMessageId(deps, unknown))) {
    return giveUpLooking(deps, unknown, { note: timelineNote("message_id_shared"), lookups: value.lookups, server });
  }
  if (found === "found") {
    return confirmSent(deps, unknown, {
      recipients: markReached(value.recipients),
      note: timelineNote("found_in_sent"),
    });
  }
  if (found === "unsearchable")
    return giveUpLooking(deps, unknown, { note: timelineNote("id_unsearchable"), lookups: value.lookups, server });
  if (found === "forbidden")
    return giveUpLooking(deps, unknown, { note: timelineNote("search_not_allowed"), lookups: value.lookups, server });
  if (found === "unavailable") {
    const laterMs = canSend(server) ? LOOK_AGAIN_MS : LOOK_WHEN_RECONNECTED_MS;
    await commitMove(deps, unknown, { after: postpone(value, nowMs + deps.clock.lasting(laterMs)) });
    return;
  }
  const lookups = value.lookups + 1;
  const nextAtMs = lookupDueAtMs(deps.clock, value.sinceMs, lookups);
  if (nextAtMs === null)
    return giveUpLooking(deps, unknown, { note: timelineNote("not_found_in_sent"), lookups, server });
  const next: Message = { ...value, lookups, dueAtMs: nextAtMs, updatedAtMs: nowMs };
  await commitMove(deps, unknown, { after: next });
};

/** Puts a message in doubt whose lease expired after the mark. */
export const doubtAbandoned = async (deps: MoveDeps, sending: Versioned<MessageIn<"sending">>): Promise<void> => {
  const server = (await deps.records.get("mailServers", sending.value.serverId))?.value;
  const after = enterUnknown(deps, sending.value, { recipients: sending.value.recipients, server });
  const event = messageEvent("relais.message.unknown.v1", sending.id, after);
  const saved = await commitMove(deps, sending, { after, event });
  if (saved === undefined) return;
  // It may have gone out, so only its place among the claims under way is given back.
  const over = { id: sending.id, claimedAtMs: 0, unsent: 0, limit: null };
  await correctLedger(deps, { serverId: sending.value.serverId }, over);
};

export const isUnknown = (message: Versioned<Message>): message is Versioned<MessageIn<"unknown">> =>
  isIn(message.value, "unknown");
