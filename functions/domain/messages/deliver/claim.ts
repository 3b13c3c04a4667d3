import { changeOnCondition, unlessContended } from "../../change-on-condition.ts";
import { MINUTE, SECOND } from "../../clock.ts";
import { limitsOf } from "../../mail-servers/limits.ts";
import { canSend, type MailServer } from "../../mail-servers/mail-server.ts";
import { isUnderstoodServer } from "../../mail-servers/understood.ts";
import { Contended } from "../../problem.ts";
import type { Announcement } from "../../publisher.ts";
import type { Versioned } from "../../records.ts";
import type { Settings } from "../../settings/settings.ts";
import { isKept } from "../accept/from-coverage.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { expired, type GivenUp, givenUp } from "../finish.ts";
import { held } from "../hold.ts";
import { type KeptLedger, ledgerWrite, readLedger } from "../limits/ledger.ts";
import { type Demand, hasRoomNow, type Reservation, reserved } from "../limits/limits.ts";
import { foldAddress } from "../mailbox.ts";
import type { Attempt, Message } from "../message.ts";
import { messageEvent } from "../message-events.ts";
import { moveTo, pendingRecipients } from "../moves.ts";
import { publishRoom } from "../publish-delivery.ts";
import { type ClaimableStatus, isClaimable, type MessageIn } from "../statuses.ts";
import { isUnderstoodMessage } from "../understood.ts";
import type { Facts } from "./instance-memory.ts";
import { triedLongEnough } from "./retry-policy.ts";

/** Longer than the function that delivers may run (300 s), so that a lease expires only under a worker that is gone. Nominal. */
export const LEASE_MS = 6 * MINUTE;
/** Time-outs of the network are never scaled below a second each; the lease has to outlast some of them. */
const SHORTEST_LEASE_MS = 5 * SECOND;

export const leaseEndMs = ({ clock }: Pick<MoveDeps, "clock">): number =>
  clock.nowMs() + Math.max(clock.lasting(LEASE_MS), SHORTEST_LEASE_MS);

export interface Claim {
  readonly message: Versioned<Message> & { readonly value: MessageIn<"sending"> };
  readonly server: { readonly id: string; readonly value: MailServer };
  readonly settings: Settings;
  /** What the ledger was charged, and when. */
  readonly counted: { readonly atMs: number; readonly recipients: number };
}

/** What a worker that died without a mark leaves behind among the attempts. */
export const cutShort = (nowMs: number): Attempt => ({
  atMs: nowMs,
  outcome: "deferred",
  smtp: null,
  problem: "timed_out",
});

type Claimable = Versioned<MessageIn<ClaimableStatus>>;

/** A server in error needs something else than a reconnect: its reason says what. */
const unservingProblem = (server: MailServer): string => {
  const { connection } = server;
  if (!isUnderstoodServer(server)) return "newer_version";
  if (connection.state === "error") return connection.reason;
  return connection.state === "not_connected" ? "not_connected" : "reconnect_required";
};

/** Why it must not be tried now: the message as it then stands, and the event to announce. Null: nothing is in the way. */
const obstacle = (
  deps: MoveDeps,
  message: Claimable,
  { server, settings }: Facts,
): GivenUp | { readonly after: Message; readonly event: "held" } | null => {
  const nowMs = deps.clock.nowMs();
  const end = { nowMs, retentionDays: settings.retentionDays };
  const { value } = message;
  const failed = (problem: string): GivenUp =>
    givenUp(deps.clock, value, { ...end, otherwise: "failed", attempt: { atMs: nowMs, smtp: null, problem } });
  if (value.expiresAtMs !== null && value.expiresAtMs <= nowMs) return expired(deps.clock, value, end);
  if (triedLongEnough(value, deps.clock)) return failed("attempts_exhausted");
  if (server === undefined) return failed("server_unavailable");
  if (settings.paused || !server.value.active) {
    return { after: held(deps.clock, value, { because: "paused", problem: "paused" }), event: "held" };
  }
  if (!canSend(server.value)) {
    const hold = { because: "reconnect_required", problem: unservingProblem(server.value) } as const;
    return { after: held(deps.clock, value, hold), event: "held" };
  }
  // It was a verified address when the message was accepted, and the account may be another since: Gmail would rewrite it without a word.
  return isKept(server.value, foldAddress(value.from)) ? null : failed("sender_refused");
};

