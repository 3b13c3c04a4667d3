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
  /** Ends at once with this exit status, whatever is in progress. */
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

/** Ends this program on a signal: as `gracefully` does, or at once on a later signal. */
export const endOnSignals = (gracefully: () => void): void => {
  const onSignal = endingSignalHandler({
    nowMs: () => performance.now(),
    gracefully,
    immediately: (status) => process.exit(status),
  });
  for (const signal of ENDING_SIGNALS) process.on(signal, onSignal);
  // Ctrl-C ends the reader of a pipe (`npm start | tee log`) first, and a failed log must not interrupt what is in
  // progress.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined);
};
