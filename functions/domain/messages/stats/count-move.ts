import { withoutMembers } from "../../without-members.ts";
import type { Message, MessageStatus, Recipient, TalliedOutcome } from "../message.ts";
import type { Counted, Counts, HourCounts } from "./counted.ts";
import { addUp, hourOf } from "./tally.ts";

/** What entering a status counts as; null if it is a step on the way. */
const COUNTED_AS: { readonly [S in MessageStatus]: Counted | null } = {
  queued: null,
  scheduled: null,
  // Counted as sent, in the ledger that the claim writes anyway.
  sending: null,
  held: "held",
  deferred: "deferred",
  unknown: "unknown",
  sent: "sent",
  failed: "failed",
  canceled: "canceled",
  expired: "expired",
};

const countIn = (recipients: readonly Recipient[], wanted: Recipient["state"]): number =>
  recipients.filter(({ state }) => state === wanted).length;

/** The claim of a message, as its server's ledger counts it: that it will be sent to everyone it still has to reach. */
export const countsOfClaim = ({ atMs, recipients }: Omit<TalliedOutcome, "as">): HourCounts => ({
  hourMs: hourOf(atMs),
  counts: { sent: 1, recipients },
});

const takenBack = ({ as, atMs, recipients }: TalliedOutcome): HourCounts => ({
  hourMs: hourOf(atMs),
  counts: as === "sent" ? { sent: -1, recipients: -recipients } : { failed: -1 },
});

const entered = (before: Message | undefined, after: Message): Counts => {
  const as = COUNTED_AS[after.status];
  const reached = countIn(after.recipients, "accepted") - countIn(before?.recipients ?? [], "accepted");
  const partly = after.status === "sent" && countIn(after.recipients, "rejected") > 0;
  return { ...(as !== null && { [as]: 1 }), recipients: reached, refused: partly ? 1 : 0 };
};

const withTallied = <M extends Message>(message: M, tallied: TalliedOutcome | undefined): M => {
  if (message.tallied === tallied && (tallied !== undefined || !("tallied" in message))) return message;
  return tallied === undefined ? withoutMembers(message, ["tallied"]) : { ...message, tallied };
};

/** What the message carries so that a later move can take back what this one counts. */
const talliedAfter = (after: Message): TalliedOutcome | undefined => {
  if (after.status === "sending") return after.tallied;
  return after.status === "failed" ? { as: "failed", atMs: after.updatedAtMs, recipients: 0 } : undefined;
};

/**
 * Finds what a move counts beyond its claim's count, and the message to write. `before` is undefined for a new message.
 * The ordinary mail counts nothing more here: it was counted as sent when it was claimed, and it is sent. Any other end
 * of a claim takes that count back from its hour, and so does a retry with the failure. Pure.
 */
export const countMove = <M extends Message>(
  before: Message | undefined,
  after: M,
): { readonly message: M; readonly counts: readonly HourCounts[] } => {
  if (before?.status === after.status) return { message: after, counts: [] };
  const earlier = before?.tallied;
  // What was claimed in one hour and sent in the next stays in the first, so that nothing has to be moved.
  const atMs = earlier?.as === "sent" && after.status === "sent" ? earlier.atMs : after.updatedAtMs;
  const counts = addUp([
    ...(earlier === undefined ? [] : [takenBack(earlier)]),
    { hourMs: hourOf(atMs), counts: entered(before, after) },
  ]);
  return { message: withTallied(after, talliedAfter(after)), counts };
};