/** The message as claimed. The fence grows because every claim ends in an attempt that is written down, be it as cut short. */
const claimed = (deps: MoveDeps, message: Claimable["value"], nowMs: number): MessageIn<"sending"> =>
  moveTo(
    message,
    { status: "sending", phase: "claimed", fence: message.attempts.length + 1, dueAtMs: leaseEndMs(deps) },
    { nowMs, facts: { firstTriedAtMs: message.firstTriedAtMs ?? nowMs } },
  );

const setAside = async (
  deps: MoveDeps,
  before: Versioned<Message>,
  { after, event }: NonNullable<ReturnType<typeof obstacle>>,
): Promise<boolean> => {
  const saved = await commitMove(deps, before, { after });
  if (saved !== undefined) await deps.announce(messageEvent(`relais.message.${event}.v1`, before.id, after));
  return saved !== undefined;
};

/** Room that opens so soon is waited for, instead of a move to `held` and back. Nominal. */
export const WAIT_FOR_ROOM_MS = 5 * SECOND;
/** How long a message waits for others of its account to be through, nominal; with its shortest in real time. */
const WAIT_FOR_TURN_MS = 20 * SECOND;
const SHORTEST_WAIT_MS = 2 * SECOND;
const SHORTEST_LOOK_MS = 20;

/** `lost`: somebody wrote in between. `full`, `busy`: as the ledger says, after the facts were looked at afresh. */
type Tried =
  | { readonly kind: "claimed"; readonly claim: Claim }
  | { readonly kind: "set_aside" | "lost" | "busy" }
  | { readonly kind: "soon"; readonly atMs: number };

type Ready = Facts & { readonly server: Versioned<MailServer> };

const demandOf = (deps: MoveDeps, message: Versioned<Message>, server: MailServer): Demand => ({
  atMs: deps.clock.nowMs(),
  id: message.id,
  createdAtMs: message.value.createdAtMs,
  recipients: pendingRecipients(message.value).length,
  limits: limitsOf(server),
  // The mark begins the lease anew, at the latest as the first ends.
  untilMs: 2 * leaseEndMs(deps) - deps.clock.nowMs(),
});

interface Change {
  readonly value: Message;
  readonly ledger: KeptLedger;
  readonly after: KeptLedger["value"];
  readonly event?: Announcement | null;
}

/** Message and ledger in one commit: neither a claim that was not counted nor a count without its claim. */
const commitBoth = async (
  deps: DeliveryDeps,
  message: Versioned<Message>,
  { value, ledger, after, event = null }: Change,
): Promise<string | undefined> => {
  const { serverId } = message.value;
  const also = after === ledger.value ? [] : [ledgerWrite(serverId, ledger, after)];
  const moved = await commitMove(deps, message, { after: value, event, also });
  const { ledgers } = deps.memory;
  if (moved === undefined) ledgers.note(serverId, undefined);
  else if (also.length > 0) ledgers.note(serverId, { value: after, version: moved.also[0] ?? "" });
  return moved?.version;
};

/** Held, with a place in the line where it is the first. */
const waitInLine = async (
  deps: DeliveryDeps,
  message: Claimable,
  full: { readonly room: Extract<Reservation, { kind: "full" }>; readonly ledger: KeptLedger; readonly open: boolean },
): Promise<Tried> => {
  const { after, untilMs } = full.room;
  const hold = { because: "limit_reached", problem: "limit_reached", ...(untilMs !== null && { untilMs }) } as const;
  const value = held(deps.clock, message.value, hold);
  if ((await commitBoth(deps, message, { value, ledger: full.ledger, after })) === undefined) return { kind: "lost" };
  await deps.announce(messageEvent("relais.message.held.v1", message.id, value));
  // Behind others alone, although there is room: the limit that they waited for was lifted, so they may all go.
  if (untilMs === null && full.open) await publishRoom(deps, message.value.serverId);
  return { kind: "set_aside" };
};

const quotaWarning = (server: string): Announcement => ({
  type: "relais.server.quota_warning.v1",
  subject: server,
  data: { server },
});

