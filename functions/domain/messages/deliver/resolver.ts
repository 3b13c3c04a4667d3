import type { Clock } from "../../clock.ts";
import { HOUR, MINUTE } from "../../clock.ts";
import type { SentMailLookup } from "../../google/accounts.ts";
import type { SmtpReply } from "../../google/replies.ts";
import { accountAddress, canSend, grantOf, type MailServer } from "../../mail-servers/mail-server.ts";
import type { Versioned } from "../../records.ts";
import { readSettings } from "../../settings/read-settings.ts";
import { queuedNow } from "../accept/plan-message.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { finish } from "../finish.ts";
import { correctLedger } from "../limits/ledger.ts";
import type { Message, Recipient } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo, postpone } from "../moves.ts";
import { publishForDelivery } from "../publish-delivery.ts";
import { isIn, type MessageIn, type StatusBefore } from "../statuses.ts";
import { type TimelineNote, timelineNote } from "../timeline-notes.ts";
import { nextLookupMs, resendDelayMs, triedLongEnough } from "./retry-policy.ts";

/** Scopes under which `users.messages.list?q=` is answered (developers.google.com/gmail/api/reference/rest/v1/users.messages/list); `gmail.metadata` bars `q`. */
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
 * That the message lies in the sent mail says nothing of a try that was made for those whom an earlier one had not reached: all of them have the same
 * Message-ID, and which of the copies is found nobody can tell.
 */
const looksProveNothing = (recipients: readonly Recipient[]): boolean =>
  recipients.some(({ state }) => state === "accepted");

const LOOK_WHEN_RECONNECTED_MS = HOUR;
const LOOK_AGAIN_MS = MINUTE;

/** When the look after `lookups` of them is due: fixed from the loss on, so that repeated pushes do not hasten it. Null: there is none. */
const lookupDueAtMs = (clock: Pick<Clock, "lasting">, sinceMs: number, lookups: number): number | null => {
  const delayMs = nextLookupMs(lookups);
  return delayMs === undefined ? null : sinceMs + clock.lasting(delayMs);
};

/** What was lost with the reply. */
interface Loss {
  readonly recipients: readonly Recipient[];
  readonly server: MailServer | undefined;
  readonly note?: TimelineNote;
  /** What Gmail answered, where it was an error of its own and no loss. */
  readonly smtp?: SmtpReply | null;
  /** `delivery_unknown` where not said. */
  readonly problem?: string | null;
  /** A look would prove nothing: a person must decide, whatever the scopes allow. */
  readonly undecidable?: boolean;
}

