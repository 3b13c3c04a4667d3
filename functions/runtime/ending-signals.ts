import { SECOND } from "../domain/clock.ts";

/**
 * One Ctrl-C arrives several times: the terminal (like most supervisors) signals the whole process group, and npm
 * passes the signal on again. Within this time of the first, a signal is an echo; later, it means that someone will not
 * wait.
 */
const ECHO_MS = 2 * SECOND;

export const ENDING_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** The exit status that shells show for a program ended by a signal: 128 plus the signal's number. */
const STATUS: Readonly<Record<EndingSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface EndingActions {
  /** Milliseconds of a monotonic clock. */
  readonly nowMs: () => number;
  /** Called once, to end after the work in progress. */
  readonly gracefully: () => void;
  /** EndingActions at once with this exit status, whatever is in progress. */
  readonly immediately: (status: number) => void;
}

/** Returns the handler of the ending signals. */
export const endingSignalHandler = ({
  nowMs,
  gracefully,
  immediately,
}: EndingActions): ((signal: EndingSignal) => void) => {
  let firstAtMs: number | null = null;
  return (signal) => {
    if (firstAtMs === null) {
      firstAtMs = nowMs();
      gracefully();
    } else if (nowMs() - firstAtMs > ECHO_MS) {
      immediately(STATUS[signal]);
    }
  };
};