/** With a ledger in hand. `fresh`: it was just read, so that it may be refused by. */
const claimWith = async (
  deps: DeliveryDeps,
  message: Claimable,
  { server, settings, ledger, fresh }: Ready & { readonly ledger: KeptLedger; readonly fresh: boolean },
): Promise<Tried> => {
  const demand = demandOf(deps, message, server.value);
  const room = reserved(deps.clock, ledger.value, demand);
  if (room.kind !== "room" && !fresh) return { kind: "lost" };
  if (room.kind === "busy") return { kind: "busy" };
  if (room.kind === "full") {
    const soonMs = deps.clock.nowMs() + deps.clock.lasting(WAIT_FOR_ROOM_MS);
    if (room.untilMs !== null && room.untilMs <= soonMs) return { kind: "soon", atMs: room.untilMs };
    const open = hasRoomNow(deps.clock, ledger.value, { limits: demand.limits, wanted: demand.recipients });
    return waitInLine(deps, message, { room, ledger, open });
  }
  const counted = { atMs: demand.atMs, recipients: demand.recipients };
  const value = claimed(deps, message.value, counted.atMs);
  const event = room.warn ? quotaWarning(message.value.serverId) : null;
  const version = await commitBoth(deps, message, { value, ledger, after: room.after, event });
  if (version === undefined) return { kind: "lost" };
  const claim = { message: { id: message.id, value, version }, server, settings, counted };
  return { kind: "claimed", claim };
};

/** One try of the claim. The first goes by what is remembered; whatever that refuses is looked at afresh by the next. */
const tryClaim = async (deps: DeliveryDeps, message: Claimable, fresh: boolean): Promise<Tried> => {
  const { memory, records } = deps;
  const serverId = message.value.serverId;
  const facts = await (fresh ? memory.readFacts(deps, serverId) : memory.recallFacts(deps, serverId));
  const { server, settings } = facts;
  const found = obstacle(deps, message, facts);
  if (found !== null || server === undefined) {
    if (found === null || !fresh) return { kind: "lost" };
    return { kind: (await setAside(deps, message, found)) ? "set_aside" : "lost" };
  }
  return memory.ledgers.inTurn(serverId, async () => {
    const known = fresh ? undefined : memory.ledgers.known(serverId);
    const ledger = known ?? (await readLedger(records, serverId));
    return claimWith(deps, message, { server, settings, ledger, fresh });
  });
};

const leave = ({ log }: DeliveryDeps, id: string): undefined => {
  log.warn("later_record_left", { kind: "messages", id });
};

/** One try after the other while the account is busy; the record says that the message is still to be sent. */
const claimInTime = async (
  deps: DeliveryDeps,
  id: string,
  { fresh, waitUntilMs }: { readonly fresh: boolean; readonly waitUntilMs: number },
): Promise<Claim | undefined | "contended"> => {
  const { clock, random } = deps;
  for (;;) {
    const message = await deps.records.get("messages", id);
    if (message === undefined) return undefined;
    const { value, version } = message;
    if (!isClaimable(value, clock.nowMs())) return undefined;
    if (!isUnderstoodMessage(value)) return leave(deps, id);
    const tried = await tryClaim(deps, { id, value, version }, fresh);
    if (tried.kind === "set_aside") return undefined;
    if (tried.kind === "claimed") return tried.claim;
    if (tried.kind === "lost") return "contended";
    if (clock.nowMs() >= waitUntilMs) throw new Contended("claim a message");
    // Others of the account are under way, or the next has room in a moment.
    const busyMs = clock.lasting(SECOND) * (0.5 + random.fraction());
    await clock.sleep(
      tried.kind === "soon" ? Math.max(1, tried.atMs - clock.nowMs()) : Math.max(SHORTEST_LOOK_MS, busyMs),
    );
  }
};

/**
 * Takes a message for sending, under a lease. Undefined: there is nothing to do, it was set aside (held, expired, failed), which is written down
 * and announced, or too many want the account: then it stays queued, and `dispatch-due` publishes it again. Throws `Unavailable`.
 */
export const claimMessage = async (deps: DeliveryDeps, id: string): Promise<Claim | undefined> => {
  const { clock } = deps;
  const waitUntilMs = clock.nowMs() + Math.max(SHORTEST_WAIT_MS, clock.lasting(WAIT_FOR_TURN_MS));
  const work = changeOnCondition<Claim | undefined>(deps, "claim a message", async (lost) => {
    // What is remembered may be out of date, and is then looked at afresh without a pause.
    const first = lost === 0 ? await claimInTime(deps, id, { fresh: false, waitUntilMs }) : "contended";
    return first === "contended" ? claimInTime(deps, id, { fresh: true, waitUntilMs }) : first;
  });
  return unlessContended(work, () => deps.log.warn("claim_contended", { message: id }));
};
