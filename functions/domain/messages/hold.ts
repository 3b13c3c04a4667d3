import { type Clock, HOUR, isoTime, MINUTE } from "../clock.ts";
import type { HeldBecause, Message } from "./message.ts";
import { moveTo } from "./moves.ts";

/**
 * How soon `dispatch-due` looks whether a held message may go: the release itself comes with the event that makes it possible (a reconnect, an
 * operator's "resume"); this is only for the case that the event was lost. Nominal.
 */
const LOOK_AGAIN_MS = { reconnect_required: HOUR, paused: 5 * MINUTE, limit_reached: MINUTE };

/** The first look of all: whatever makes the release may have come between the look at the server and this hold, and found nothing to release. */
const FIRST_LOOK_MS = MINUTE;

const NOTES: Readonly<Record<HeldBecause, string>> = {
  reconnect_required: "the mail server cannot send",
  paused: "sending is paused",
  limit_reached: "the limit of the mail server is reached",
};

/**
 * When a message is due whose room opens at `roomAtMs`: a minute early, so that the tick before it has its server in view and lets it go in time
 * (`release-limited.ts`). Due at that very time, it would be missed by a tick that comes a moment before, and wait for the next.
 */
export const dueForRoomMs = (clock: Pick<Clock, "nowMs" | "lasting">, roomAtMs: number): number =>
  Math.max(clock.nowMs(), roomAtMs - clock.lasting(MINUTE));

export const holdAgainAtMs = (clock: Pick<Clock, "nowMs" | "lasting">, because: HeldBecause): number =>
  clock.nowMs() + clock.lasting(LOOK_AGAIN_MS[because]);

/** The message set aside, with an entry among the attempts that says why. `untilMs`: when there will be room, where that is known. Pure. */
export const held = (
  clock: Pick<Clock, "nowMs" | "lasting">,
  message: Message,
  hold: { readonly because: HeldBecause; readonly problem: string; readonly untilMs?: number },
): Message => {
  const nowMs = clock.nowMs();
  const dueAtMs = hold.untilMs === undefined ? nowMs + clock.lasting(FIRST_LOOK_MS) : dueForRoomMs(clock, hold.untilMs);
  const until = hold.untilMs === undefined ? "" : ` until ${isoTime(hold.untilMs)}`;
  return moveTo(
    message,
    { status: "held", because: hold.because, dueAtMs, sinceMs: nowMs },
    {
      nowMs,
      note: `${NOTES[hold.because]}${until}`,
      attempt: { atMs: nowMs, outcome: "held", smtp: null, problem: hold.problem },
    },
  );
};
