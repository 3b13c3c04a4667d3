import { type Clock, HOUR, isoTime, MINUTE } from "../clock.ts";
import type { SmtpReply } from "../google/replies.ts";
import type { HeldBecause } from "./message.ts";
import { moveTo } from "./moves.ts";
import type { MessageIn, StatusBefore } from "./statuses.ts";
import { type TimelineNote, timelineNote } from "./timeline-notes.ts";

/**
 * How soon `dispatch-due` looks whether a held message may go: the release itself comes with the event that makes it possible (a reconnect, an
 * operator's "resume"); this is only for the case that the event was lost. Nominal.
 */
const LOOK_AGAIN_MS = { reconnect_required: HOUR, paused: 5 * MINUTE, limit_reached: MINUTE };

/** The first look of all: whatever makes the release may have come between the look at the server and this hold, and found nothing to release. */
const FIRST_LOOK_MS = MINUTE;

interface Hold {
  readonly because: HeldBecause;
  readonly problem: string;
  readonly smtp?: SmtpReply | null;
  /** When there will be room, where that is known. */
  readonly untilMs?: number;
}

const NOTES: Readonly<Record<HeldBecause, TimelineNote>> = {
  reconnect_required: timelineNote("server_cannot_send"),
  paused: timelineNote("sending_paused"),
  limit_reached: timelineNote("limit_reached"),
};

const noteOf = ({ because, untilMs }: Hold): TimelineNote =>
  because === "limit_reached" && untilMs !== undefined
    ? timelineNote("limit_reached_until", { until: isoTime(untilMs) })
    : NOTES[because];

/**
 * When a message is due whose room opens at `roomAtMs`: a minute early, so that the tick before it has its server in view and lets it go in time
 * (`release-limited.ts`). Due at that very time, it would be missed by a tick that comes a moment before, and wait for the next.
 */
export const dueForRoomMs = (clock: Pick<Clock, "nowMs" | "lasting">, roomAtMs: number): number =>
  Math.max(clock.nowMs(), roomAtMs - clock.lasting(MINUTE));

export const holdAgainAtMs = (clock: Pick<Clock, "nowMs" | "lasting">, because: HeldBecause): number =>
  clock.nowMs() + clock.lasting(LOOK_AGAIN_MS[because]);

/** The message set aside, with an entry among the attempts that says why. Pure. */
export const held = (
  clock: Pick<Clock, "nowMs" | "lasting">,
  message: MessageIn<StatusBefore<"held">>,
  hold: Hold,
): MessageIn<"held"> => {
  const nowMs = clock.nowMs();
  const dueAtMs = hold.untilMs === undefined ? nowMs + clock.lasting(FIRST_LOOK_MS) : dueForRoomMs(clock, hold.untilMs);
  return moveTo(
    message,
    { status: "held", because: hold.because, dueAtMs, sinceMs: nowMs },
    {
      nowMs,
      note: noteOf(hold),
      attempt: { atMs: nowMs, outcome: "held", smtp: hold.smtp ?? null, problem: hold.problem },
    },
  );
};
