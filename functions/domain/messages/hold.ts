import { type Clock, HOUR, isoTime, MINUTE } from "../clock.ts";
import type { SmtpReply } from "../google/replies.ts";
import type { HeldBecause } from "./message.ts";
import { moveTo } from "./moves.ts";
import type { MessageIn, StatusBefore } from "./statuses.ts";
import { type TimelineNote, timelineNote } from "./timeline-notes.ts";

/**
 * How soon `dispatch-due` checks a held message again, in case the event that should release it (a reconnect, an
 * operator's "resume") was lost. Nominal.
 */
const LOOK_AGAIN_MS = { reconnect_required: HOUR, paused: 5 * MINUTE, limit_reached: MINUTE };

/** The first check comes soon, because the hold may have ended between our read of the server and this write. */
const FIRST_LOOK_MS = MINUTE;

interface Hold {
  readonly because: HeldBecause;
  readonly problem: string;
  readonly smtp?: SmtpReply | null;
  /** When there will be room, if that is known. */
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
 * Makes a message due a minute before its room opens at `roomAtMs`, so that the tick before releases it in time
 * (`release-limited.ts`). Otherwise a tick that comes a moment too early would miss it.
 */
export const dueForRoomMs = (clock: Pick<Clock, "nowMs" | "lasting">, roomAtMs: number): number =>
  Math.max(clock.nowMs(), roomAtMs - clock.lasting(MINUTE));

export const holdAgainAtMs = (clock: Pick<Clock, "nowMs" | "lasting">, because: HeldBecause): number =>
  clock.nowMs() + clock.lasting(LOOK_AGAIN_MS[because]);

/** Holds a message, with an entry among its attempts that says why. Pure. */
export const hold = (
  clock: Pick<Clock, "nowMs" | "lasting">,
  message: MessageIn<StatusBefore<"held">>,
  cause: Hold,
): MessageIn<"held"> => {
  const nowMs = clock.nowMs();
  const { untilMs } = cause;
  const dueAtMs = untilMs === undefined ? nowMs + clock.lasting(FIRST_LOOK_MS) : dueForRoomMs(clock, untilMs);
  return moveTo(
    message,
    { status: "held", because: cause.because, dueAtMs, sinceMs: nowMs },
    {
      nowMs,
      note: noteOf(cause),
      attempt: { atMs: nowMs, outcome: "held", smtp: cause.smtp ?? null, problem: cause.problem },
    },
  );
};
