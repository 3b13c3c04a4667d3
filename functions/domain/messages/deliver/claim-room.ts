import { SECOND } from "../../clock.ts";
import { limitsOf } from "../../mail-servers/limits.ts";
import type { MailServer } from "../../mail-servers/mail-server.ts";
import type { Announcement } from "../../publisher.ts";
import type { Versioned } from "../../records.ts";
import { commitMove } from "../commit-move.ts";
import type { DeliveryDeps, MoveDeps } from "../delivery-deps.ts";
import { hold } from "../hold.ts";
import { ledgerWrite, type StoredLedger } from "../limits/ledger.ts";
import { type Demand, type Reservation, reserve } from "../limits/reserve.ts";
import { hasRoomNow } from "../limits/room.ts";
import type { Message } from "../message.ts";
import { announceMove } from "../message-events.ts";
import { moveTo, pendingRecipients } from "../moves.ts";
import { publishRoom } from "../publish-delivery.ts";
import { countsOfClaim } from "../stats/count-move.ts";
import type { HourCounts } from "../stats/counted.ts";
import { tallyInLedger } from "../stats/ledger-tally.ts";
import type { MessageIn } from "../statuses.ts";
import type { Facts } from "./instance-memory.ts";
import { type Claimable, type ClaimOutcome, leaseEndMs } from "./lease.ts";

/** A message waits for room that opens this soon, which saves a move to `held` and back. Nominal. */
export const WAIT_FOR_ROOM_MS = 5 * SECOND;

/** Moves a message to `sending`. The fence grows, because every claim ends in a recorded attempt. */
const enterSending = (
  deps: MoveDeps,
  message: Claimable["value"],
  counted: Pick<Demand, "atMs" | "recipients">,
): MessageIn<"sending"> =>
  moveTo(
    message,
    { status: "sending", phase: "claimed", fence: message.attempts.length + 1, dueAtMs: leaseEndMs(deps) },
    {
      nowMs: counted.atMs,
      facts: { firstTriedAtMs: message.firstTriedAtMs ?? counted.atMs, tallied: { as: "sent", ...counted } },
    },
  );

type Ready = Facts & { readonly server: Versioned<MailServer> };

const demandOf = (deps: DeliveryDeps, message: Versioned<Message>, server: MailServer): Demand => ({
  atMs: deps.clock.nowMs(),
  id: message.id,
  createdAtMs: message.value.createdAtMs,
  recipients: pendingRecipients(message.value).length,
  limits: limitsOf(server),
  // The mark renews the lease, at the latest when the first one ends.
  untilMs: 2 * leaseEndMs(deps) - deps.clock.nowMs(),
  ahead: deps.memory.claimsAhead,
});

interface Change {
  readonly value: Message;
  readonly ledger: StoredLedger;
  readonly after: StoredLedger["value"];
  readonly event?: Announcement | null;
  readonly counted?: readonly HourCounts[];
  readonly early?: boolean;
}

/** Commits message and ledger together, so that there is no uncounted claim and no count without its claim. */
const commitWithLedger = async (
  deps: DeliveryDeps,
  message: Versioned<Message>,
  { value, ledger, after, event = null, counted = [], early = false }: Change,
): Promise<string | undefined> => {
  const { serverId } = message.value;
  const also = after === ledger.value ? [] : [ledgerWrite(serverId, ledger, after)];
  const moved = await commitMove(deps, message, { after: value, event, also, counted, early });
  const { ledgers } = deps.memory;
  if (moved === undefined) ledgers.note(serverId, undefined);
  else if (also.length > 0) ledgers.note(serverId, { value: after, version: moved.also[0] ?? "" });
  return moved?.version;
};

/** Holds a message until there is room, and records its place in the line. */
const waitInLine = async (
  deps: DeliveryDeps,
  message: Claimable,
  full: {
    readonly room: Extract<Reservation, { kind: "full" }>;
    readonly ledger: StoredLedger;
    readonly open: boolean;
  },
): Promise<ClaimOutcome> => {
  const { after, untilMs } = full.room;
  const cause = { because: "limit_reached", problem: "limit_reached", ...(untilMs !== null && { untilMs }) } as const;
  const value = hold(deps.clock, message.value, cause);
  if ((await commitWithLedger(deps, message, { value, ledger: full.ledger, after })) === undefined)
    return { kind: "lost" };
  await announceMove(deps, { id: message.id, value });
  // It only waits behind others, although there is room: the limit was lifted, so the whole line may go.
  if (untilMs === null && full.open) await publishRoom(deps, message.value.serverId);
  return { kind: "set_aside" };
};

const quotaWarning = (server: string): Announcement => ({
  type: "relais.server.quota_warning.v1",
  subject: server,
  data: { server },
});

/**
 * Claims a message if its server's ledger has room. Only a `fresh` ledger, which was just read, may refuse it, and a
 * remembered one by whose places nobody else can free.
 */
export const claimWith = async (
  deps: DeliveryDeps,
  message: Claimable,
  { server, settings, ledger, fresh }: Ready & { readonly ledger: StoredLedger; readonly fresh: boolean },
): Promise<ClaimOutcome> => {
  const demand = demandOf(deps, message, server.value);
  const room = reserve(deps.clock, ledger.value, demand);
  if (room.kind === "busy" && deps.memory.ledgers.isAlone) return { kind: "busy" };
  if (room.kind !== "room" && !fresh) return { kind: "lost" };
  if (room.kind === "busy") return { kind: "busy" };
  if (room.kind === "full") {
    const soonMs = deps.clock.nowMs() + deps.clock.lasting(WAIT_FOR_ROOM_MS);
    if (room.untilMs !== null && room.untilMs <= soonMs) return { kind: "soon", atMs: room.untilMs };
    const open = hasRoomNow(deps.clock, ledger.value, { limits: demand.limits, wanted: demand.recipients });
    return waitInLine(deps, message, { room, ledger, open });
  }
  const counted = { atMs: demand.atMs, recipients: demand.recipients };
  const value = enterSending(deps, message.value, counted);
  const event = room.warn ? quotaWarning(message.value.serverId) : null;
  const { after, moved } = tallyInLedger(deps.clock, room.after, countsOfClaim(counted));
  // A power cut may take back a claim: nothing goes out before the mark, which is durable and comes after it.
  const change = { value, ledger, after, event, counted: moved, early: true };
  const version = await commitWithLedger(deps, message, change);
  if (version === undefined) return { kind: "lost" };
  deps.memory.places.note(message.value.serverId, message.id);
  const claim = { message: { id: message.id, value, version }, server, settings, counted };
  return { kind: "claimed", claim };
};
