import { SECOND } from "../domain/clock.ts";

/**
 * One Ctrl-C arrives several times: the terminal (and most supervisors) signal the whole process group, and npm hands the signal on once
 * more. What comes within this time of the first is its echo; what comes later is somebody who does not want to wait.
 */
const ECHO_MS = 2 * SECOND;

export const ENDING_SIGNALS = ["SIGINT", "SIGTERM"] as const;
export type EndingSignal = (typeof ENDING_SIGNALS)[number];

/** The exit status of a program that a signal ended, as shells show it: 128 and the signal's number. */
const STATUS: Readonly<Record<EndingSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

export interface Ends {
  /** Milliseconds of a clock that is never set back. */
  readonly nowMs: () => number;
  /** Ends in order; called once. */
  readonly inOrder: () => void;
  /** Ends at once with this exit status, whatever is under way. */
  readonly atOnce: (status: number) => void;
}

/** What to do at each signal. */
export const onEndingSignal = ({ nowMs, inOrder, atOnce }: Ends): ((signal: EndingSignal) => void) => {
  let firstAtMs: number | null = null;
  return (signal) => {
    if (firstAtMs === null) {
      firstAtMs = nowMs();
      inOrder();
    } else if (nowMs() - firstAtMs > ECHO_MS) {
      atOnce(STATUS[signal]);
    }
  };
};