/** The reply was lost: the first look is due soon, or at once it is for a person where nobody may look. Pure. */
export const enterUnknown = (
  { clock }: Pick<MoveDeps, "clock">,
  message: MessageIn<StatusBefore<"unknown">>,
  loss: Loss,
): MessageIn<"unknown"> => {
  const nowMs = clock.nowMs();
  const provesNothing = looksProveNothing(loss.recipients);
  const searchable = maySearch(loss.server) && !provesNothing;
  // `resend` without a search is due at once: `dispatch-due` takes it from there.
  const unsearchedDueAtMs = message.onUnknown === "resend" ? nowMs : null;
  const lookAtMs = searchable ? lookupDueAtMs(clock, nowMs, 0) : unsearchedDueAtMs;
  const dueAtMs = loss.undecidable === true ? null : lookAtMs;
  const goesOn = timelineNote((loss.smtp ?? null) === null ? "reply_lost" : "gmail_error");
  const forAPerson = timelineNote(provesNothing ? "search_proves_nothing" : "search_not_allowed");
  return moveTo(
    message,
    { status: "unknown", lookups: 0, sinceMs: nowMs, dueAtMs },
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

/** Those the message reached are accepted; who had been turned down for a while (a reply of their own) is still to be tried. */
export const reached = (recipients: readonly Recipient[]): readonly Recipient[] =>
  recipients.map((recipient) =>
    recipient.state === "pending" && recipient.reply === null ? { ...recipient, state: "accepted" } : recipient,
  );

/** An unknown message that is proven to have gone out: `sent`, or again for the recipients that it did not reach. */
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
  if (waiting) await publishForDelivery(deps, saved.id);
};

/** What keeps a message in doubt from being sent again, as its caller wished; null: nothing does. */
const mayNotResend = (
  clock: MoveDeps["clock"],
  value: Message,
  server: MailServer | undefined,
): TimelineNote | null => {
  if (value.expiresAtMs !== null && value.expiresAtMs <= clock.nowMs()) return timelineNote("expired_in_doubt");
  // Both would else end as `failed`, which says that nobody has it.
  if (triedLongEnough(value, clock)) return timelineNote("tried_long_enough");
  return server === undefined ? timelineNote("server_deleted_in_doubt") : null;
};

/** Under the same Message-ID; not for the first time, only after a while: a Gmail that loses every reply may have taken every copy. */
const resend = async (deps: MoveDeps, unknown: Versioned<MessageIn<"unknown">>): Promise<void> => {
  const { value } = unknown;
  const nowMs = deps.clock.nowMs();
  const dueAtMs = value.sinceMs + deps.clock.lasting(resendDelayMs(value));
  if (dueAtMs > nowMs) {
    await commitMove(deps, unknown, { after: postpone(value, dueAtMs) });
    return;
  }
  const note = timelineNote("resent");
  const saved = await commitMove(deps, unknown, { after: moveTo(value, queuedNow(deps.clock), { nowMs, note }) });
  if (saved !== undefined) await publishForDelivery(deps, saved.id);
};

/** Nothing found and no look left, or no look allowed: as the caller chose. */
const giveUpLooking = async (
  deps: MoveDeps,
  unknown: Versioned<MessageIn<"unknown">>,
  outcome: { readonly note: TimelineNote; readonly lookups: number; readonly server: MailServer | undefined },
): Promise<void> => {
  const { value } = unknown;
  const { lookups, server } = outcome;
  const obstacle = value.onUnknown === "resend" ? mayNotResend(deps.clock, value, server) : outcome.note;
  if (obstacle === null) return resend(deps, unknown);
  const state = { status: "unknown", lookups, sinceMs: value.sinceMs, dueAtMs: null } as const;
  const after = moveTo(value, state, { nowMs: deps.clock.nowMs(), note: obstacle });
  await commitMove(deps, unknown, { after, event: messageEvent("relais.message.unknown.v1", unknown.id, after) });
};

const look = async (
  deps: DeliveryDeps,
  unknown: Versioned<MessageIn<"unknown">>,
  server: MailServer,
): Promise<SentMailLookup> => {
  const token = await deps.accessTokens.obtain(unknown.value.serverId);
  // No token, no look: that is not a miss.
  if (!token.ok) return "unavailable";
  const login = { username: accountAddress(server), accessToken: token.token };
  return deps.gmailAccount.findSent(login, unknown.value.messageId);
};

/**
 * One look for an unknown message in the account's sent mail. Found: `sent`. Not found: again later, since the index lags, and after the last look as
 * `onUnknown` says. A look that failed is made again and counts for nothing. Harmless when repeated. Throws `Unavailable`.
 */
export const resolveUnknown = async (deps: DeliveryDeps, unknown: Versioned<MessageIn<"unknown">>): Promise<void> => {
  const { value } = unknown;
  const nowMs = deps.clock.nowMs();
  const dueAtMs = lookupDueAtMs(deps.clock, value.sinceMs, value.lookups);
  const server = (await deps.records.get("mailServers", value.serverId))?.value;
  // Left to a person, unless it is to be resent.
  if (value.dueAtMs === null) return;
  const provesNothing = looksProveNothing(value.recipients);
  if (provesNothing || !maySearch(server)) {
    const note = timelineNote(provesNothing ? "search_proves_nothing" : "search_not_allowed");
    return giveUpLooking(deps, unknown, { note, lookups: value.lookups, server });
  }
  if (dueAtMs === null || dueAtMs > nowMs || server === undefined) return;
  const found = canSend(server) ? await look(deps, unknown, server) : "unavailable";
  if (found === "found") {
    return confirmSent(deps, unknown, { recipients: reached(value.recipients), note: timelineNote("found_in_sent") });
  }
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

/** What `dispatch-due` makes of an expired lease that bears the mark. */
export const abandonedAfterMark = async (deps: MoveDeps, sending: Versioned<MessageIn<"sending">>): Promise<void> => {
  const server = (await deps.records.get("mailServers", sending.value.serverId))?.value;
  const after = enterUnknown(deps, sending.value, { recipients: sending.value.recipients, server });
  const event = messageEvent("relais.message.unknown.v1", sending.id, after);
  const saved = await commitMove(deps, sending, { after, event });
  if (saved === undefined) return;
  // It may have gone out, so nothing is given back but its place among the claims under way.
  const over = { id: sending.id, claimedAtMs: 0, unsent: 0, limit: null };
  await correctLedger(deps, { serverId: sending.value.serverId }, over);
};

export const isUnknown = (message: Versioned<Message>): message is Versioned<MessageIn<"unknown">> =>
  isIn(message.value, "unknown");
